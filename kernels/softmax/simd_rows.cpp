#include "kernels/softmax/simd_rows.h"

#include <algorithm>
#include <array>

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

// Writes the exponentials of a block whose maximum is known, and returns their sum. Most callers
// have folded their scale into x, and a multiplication is a twentieth of the time.
template <bool scaled>
HWY_INLINE float powers_of(const float* x, float* y, Index cols, float max, float scale) {
  const Vector maxima = hn::Set(tag, max);
  const Vector factor = hn::Set(tag, scale);
  return core::sum_of_row(tag, cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
    Vector distance = hn::Sub(part.load(x + at), maxima);
    if constexpr (scaled) distance = hn::Mul(distance, factor);
    const Vector power = core::exp_nonpositive(tag, distance);
    part.store(power, y + at);
    return hn::Add(sum, part.or_else(power, hn::Zero(tag)));
  });
}

float powers_of(const float* x, float* y, Index cols, float max, float scale) {
  return scale == 1 ? powers_of<false>(x, y, cols, max, 1)
                    : powers_of<true>(x, y, cols, max, scale);
}

void multiply(float* y, Index cols, float factor) {
  const Vector factors = hn::Set(tag, factor);
  core::for_each_vector(tag, cols, [=](Index at, const auto& part) HWY_ATTR {
    part.store(hn::Mul(part.load(y + at), factors), y + at);
  });
}

Weight weigh(const Piece& piece, Weight* blocks) {
  const Index count = blocks_of(piece.cols);
  for (Index b = 0; b < count; ++b) {
    const Index first = b * block_cols;
    const Index cols = std::min(block_cols, piece.cols - first);
    const float max = max_of(piece.x + first, cols);
    blocks[b] = {max, powers_of(piece.x + first, piece.y + first, cols, max, piece.scale)};
  }
  return join_weights(count, piece.scale, [=](Index b) -> const Weight& { return blocks[b]; });
}

void normalise(const Piece& piece, const Weight* blocks, const Weight& total) {
  const float inverse = inverse_of(total.sum);
  for (Index first = 0; first < piece.cols; first += block_cols) {
    const float max = blocks[first / block_cols].max;
    multiply(piece.y + first, std::min(block_cols, piece.cols - first),
             rescaled(max, total.max, piece.scale) * inverse);
  }
}

// Each pass over a row ends with a number that the next pass waits for, some fifty cycles.
// Meanwhile other rows go through other passes: `distance` rows lie between two passes over the
// same one, and what they touch stays in L1.
void compute_short_rows(const Args& args, Range rows) {
  constexpr Index most = 8;
  constexpr Index elements_that_hide_the_wait = 512;
  const Index cols = args.x.cols;
  const Index distance = std::clamp(elements_that_hide_the_wait / cols, Index{1}, most);
  std::array<Weight, 2 * most + 1> ring;
  const auto weight_of = [&](Index row) -> Weight& {
    return ring[static_cast<std::size_t>(row) % ring.size()];
  };
  for (Index step = rows.begin; step < rows.end + 2 * distance; ++step) {
    if (step < rows.end) weight_of(step).max = max_of(args.x.row(step), cols);
    const Index second = step - distance;
    if (second >= rows.begin && second < rows.end) {
      weight_of(second).sum = powers_of(args.x.row(second), args.y.row(second), cols,
                                        weight_of(second).max, args.scale);
    }
    const Index third = second - distance;
    if (third >= rows.begin) multiply(args.y.row(third), cols, inverse_of(weight_of(third).sum));
  }
}

void compute(const Args& args, Range rows, Weight* blocks) {
  constexpr Index longest_short_row = 2048;  // two rows of x and two of y are then 32 KiB
  if (args.x.cols > 0 && args.x.cols <= longest_short_row) return compute_short_rows(args, rows);
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
