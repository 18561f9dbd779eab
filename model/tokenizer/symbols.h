#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/core/token_ids.h"

namespace crossover::model {

/// A stretch of text between two borders, linked to its living neighbours. -1 is none.
struct Symbol {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;  // 0: became part of its left neighbour
  std::int32_t previous = -1;
  std::int32_t next = -1;
  std::int32_t id = -1;  // of the token that it is, or -1
};

/// Two neighbours that are a token together.
struct Merge {
  float priority = 0;
  std::int32_t left = 0;  // a symbol's place; of equal priorities the leftmost is merged first
  std::int32_t right = 0;
  std::uint32_t length = 0;  // of both; else one of them has changed since
  std::int32_t id = -1;

  bool operator<(const Merge& other) const {
    return priority != other.priority ? priority < other.priority : left > other.left;
  }
};

/// Joins neighbours, the best first, until no two of them are a token. `find(symbols, left, right)`
/// gives an optional Merge. The heap is memory to work in, and is empty before and after.
/// Cost: symbols * log(symbols).
template <class Find>
void merge_symbols(std::vector<Symbol>& symbols, std::vector<Merge>& heap, const Find& find) {
  const auto offer = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return;
    if (const auto merge = find(symbols[static_cast<std::size_t>(left)],
                                symbols[static_cast<std::size_t>(right)])) {
      heap.push_back(*merge);
      heap.back().left = left;
      heap.back().right = right;
      std::push_heap(heap.begin(), heap.end());
    }
  };
  for (std::size_t i = 1; i < symbols.size(); ++i) {
    offer(static_cast<std::int32_t>(i) - 1, static_cast<std::int32_t>(i));
  }
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Merge best = heap.back();
    heap.pop_back();
    Symbol& left = symbols[static_cast<std::size_t>(best.left)];
    Symbol& right = symbols[static_cast<std::size_t>(best.right)];
    if (left.length == 0 || right.length == 0 || left.length + right.length != best.length) {
      continue;
    }
    left.length += right.length;
    left.id = best.id;
    right.length = 0;
    left.next = right.next;
    if (right.next >= 0) symbols[static_cast<std::size_t>(right.next)].previous = best.left;
    offer(left.previous, best.left);
    offer(best.left, left.next);
  }
}

}  // namespace crossover::model
