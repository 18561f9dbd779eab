#pragma once

#include <cstdint>
#include <optional>

namespace crossover::harness {

struct AllocationCounts {
  std::uint64_t allocations = 0;
  std::uint64_t bytes = 0;
};

/// Counts calls of malloc and its relatives on all threads between construction and counts(), by
/// interposing the C library's symbols; libraries loaded later are covered too. Counts nothing, and
/// answers null, under a sanitizer that brings its own allocator.
class AllocationCounting {
 public:
  AllocationCounting();
  ~AllocationCounting();
  std::optional<AllocationCounts> counts() const;
};

}  // namespace crossover::harness
