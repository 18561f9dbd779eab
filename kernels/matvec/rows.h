#pragma once

#include "kernels/matvec/matvec.h"

namespace crossover::kernels::matvec {

/// Some rows of a product, or the same part of each: what one loop works on.
struct Rows {
  const float* a = nullptr;  // [m,n], stride apart
  Index stride = 0;
  const float* x = nullptr;  // [n]
  Index m = 0;
  Index n = 0;
  float* y = nullptr;  // [m]
};

/// A variant's loop over rows.
using MultiplyRows = void (*)(const Rows&);

/// The rows [first, first + count) and of each the columns [begin, end) of a product.
inline Rows part_of(const Args& args, Index first, Index count, Index begin, Index end, float* y) {
  return {args.a.data + first * args.a.row_stride + begin,
          args.a.row_stride,
          args.x.data() + begin,
          count,
          end - begin,
          y};
}

inline Rows all_rows(const Args& args) {
  return part_of(args, 0, args.a.rows, 0, args.a.cols, args.y.data());
}

}  // namespace crossover::kernels::matvec
