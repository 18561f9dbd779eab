#include "model/transformer/text_queue.h"

#include <algorithm>
#include <numeric>

#include "kernels/core/partition.h"

namespace crossover::model {
namespace {

std::uint64_t packed(std::uint64_t begin, std::uint64_t end) { return begin << 32 | end; }
std::uint64_t begin_of(std::uint64_t left) { return left >> 32; }
std::uint64_t end_of(std::uint64_t left) { return left & 0xffffffffU; }

}  // namespace

TextQueue::TextQueue(Schedule schedule, std::span<const kernels::Index> lengths, int teams)
    : schedule_(schedule),
      teams_(static_cast<std::size_t>(teams)),
      order_(lengths.size()),
      shares_(std::make_unique<Share[]>(teams_)) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (schedule == Schedule::dynamic) {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  }
  restart();
}

void TextQueue::restart() {
  taken_ = 0;
  for (std::size_t team = 0; team < teams_; ++team) {
    const kernels::Range own =
        kernels::share(static_cast<kernels::Index>(order_.size()),
                       static_cast<kernels::Index>(teams_), static_cast<kernels::Index>(team));
    shares_[team].left =
        packed(static_cast<std::uint64_t>(own.begin), static_cast<std::uint64_t>(own.end));
  }
}

std::optional<std::size_t> TextQueue::next(int team) {
  if (schedule_ == Schedule::dynamic) {
    const std::size_t place = taken_.fetch_add(1, std::memory_order_relaxed);
    return place < order_.size() ? std::optional(order_[place]) : std::nullopt;
  }
  const auto own = static_cast<std::size_t>(team);
  if (const auto text = take_first(shares_[own])) return text;
  if (schedule_ == Schedule::fixed) return std::nullopt;
  for (std::size_t step = 1; step < teams_; ++step) {
    if (const auto text = take_last(shares_[(own + step) % teams_])) return text;
  }
  return std::nullopt;
}

std::optional<std::size_t> TextQueue::take_first(Share& share) {
  std::uint64_t left = share.left.load(std::memory_order_relaxed);
  while (begin_of(left) < end_of(left)) {
    if (share.left.compare_exchange_weak(left, packed(begin_of(left) + 1, end_of(left)))) {
      return order_[begin_of(left)];
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> TextQueue::take_last(Share& share) {
  std::uint64_t left = share.left.load(std::memory_order_relaxed);
  while (begin_of(left) < end_of(left)) {
    if (share.left.compare_exchange_weak(left, packed(begin_of(left), end_of(left) - 1))) {
      return order_[end_of(left) - 1];
    }
  }
  return std::nullopt;
}

}  // namespace crossover::model
