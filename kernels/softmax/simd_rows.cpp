#include "kernels/softmax/simd_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/simd_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/exp-inl.h"
#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::softmax::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;

float max_of(const float* x, Index cols) {
  const Vector start = hn::Set(tag, lowest);
  const Vector largest = core::fold_row<8>(
      tag, cols, start,
      [=](Vector max, Index at, const auto& part)
          HWY_ATTR { return hn::Max(max, part.or_else(part.load(x + at), start)); },
      [](Vector a, Vector b) HWY_ATTR { return hn::Max(a, b); });
  return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

// Most callers have folded their scale into x; a multiplication is a twentieth of the time.
template <bool scaled>
Weight weigh_block(const float* x, float* y, Index cols, float scale) {
  Weight weight;
  weight.max = max_of(x, cols);
  const Vector max = hn::Set(tag, weight.max);
  const Vector factor = hn::Set(tag, scale);
  weight.sum = core::sum_of_row(tag, cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
    Vector distance = hn::Sub(part.load(x + at), max);
    if constexpr (scaled) distance = hn::Mul(distance, factor);
    const Vector power = core::exp_nonpositive(tag, distance);
    part.store(power, y + at);
    return hn::Add(sum, part.or_else(power, hn::Zero(tag)));
  });
  return weight;
}

Weight weigh(const Piece& piece, Weight* blocks) {
  const Index count = blocks_of(piece.cols);
  const bool scaled = piece.scale != 1;
  for (Index b = 0; b < count; ++b) {
    const Index first = b * block_cols;
    const Index cols = std::min(block_cols, piece.cols - first);
    blocks[b] = scaled ? weigh_block<true>(piece.x + first, piece.y + first, cols, piece.scale)
                       : weigh_block<false>(piece.x + first, piece.y + first, cols, 1);
  }
  if (count == 1) return blocks[0];
  return join_weights(count, piece.scale, [=](Index b) -> const Weight& { return blocks[b]; });
}

void normalise(const Piece& piece, const Weight* blocks, const Weight& total) {
  const float inverse = inverse_of(total.sum);
  for (Index first = 0; first < piece.cols; first += block_cols) {
    const float max = blocks[first / block_cols].max;
    const float factor =
        max == total.max ? inverse : rescaled(max, total.max, piece.scale) * inverse;
    float* const y = piece.y + first;
    const Vector factors = hn::Set(tag, factor);
    core::for_each_vector(tag, std::min(block_cols, piece.cols - first),
                          [=](Index at, const auto& part) HWY_ATTR {
                            part.store(hn::Mul(part.load(y + at), factors), y + at);
                          });
  }
}

void compute(const Args& args, Range rows, Weight* blocks) {
  for (Index i = rows.begin; i < rows.end; ++i) {
    const Piece row = piece_of(args, i, 0, args.x.cols);
    normalise(row, blocks, weigh(row, blocks));
  }
}

const RowKernels& dispatched_row_kernels() {
  static constexpr RowKernels kernels = {core::instruction_set_name, weigh, normalise, compute};
  return kernels;
}

}  // namespace crossover::kernels::softmax::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::softmax {

HWY_EXPORT(dispatched_row_kernels);

const RowKernels& row_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_row_kernels)(); }

}  // namespace crossover::kernels::softmax
#endif
