#include "kernels/core/execution_counters.h"

#include <atomic>
#include <mutex>

namespace crossover::kernels {
namespace {

constexpr std::size_t cache_line = 64;

// One per thread, on a cache line of its own, so that counting never makes cores exchange lines.
// Lives in thread-local storage: counting must not allocate, because allocations are counted too.
struct alignas(cache_line) ThreadSlot {
  std::atomic<std::uint64_t> tasks = 0;  // written by its thread alone, read by any
  bool listed = false;
  ThreadSlot* next = nullptr;
  ThreadSlot* previous = nullptr;

  ~ThreadSlot();
};

// The slots of living threads, and what ended threads left behind. Never destroyed: pool threads
// of OpenMP may outlive static destructors.
struct Registry {
  std::mutex mutex;
  ThreadSlot* slots = nullptr;
  std::uint64_t ended_tasks = 0;
  std::uint64_t ended_threads = 0;
};

constinit Registry registry;
constinit thread_local ThreadSlot slot;
alignas(cache_line) constinit std::atomic<std::uint64_t> parallel_regions = 0;
constinit std::atomic<std::uint64_t> threads_started = 0;

void list_slot() {
  const std::lock_guard lock(registry.mutex);
  slot.next = registry.slots;
  if (slot.next) slot.next->previous = &slot;
  registry.slots = &slot;
  slot.listed = true;
}

ThreadSlot::~ThreadSlot() {
  if (!listed) return;
  const std::lock_guard lock(registry.mutex);
  const std::uint64_t count = tasks.load(std::memory_order_relaxed);
  registry.ended_tasks += count;
  registry.ended_threads += count > 0;
  if (next) next->previous = previous;
  (previous ? previous->next : registry.slots) = next;
}

}  // namespace

void count_region() { parallel_regions.fetch_add(1, std::memory_order_relaxed); }

void count_thread_start() { threads_started.fetch_add(1, std::memory_order_relaxed); }

void count_task() {
  if (!slot.listed) list_slot();
  slot.tasks.store(slot.tasks.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void reset_execution_counters() {
  const std::lock_guard lock(registry.mutex);
  for (ThreadSlot* s = registry.slots; s; s = s->next) s->tasks.store(0, std::memory_order_relaxed);
  registry.ended_tasks = 0;
  registry.ended_threads = 0;
  parallel_regions.store(0, std::memory_order_relaxed);
  threads_started.store(0, std::memory_order_relaxed);
}

ExecutionCounters read_execution_counters() {
  const std::lock_guard lock(registry.mutex);
  ExecutionCounters counters{parallel_regions.load(std::memory_order_relaxed), registry.ended_tasks,
                             registry.ended_threads,
                             threads_started.load(std::memory_order_relaxed)};
  for (const ThreadSlot* s = registry.slots; s; s = s->next) {
    const std::uint64_t tasks = s->tasks.load(std::memory_order_relaxed);
    counters.tasks += tasks;
    counters.threads_used += tasks > 0;
  }
  return counters;
}

}  // namespace crossover::kernels
