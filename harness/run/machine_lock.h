#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>

namespace crossover::harness {

/// Another run measures on this machine; the message says which, since when, and what to do.
class MachineBusy : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Who holds the lock, as that process wrote it down.
struct LockHolder {
  pid_t process = 0;
  std::string since;                 // UTC, "2026-01-31T12:00:00Z"
  std::string command;               // "crossover run quickstart"
  std::optional<std::string> place;  // its run directory, once there is one

  /// "process 4711 since 2026-01-31T12:00:00Z (crossover run quickstart), writing results/..."
  std::string text() const;
};

/// The right to measure on this machine: two runs at once would spoil each other. Held by at most
/// one process of all users, until this object or its process ends, however it ends: it is a flock
/// on a file that stays.
class MachineLock {
 public:
  struct Request {
    std::filesystem::path file;  // see lock_file()
    std::string command;         // for those who are refused
    bool wait = false;           // for the holder to end, instead of throwing MachineBusy
    /// Called once before the wait, with the holder where that is known.
    std::function<void(const std::string& holder)> on_wait = [](const std::string&) {};
  };

  /// Errors: MachineBusy; Interrupted (worker.h) while it waits; StorageError where the file cannot
  /// be opened. Cost: one look per second while it waits.
  explicit MachineLock(const Request& request);
  ~MachineLock();
  MachineLock(const MachineLock&) = delete;
  MachineLock& operator=(const MachineLock&) = delete;

  /// Tells those who are refused where this run writes.
  void set_place(const std::string& run_directory);

 private:
  void write_holder() const;

  int descriptor_ = -1;
  LockHolder holder_;
};

/// The file whose lock all runs on this machine agree on: the environment variable
/// CROSSOVER_LOCK_FILE where it is set, else crossover.lock in /run/lock where this user can use
/// it, else in /tmp.
std::filesystem::path lock_file();

}  // namespace crossover::harness
