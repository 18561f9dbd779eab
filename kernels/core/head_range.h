#pragma once

#include <algorithm>

#include "kernels/core/partition.h"

namespace crossover::kernels {

/// The heads of all rows are counted through, row by row, so that a share of them may begin and end
/// inside a row. Calls visit(row, Range of heads) for each row that `share_of_heads` touches.
template <class Visit>
void for_each_row(Range share_of_heads, Index heads_per_row, const Visit& visit) {
  if (share_of_heads.size() <= 0) return;
  Index row = share_of_heads.begin / heads_per_row;
  Range heads = {share_of_heads.begin % heads_per_row, heads_per_row};
  for (Index left = share_of_heads.size(); left > 0; ++row) {
    heads.end = std::min(heads_per_row, heads.begin + left);
    visit(row, heads);
    left -= heads.size();
    heads.begin = 0;
  }
}

}  // namespace crossover::kernels
