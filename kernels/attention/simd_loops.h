#pragma once

#include "kernels/attention/simd_plan.h"

namespace crossover::kernels::attention {

/// Some rows (Plan) of one key-value head.
struct RowBlock {
  Index element = 0;  // of the batch
  Index kv_head = 0;
  Range rows;
};

/// Writes the result of some rows, at most plan.rows, by tiles. `workspace` has thread_elements().
void attend_tiled(const Plan& plan, const Args& args, const RowBlock& block, float* workspace);

/// What is known of the rows of a block after some keys: out is not divided by its sum yet.
struct PartialRows {
  float* largest;     // [rows]
  float* sums;        // [rows]
  float* const* out;  // [rows] pointers to [head_dim]
};

/// The same, by dot products, for few rows and the keys of a part.
void attend_streamed(const Plan& plan, const Args& args, const RowBlock& block, Range keys,
                     const PartialRows& result, float* workspace);

/// Divides rows by their sums; rows without a weight become 0.
void divide_rows(const Plan& plan, const PartialRows& rows, Index count, Index head_dim);

/// Keys that some or all of the rows see.
struct SeenKeys {
  Range by_any;
  Range by_all;  // within by_any; may be empty
};
SeenKeys seen_keys(const Args& args, Range rows);

inline Index group_of(const Args& args) { return args.heads / args.kv_heads; }

/// Where the results of rows stand.
inline float* out_row(const Args& args, const RowBlock& block, Index row) {
  const Index group = group_of(args);
  return args.o.row(block.element, row / group) +
         (block.kv_head * group + row % group) * args.head_dim;
}

inline const float* query_row(const Args& args, const RowBlock& block, Index row) {
  const Index group = group_of(args);
  return args.q.row(block.element, row / group) +
         (block.kv_head * group + row % group) * args.head_dim;
}

}  // namespace crossover::kernels::attention
