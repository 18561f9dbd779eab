#pragma once

#include "kernels/dot/dot.h"

namespace crossover::kernels::dot {

/// Some pairs of a call, or the same part of each: what one loop works on.
struct Pairs {
  const float* x = nullptr;  // [pairs,n], x_stride apart
  Index x_stride = 0;
  const float* y = nullptr;  // [pairs,n], y_stride apart
  Index y_stride = 0;
  Index pairs = 0;
  Index n = 0;
  float* result = nullptr;  // [pairs]
};

/// A variant's loop over pairs.
using MultiplyPairs = void (*)(const Pairs&);

/// The pairs [first, first + count) and of each the elements [begin, end) of a call.
inline Pairs part_of(const Args& args, Index first, Index count, Index begin, Index end,
                     float* result) {
  return {args.x.data + first * args.x.row_stride + begin,
          args.x.row_stride,
          args.y.data + first * args.y.row_stride + begin,
          args.y.row_stride,
          count,
          end - begin,
          result};
}

inline Pairs all_pairs(const Args& args) {
  return part_of(args, 0, args.x.rows, 0, args.x.cols, args.result.data());
}

}  // namespace crossover::kernels::dot
