#include "harness/worker/allocation_counter.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CROSSOVER_COUNTS_ALLOCATIONS 0
#else
#define CROSSOVER_COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> bytes{0};

[[maybe_unused]] void note(std::size_t size) {
  if (!counting.load(std::memory_order_relaxed)) return;
  allocations.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
}

}  // namespace

#if CROSSOVER_COUNTS_ALLOCATIONS

// glibc documents replacing malloc by defining its whole set of functions in the executable ("The
// GNU C Library", section 3.2.4, "Replacing malloc"); these forward to glibc's own.
// NOLINTBEGIN(bugprone-reserved-identifier): the C library's own names
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* pointer, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* pointer);
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t size) {
  note(size);
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  note(count * size);
  return __libc_calloc(count, size);
}

void* realloc(void* pointer, std::size_t size) {
  note(size);
  return __libc_realloc(pointer, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  void* pointer = memalign(alignment, size);
  if (pointer == nullptr) return ENOMEM;
  *result = pointer;
  return 0;
}

void free(void* pointer) { __libc_free(pointer); }
}

#endif

namespace crossover::harness {

AllocationCounting::AllocationCounting() {
  allocations = 0;
  bytes = 0;
  counting = true;
}

AllocationCounting::~AllocationCounting() { counting = false; }

std::optional<AllocationCounts> AllocationCounting::counts() const {
  if (CROSSOVER_COUNTS_ALLOCATIONS == 0) return std::nullopt;
  return AllocationCounts{allocations, bytes};
}

}  // namespace crossover::harness
