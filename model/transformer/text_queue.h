#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/core/matrix.h"

namespace crossover::model {

/// Who computes which text of a batch.
enum class Schedule {
  fixed,     // equal numbers of texts, in the order of the batch
  dynamic,   // the longest text that is left, one by one
  stealing,  // as fixed, and who is done takes the last text of another one's share
};

/// Deals the texts of one batch to teams, each to exactly one of them.
class TextQueue {
 public:
  TextQueue(Schedule schedule, std::span<const kernels::Index> lengths, int teams);

  /// All texts are left again. While no team takes any.
  void restart();

  /// The next text for a team, or nothing where none is left for it. Lock-free; allocates nothing.
  std::optional<std::size_t> next(int team);

 private:
  /// The texts of a share that are left, [begin, end) in one word, so that owner and thieves agree.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> left{0};
  };

  std::optional<std::size_t> take_first(Share& share);
  std::optional<std::size_t> take_last(Share& share);

  Schedule schedule_;
  std::size_t teams_;
  std::vector<std::size_t> order_;
  std::unique_ptr<Share[]> shares_;
  alignas(64) std::atomic<std::size_t> taken_ = 0;
};

}  // namespace crossover::model
