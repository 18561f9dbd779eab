#pragma once

#include "kernels/attention/simd_plan.h"

namespace crossover::kernels::attention {

/// Some rows (Plan) of one key-value head.
struct RowBlock {
  Index element = 0;  // of the batch
  Index kv_head = 0;
  Range rows;
};

/// The keys and values of one head, [key_len, head_dim] each: where they lie, or a copy.
struct HeadKeys {
  const float* keys = nullptr;
  Index key_stride = 0;
  const float* values = nullptr;
  Index value_stride = 0;
};

/// Those of a block where they lie.
HeadKeys keys_in_place(const Args& args, const RowBlock& block);

/// Whether rows of keys or values lie so far apart, by powers of two, that they fall into few sets
/// of a cache.
bool rows_collide(const Args& args);

/// A copy in which they do not, of copied_key_elements() at `to`.
HeadKeys copy_keys(const Args& args, const RowBlock& block, float* to);

/// Writes the result of some rows, at most plan.rows, by tiles. `workspace` has thread_elements().
void attend_tiled(const Plan& plan, const Args& args, const RowBlock& block, const HeadKeys& keys,
                  float* workspace);

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
