#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/worker/worker.h"

namespace crossover::harness {

/// Where and in which environment an arm's worker runs; the same in every launch.
struct Placement {
  std::vector<int> cpus;     // the process may run on these only; empty: no restriction
  bool pin_threads = false;  // and each of its threads on one of them, in this order
  std::vector<std::pair<std::string, std::string>> environment;  // the whole of it
  std::string program{};  // instead of that of the host's command; empty: the host's
};

class WorkerProcess;

/// Starts workers as fresh processes: `command` followed by the number of the socket's descriptor.
/// A worker is stopped (SIGSTOP, confirmed) whenever it is not its turn. The kernel ends it as soon
/// as the thread that called start() ends, however that happens: that must be the thread that lives
/// as long as its workers.
class ProcessHost : public WorkerHost {
 public:
  using Place = std::function<Placement(const Arm&)>;

  ProcessHost(std::vector<std::string> command, Place place);

  std::unique_ptr<Worker> start(const Arm& arm) override;
  Isolation isolation() const override { return isolation_; }

  /// The protocol that the arm's program speaks (worker_main.h). Throws WorkerFailure where it is
  /// no worker at all or does not answer in time, and Interrupted.
  int protocol(const Arm& arm, double timeout_seconds);

 private:
  friend class WorkerProcess;

  std::vector<std::string> command_;
  Place place_;
  Isolation isolation_;
  std::set<WorkerProcess*> live_;
};

}  // namespace crossover::harness
