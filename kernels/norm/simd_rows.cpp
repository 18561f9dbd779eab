#include "kernels/norm/simd_rows.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm/simd_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::norm::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;

void add(const Piece& piece) {
  core::for_each_vector(tag, piece.cols, [=](Index at, const auto& part) HWY_ATTR {
    part.store(hn::Add(part.load(piece.x + at), part.load(piece.residual + at)), piece.h + at);
  });
}

// The sum over a row of what `term` adds to it for a vector of h, which is written on the way where
// there is a residual.
template <bool fused, class Term>
HWY_INLINE float sum_of_normed(const Piece& piece, const Term& term) {
  return core::sum_of_row(tag, piece.cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
    Vector h = part.load(piece.x + at);
    if constexpr (fused) {
      h = hn::Add(h, part.load(piece.residual + at));
      part.store(h, piece.h + at);
    }
    return term(sum, h);
  });
}

// Of one vector of distances to the mean.
struct Deviations {
  Vector sum;
  Vector squares;
};

Moments moments_around_center(const float* h, Index cols, float center) {
  const Vector centers = hn::Set(tag, center);
  const Vector zero = hn::Zero(tag);
  const Deviations all = core::fold_row<4>(
      tag, cols, Deviations{zero, zero},
      [=](Deviations acc, Index at, const auto& part) HWY_ATTR {
        const Vector deviation = part.or_else(hn::Sub(part.load(h + at), centers), zero);
        return Deviations{hn::Add(acc.sum, deviation),
                          hn::MulAdd(deviation, deviation, acc.squares)};
      },
      [](Deviations a, Deviations b) HWY_ATTR {
        return Deviations{hn::Add(a.sum, b.sum), hn::Add(a.squares, b.squares)};
      });
  return moments_around(cols, center, hn::GetLane(hn::SumOfLanes(tag, all.sum)),
                        hn::GetLane(hn::SumOfLanes(tag, all.squares)));
}

// The first pass: the sum of h^2 for RMS norm, that of h for layer norm.
template <Kind kind, bool fused>
HWY_INLINE float first_sum(const Piece& piece) {
  return sum_of_normed<fused>(piece, [](Vector sum, Vector h) HWY_ATTR {
    return kind == Kind::rms ? hn::MulAdd(h, h, sum) : hn::Add(sum, h);
  });
}

template <Kind kind>
float first_sum_of(const Piece& piece) {
  return piece.residual ? first_sum<kind, true>(piece) : first_sum<kind, false>(piece);
}

// What else it takes: nothing, or the second pass.
template <Kind kind>
Moments moments_from(const Piece& piece, float sum) {
  if constexpr (kind == Kind::rms) return {static_cast<double>(piece.cols), 0, sum};
  return moments_around_center(piece.normed(), piece.cols, sum / static_cast<float>(piece.cols));
}

template <Kind kind>
Moments moments_of(const Piece& piece) {
  return moments_from<kind>(piece, first_sum_of<kind>(piece));
}

template <bool has_bias>
HWY_INLINE void apply_layer(const Piece& piece, const Line& line) {
  const Vector center = hn::Set(tag, line.center);
  const Vector scale = hn::Set(tag, line.scale);
  const Vector shift = hn::Set(tag, line.shift);
  const float* const h = piece.normed();
  core::for_each_vector(tag, piece.cols, [=](Index at, const auto& part) HWY_ATTR {
    const Vector normal = hn::MulAdd(hn::Sub(part.load(h + at), center), scale, shift);
    const Vector weight = part.load(piece.weight + at);
    part.store(
        has_bias ? hn::MulAdd(normal, weight, part.load(piece.bias + at)) : hn::Mul(normal, weight),
        piece.y + at);
  });
}

HWY_INLINE void apply_rms(const Piece& piece, const Line& line) {
  const Vector scale = hn::Set(tag, line.scale);
  const float* const h = piece.normed();
  core::for_each_vector(tag, piece.cols, [=](Index at, const auto& part) HWY_ATTR {
    const Vector normal = hn::Mul(part.load(h + at), scale);
    part.store(hn::Mul(normal, part.load(piece.weight + at)), piece.y + at);
  });
}

template <Kind kind>
void apply(const Piece& piece, const Line& line) {
  if constexpr (kind == Kind::rms) {
    apply_rms(piece, line);
  } else if (piece.bias) {
    apply_layer<true>(piece, line);
  } else {
    apply_layer<false>(piece, line);
  }
}

// Each pass over a row ends with numbers that the next pass waits for, up to some hundred cycles
// with root and divisions. Meanwhile other rows go through other passes: `distance` rows lie
// between two passes over the same one, and what they touch stays in L1.
template <Kind kind>
void compute_short_rows(const Args& args, Range rows) {
  constexpr Index most = 8;
  constexpr Index elements_that_hide_the_wait = 2048;
  const Index cols = args.x.cols;
  const Index distance = std::clamp(elements_that_hide_the_wait / cols, Index{1}, most);
  struct Row {
    float sum;
    Line line;
  };
  std::array<Row, 2 * most + 1> ring;
  const auto state_of = [&](Index row) -> Row& {
    return ring[static_cast<std::size_t>(row) % ring.size()];
  };
  for (Index step = rows.begin; step < rows.end + 2 * distance; ++step) {
    if (step < rows.end) state_of(step).sum = first_sum_of<kind>(piece_of(args, step, 0, cols));
    const Index second = step - distance;
    if (second >= rows.begin && second < rows.end) {
      Row& row = state_of(second);
      row.line =
          line_of(moments_from<kind>(piece_of(args, second, 0, cols), row.sum), args.epsilon);
    }
    const Index third = second - distance;
    if (third >= rows.begin) apply<kind>(piece_of(args, third, 0, cols), state_of(third).line);
  }
}

template <Kind kind>
void compute(const Args& args, Range rows) {
  constexpr Index longest_short_row = 2048;  // two rows of h and two of y are then 32 KiB
  if (args.x.cols > 0 && args.x.cols <= longest_short_row) {
    return compute_short_rows<kind>(args, rows);
  }
  for (Index i = rows.begin; i < rows.end; ++i) {
    const Piece row = piece_of(args, i, 0, args.x.cols);
    apply<kind>(row, line_of(moments_of<kind>(row), args.epsilon));
  }
}

template <Kind kind>
constexpr RowKernels kernels_of = {core::instruction_set_name, add, moments_of<kind>, apply<kind>,
                                   compute<kind>};

const RowKernels& dispatched_row_kernels(Kind kind) {
  return kind == Kind::rms ? kernels_of<Kind::rms> : kernels_of<Kind::layer>;
}

}  // namespace crossover::kernels::norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::norm {

HWY_EXPORT(dispatched_row_kernels);

const RowKernels& row_kernels(Kind kind) {
  return HWY_DYNAMIC_DISPATCH(dispatched_row_kernels)(kind);
}

}  // namespace crossover::kernels::norm
#endif
