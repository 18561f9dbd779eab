#pragma once

#include <atomic>
#include <sched.h>
#include <type_traits>

namespace crossover::kernels {

/// Threads that stay together and run one piece of work after the other without a parallel region
/// for each: the members spin while their leader is elsewhere. Several teams may work side by side
/// inside one region, which nested regions could only do by creating threads every time.
///
/// The leader calls run() any number of times and then dismiss(); the other members, numbered from
/// 1, call serve() once. Waiting threads yield now and then, so that more threads than cores make
/// progress, too. Cost: two hand-overs of a cache line per run(), 0.1 to 0.3 us.
class ThreadTeam {
 public:
  explicit ThreadTeam(int members) : members_(members) {}
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  /// Calls body(member, members) on all members and waits for them.
  template <class Body>
  void run(Body&& body) {
    using Type = std::remove_reference_t<Body>;
    call_ = [](void* work, int member, int members) {
      (*static_cast<Type*>(work))(member, members);
    };
    work_ = const_cast<void*>(static_cast<const void*>(&body));
    arrived_.store(1, std::memory_order_relaxed);
    turn_.fetch_add(1, std::memory_order_release);
    body(0, members_);
    wait_until([&] { return arrived_.load(std::memory_order_acquire) == members_; });
  }

  /// Lets the members return. The team can be used again afterwards.
  void dismiss() {
    call_ = nullptr;
    arrived_.store(1, std::memory_order_relaxed);
    turn_.fetch_add(1, std::memory_order_release);
    wait_until([&] { return arrived_.load(std::memory_order_acquire) == members_; });
    first_turn_ = turn_.load(std::memory_order_relaxed);
  }

  /// Takes part in every run(), also in those that began before, until dismiss().
  void serve(int member) {
    for (unsigned seen = first_turn_;; ++seen) {
      wait_until([&] { return turn_.load(std::memory_order_acquire) != seen; });
      const bool dismissed = call_ == nullptr;
      if (!dismissed) call_(work_, member, members_);
      arrived_.fetch_add(1, std::memory_order_acq_rel);
      if (dismissed) return;
    }
  }

 private:
  template <class Condition>
  static void wait_until(const Condition& condition) {
    constexpr int spins_before_yielding = 4096;
    for (int spins = 0; !condition(); ++spins) {
      if (spins >= spins_before_yielding) sched_yield();
    }
  }

  const int members_;
  void (*call_)(void* work, int member, int members) = nullptr;
  void* work_ = nullptr;
  unsigned first_turn_ = 0;  // of the members that come after a dismissal
  alignas(64) std::atomic<unsigned> turn_ = 0;
  alignas(64) std::atomic<int> arrived_ = 1;  // the leader counts as soon as it has published
};

}  // namespace crossover::kernels
