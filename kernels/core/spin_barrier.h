#pragma once

#include <atomic>
#include <sched.h>

namespace crossover::kernels {

/// Lets the threads of a small team wait for each other inside a parallel region, which costs a
/// fraction of ending the region and entering another one. Waiting threads spin, and yield now and
/// then, so that a team of more threads than cores makes progress, too.
class SpinBarrier {
 public:
  /// For `members` threads, all of which must arrive each time.
  explicit SpinBarrier(int members) : members_(members) {}

  void arrive_and_wait() {
    if (members_ <= 1) return;
    const unsigned turn = turn_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    constexpr int spins_before_yielding = 4096;
    for (int spins = 0; turn_.load(std::memory_order_acquire) == turn; ++spins) {
      if (spins >= spins_before_yielding) sched_yield();
    }
  }

 private:
  alignas(64) std::atomic<int> arrived_ = 0;
  const int members_;
  alignas(64) std::atomic<unsigned> turn_ = 0;
};

}  // namespace crossover::kernels
