#pragma once

#include "kernels/core/head_range.h"
#include "kernels/core/scalar_rotation.h"
#include "kernels/rope/variants.h"

namespace crossover::kernels::rope {

/// Turns a share of the heads of all rows (core/head_range.h) by scalar loops. Requires heads > 0.
inline void rotate_share(const Args& args, const RopeTable& table, Range share_of_heads) {
  const Index head_dim = head_dim_of(args);
  for_each_row(share_of_heads, args.heads, [&](Index row, Range heads) {
    const Index position = args.positions.of(row);
    const float* cosines = table.cosines(position);
    const float* sines = table.sines(position);
    for (Index head = heads.begin; head < heads.end; ++head) {
      const Index offset = head * head_dim;
      rotate_head(args.rotation, cosines, sines, head_dim, args.x.row(0, row) + offset,
                  args.y.row(0, row) + offset);
    }
  });
}

}  // namespace crossover::kernels::rope
