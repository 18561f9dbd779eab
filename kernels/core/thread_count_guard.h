#pragma once

#include <string_view>

namespace crossover::kernels {

/// Keeps a vendor library's thread count for as long as something is prepared with it, and restores
/// the one before.
class ThreadCountGuard {
 public:
  ThreadCountGuard(void (*set_threads)(int), int (*threads)(), int wanted)
      : set_threads_(set_threads), threads_(threads), previous_(threads()) {
    if (previous_ != wanted) set_threads_(wanted);
  }
  ~ThreadCountGuard() {
    if (threads_() != previous_) set_threads_(previous_);
  }
  ThreadCountGuard(const ThreadCountGuard&) = delete;
  ThreadCountGuard& operator=(const ThreadCountGuard&) = delete;

 private:
  void (*set_threads_)(int);
  int (*threads_)();
  int previous_;
};

/// Throws std::runtime_error where the library `name` grants another number of threads than asked.
void require_threads(std::string_view name, int granted, int asked);

}  // namespace crossover::kernels
