#include "kernels/matmul/simd_packing.h"

#include <algorithm>
#include <array>

#include "kernels/core/partition.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/simd_packing.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matmul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

HWY_INLINE void copy_row(const float* from, Index cols, float* to) {
  Index j = 0;
  for (; j + lanes <= cols; j += lanes) hn::StoreU(hn::LoadU(tag, from + j), tag, to + j);
  if (j < cols)
    std::fill(std::copy(from + j, from + cols, to + j), to + round_up(cols, lanes), 0.0F);
}

// Some rows at a time through all panels: reads a few long runs, and writes longer ones than a row.
void pack_b(const float* b, Index b_stride, Index depth, Index cols, Index width, float* packed) {
  constexpr Index rows_at_a_time = 8;
  for (Index p0 = 0; p0 < depth; p0 += rows_at_a_time) {
    const Index p_end = std::min(p0 + rows_at_a_time, depth);
    for (Index col = 0; col < cols; col += width) {
      const Index filled = std::min(width, cols - col);
      float* panel = packed + col * depth;
      for (Index p = p0; p < p_end; ++p) {
        copy_row(b + p * b_stride + col, filled, panel + p * width);
      }
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// Stores each group of 4 lanes, `stride` apart.
HWY_INLINE void store_blocks(Vector value, float* to, Index stride) {
#if HWY_TARGET == HWY_AVX3
  _mm_storeu_ps(to, _mm512_castps512_ps128(value.raw));
  _mm_storeu_ps(to + stride, _mm512_extractf32x4_ps(value.raw, 1));
  _mm_storeu_ps(to + 2 * stride, _mm512_extractf32x4_ps(value.raw, 2));
  _mm_storeu_ps(to + 3 * stride, _mm512_extractf32x4_ps(value.raw, 3));
#else
  const hn::FixedTag<float, 4> four;
  alignas(64) std::array<float, lanes> blocks;
  hn::Store(value, tag, blocks.data());
  for (Index i = 0; i < lanes / 4; ++i) {
    hn::StoreU(hn::Load(four, blocks.data() + 4 * i), four, to + i * stride);
  }
#endif
}

// Transposes 4 rows x lanes: each group of 4 lanes becomes 4 runs of 4 elements, `stride` apart.
HWY_INLINE void store_transposed(const float* from, Index from_stride, float* to, Index stride) {
  const Vector r0 = hn::LoadU(tag, from);
  const Vector r1 = hn::LoadU(tag, from + from_stride);
  const Vector r2 = hn::LoadU(tag, from + 2 * from_stride);
  const Vector r3 = hn::LoadU(tag, from + 3 * from_stride);
  const hn::Repartition<double, Tag> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(tag, r0, r1));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(tag, r2, r3));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(tag, r2, r3));
  // Of the columns 4 * block + 0, 1, 2, 3 of each block.
  store_blocks(hn::BitCast(tag, hn::InterleaveLower(pairs, low01, low23)), to, 4 * stride);
  store_blocks(hn::BitCast(tag, hn::InterleaveUpper(pairs, low01, low23)), to + stride, 4 * stride);
  store_blocks(hn::BitCast(tag, hn::InterleaveLower(pairs, high01, high23)), to + 2 * stride,
               4 * stride);
  store_blocks(hn::BitCast(tag, hn::InterleaveUpper(pairs, high01, high23)), to + 3 * stride,
               4 * stride);
}
#endif

// to[p * to_stride + i] = from[i * from_stride + p] for i < rows and p < depth
void transpose(const float* from, Index from_stride, Index rows, Index depth, float* to,
               Index to_stride) {
  Index i = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; i + 4 <= rows; i += 4) {
    Index p = 0;
    for (; p + lanes <= depth; p += lanes) {
      for (Index next = 4; next < 8; ++next) hwy::Prefetch(from + (i + next) * from_stride + p);
      store_transposed(from + i * from_stride + p, from_stride, to + p * to_stride + i, to_stride);
    }
    for (; p < depth; ++p) {
      for (Index r = i; r < i + 4; ++r) to[p * to_stride + r] = from[r * from_stride + p];
    }
  }
#endif
  for (; i < rows; ++i) {
    for (Index p = 0; p < depth; ++p) to[p * to_stride + i] = from[i * from_stride + p];
  }
}

void pack_a(const float* a, Index a_stride, Index rows, Index depth, float* packed) {
  transpose(a, a_stride, rows, depth, packed, rows);
}

void pack_bt(const float* bt, Index bt_stride, Index depth, Index cols, Index width,
             float* packed) {
  for (Index col = 0; col < cols; col += width, packed += depth * width) {
    const Index filled = std::min(width, cols - col);
    transpose(bt + col * bt_stride, bt_stride, filled, depth, packed, width);
    for (Index p = 0; p < depth; ++p) {
      std::fill(packed + p * width + filled, packed + p * width + round_up(filled, lanes), 0.0F);
    }
  }
}

const PackingKernels& dispatched_packing_kernels() {
  static constexpr PackingKernels kernels = {
      .transpose = transpose,
      .pack_a = pack_a,
      .pack_b = pack_b,
      .pack_bt = pack_bt,
  };
  return kernels;
}

}  // namespace crossover::kernels::matmul::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::matmul {

HWY_EXPORT(dispatched_packing_kernels);

const PackingKernels& packing_kernels() {
  return HWY_DYNAMIC_DISPATCH(dispatched_packing_kernels)();
}

}  // namespace crossover::kernels::matmul
#endif
