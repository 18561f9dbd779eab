#pragma once

#include <optional>
#include <sched.h>
#include <vector>

#include "harness/worker/worker_process.h"

namespace crossover::harness {

/// Binds every thread that this process has now to one CPU, in turn: the main thread to the first,
/// the others in the order of their ids to the next ones, round and round. Whoever started a thread
/// (OpenMP, a vendor's pool) it gets the same place in every launch. Does nothing without CPUs.
void pin_threads(const std::vector<int>& cpus);

/// The CPUs of `allowed` that no arm occupies, in the same order: none where an arm may run on all
/// of them.
std::vector<int> spare_cpus(const std::vector<int>& allowed,
                            const std::vector<Placement>& placements);

/// Keeps the calling thread on these CPUs as long as it lives, then gives it back those that it had
/// before. Does nothing without CPUs. What the thread starts meanwhile inherits them, unless it
/// sets its own as a worker does.
class OwnAffinity {
 public:
  explicit OwnAffinity(const std::vector<int>& cpus);
  ~OwnAffinity();
  OwnAffinity(const OwnAffinity&) = delete;
  OwnAffinity& operator=(const OwnAffinity&) = delete;

 private:
  std::optional<cpu_set_t> before_;  // null where nothing was changed
};

}  // namespace crossover::harness
