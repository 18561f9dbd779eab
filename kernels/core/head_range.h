#pragma once

#include <algorithm>

#include "kernels/core/partition.h"

namespace crossover::kernels {

/// The heads of all rows are counted through, row by row, so that a share of them may begin and end
/// inside a row. Calls visit(row, Range of heads) for each row that `share_of_heads` touches.
template <class Visit>
void for_each_row(Range share_of_heads, Index heads_per_row, const Visit& visit) {
  while (share_of_heads.size() > 0) {
    const Index row = share_of_heads.begin / heads_per_row;
    const Index first = share_of_heads.begin % heads_per_row;
    const Index count = std::min(heads_per_row - first, share_of_heads.size());
    visit(row, Range{first, first + count});
    share_of_heads.begin += count;
  }
}

}  // namespace crossover::kernels
