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

// Writes a vector of exponentials relative to a maximum that is known. Most callers have folded
// their scale into x, which saves a multiplication.
template <bool scaled>
struct Powers {
  const float* x;
  float* y;
  Vector max;
  Vector scale;

  HWY_INLINE Powers(const float* from, float* to, float largest, float factor)
      : x(from), y(to), max(hn::Set(tag, largest)), scale(hn::Set(tag, factor)) {}

  template <class Part>
  HWY_INLINE Vector operator()(Index at, const Part& part) const {
    Vector distance = hn::Sub(part.load(x + at), max);
    if constexpr (scaled) distance = hn::Mul(distance, scale);
    const Vector power = core::exp_nonpositive(tag, distance);
    part.store(power, y + at);
    return part.or_else(power, hn::Zero(tag));
  }
};

template <bool scaled>
float write_powers(const Powers<scaled>& powers, Index cols) {
  return core::sum_of_row(tag, cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
    return hn::Add(sum, powers(at, part));
  });
}

float powers_of(const float* x, float* y, Index cols, float max, float scale) {
  return scale == 1 ? write_powers(Powers<false>(x, y, max, 1), cols)
                    : write_powers(Powers<true>(x, y, max, scale), cols);
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

// A row on its way through the passes.
struct Row {
  Piece piece;
  Weight weight;
};

// The search for the maximum of one row, the exponentials of another and the division of a third,
// all in one loop: what is read, computed and written then overlaps.
template <bool scaled>
void pass_over_three(Row& first, Row& second, const Row& third) {
  struct Sums {
    Vector max;
    Vector sum;
  };
  const Vector start = hn::Set(tag, lowest);
  const float* const x = first.piece.x;
  const Powers<scaled> powers(second.piece.x, second.piece.y, second.weight.max,
                              second.piece.scale);
  float* const y = third.piece.y;
  const Vector factor = hn::Set(tag, inverse_of(third.weight.sum));
  const Sums sums = core::fold_row<4>(
      tag, first.piece.cols, Sums{start, hn::Zero(tag)},
      [=](Sums acc, Index at, const auto& part) HWY_ATTR {
        acc.max = hn::Max(acc.max, part.or_else(part.load(x + at), start));
        part.store(hn::Mul(part.load(y + at), factor), y + at);
        acc.sum = hn::Add(acc.sum, powers(at, part));
        return acc;
      },
      [](const Sums& a, const Sums& b) HWY_ATTR {
        return Sums{hn::Max(a.max, b.max), hn::Add(a.sum, b.sum)};
      });
  first.weight.max = hn::GetLane(hn::MaxOfLanes(tag, sums.max));
  second.weight.sum = hn::GetLane(hn::SumOfLanes(tag, sums.sum));
}

// Each pass over a row ends with a number that the next one waits for. So
// `distance` rows lie between two passes over the same one, and what they touch stays in L1.
template <bool scaled>
void compute_short_rows(const Args& args, Range rows) {
  constexpr Index most = 8;
  constexpr Index elements_that_hide_the_wait = 512;
  const Index cols = args.x.cols;
  const Index distance = std::clamp(elements_that_hide_the_wait / cols, Index{1}, most);
  std::array<Row, 2 * most + 1> ring;
  const auto slot = [&](Index row) -> Row& {
    return ring[static_cast<std::size_t>(row) % ring.size()];
  };
  for (Index step = rows.begin; step < rows.end + 2 * distance; ++step) {
    const Index second = step - distance;
    const Index third = second - distance;
    if (step < rows.end) slot(step).piece = piece_of(args, step, 0, cols);
    if (step < rows.end && third >= rows.begin) {
      pass_over_three<scaled>(slot(step), slot(second), slot(third));
      continue;
    }
    if (step < rows.end) slot(step).weight.max = max_of(slot(step).piece.x, cols);
    if (second >= rows.begin && second < rows.end) {
      const auto& [piece, weight] = slot(second);
      slot(second).weight.sum =
          write_powers(Powers<scaled>(piece.x, piece.y, weight.max, piece.scale), cols);
    }
    if (third >= rows.begin) {
      multiply(slot(third).piece.y, cols, inverse_of(slot(third).weight.sum));
    }
  }
}

void compute(const Args& args, Range rows, Weight* blocks) {
  constexpr Index longest_short_row = 2048;  // two rows of x and two of y are then 32 KiB
  if (args.x.cols > 0 && args.x.cols <= longest_short_row) {
    return args.scale == 1 ? compute_short_rows<false>(args, rows)
                           : compute_short_rows<true>(args, rows);
  }
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
