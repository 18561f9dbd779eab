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

// Reads a vector of what is normalised; where there is a residual, adds it and writes h.
template <bool fused>
struct Reader {
  const float* x;
  const float* residual;
  float* h;

  explicit HWY_INLINE Reader(const Piece& piece)
      : x(piece.x), residual(piece.residual), h(piece.h) {}

  template <class Part>
  HWY_INLINE Vector operator()(Index at, const Part& part) const {
    Vector value = part.load(x + at);
    if constexpr (fused) {
      value = hn::Add(value, part.load(residual + at));
      part.store(value, h + at);
    }
    return value;
  }
};

// Writes a vector of y.
template <Kind kind, bool has_bias>
struct Writer {
  const float* h;
  const float* weight;
  const float* bias;
  float* y;
  Vector center;
  Vector scale;
  Vector shift;

  HWY_INLINE Writer(const Piece& piece, const Line& line)
      : h(piece.normed()),
        weight(piece.weight),
        bias(piece.bias),
        y(piece.y),
        center(hn::Set(tag, line.center)),
        scale(hn::Set(tag, line.scale)),
        shift(hn::Set(tag, line.shift)) {}

  template <class Part>
  HWY_INLINE void operator()(Index at, const Part& part) const {
    Vector value = part.load(h + at);
    if constexpr (kind == Kind::rms) {
      value = hn::Mul(value, scale);
    } else {
      value = hn::MulAdd(hn::Sub(value, center), scale, shift);
    }
    const Vector weights = part.load(weight + at);
    part.store(
        has_bias ? hn::MulAdd(value, weights, part.load(bias + at)) : hn::Mul(value, weights),
        y + at);
  }
};

// Of one vector of distances to the mean.
struct Deviations {
  Vector sum;
  Vector squares;

  HWY_INLINE void add(Vector deviation) {
    sum = hn::Add(sum, deviation);
    squares = hn::MulAdd(deviation, deviation, squares);
  }
  HWY_INLINE void add(const Deviations& other) {
    sum = hn::Add(sum, other.sum);
    squares = hn::Add(squares, other.squares);
  }
  HWY_INLINE Moments moments(Index cols, float center) const {
    return moments_around(cols, center, hn::GetLane(hn::SumOfLanes(tag, sum)),
                          hn::GetLane(hn::SumOfLanes(tag, squares)));
  }
};

// The first pass: the sum of h^2 for RMS norm, that of h for layer norm.
template <Kind kind>
HWY_INLINE Vector added(Vector sum, Vector h) {
  return kind == Kind::rms ? hn::MulAdd(h, h, sum) : hn::Add(sum, h);
}

template <Kind kind, bool fused>
float first_sum(const Piece& piece) {
  const Reader<fused> read(piece);
  return core::sum_of_row(tag, piece.cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
    return added<kind>(sum, read(at, part));
  });
}

// What else the moments take: nothing, or the second pass.
template <Kind kind>
Moments moments_from(const Piece& piece, float sum) {
  if constexpr (kind == Kind::rms) return {static_cast<double>(piece.cols), 0, sum};
  const float center = sum / static_cast<float>(piece.cols);
  const Vector centers = hn::Set(tag, center);
  const Vector zero = hn::Zero(tag);
  const float* const h = piece.normed();
  const Deviations all = core::fold_row<4>(
      tag, piece.cols, Deviations{zero, zero},
      [=](Deviations acc, Index at, const auto& part) HWY_ATTR {
        acc.add(part.or_else(hn::Sub(part.load(h + at), centers), zero));
        return acc;
      },
      [](Deviations a, const Deviations& b) HWY_ATTR {
        a.add(b);
        return a;
      });
  return all.moments(piece.cols, center);
}

template <Kind kind>
Moments moments_of(const Piece& piece) {
  return moments_from<kind>(
      piece, piece.residual ? first_sum<kind, true>(piece) : first_sum<kind, false>(piece));
}

template <Kind kind, bool has_bias>
void write(const Piece& piece, const Line& line) {
  core::for_each_vector(tag, piece.cols, Writer<kind, has_bias>(piece, line));
}

template <Kind kind>
void apply(const Piece& piece, const Line& line) {
  if (kind == Kind::layer && piece.bias) return write<kind, true>(piece, line);
  write<kind, false>(piece, line);
}

// A row on its way through the passes.
struct Row {
  Piece piece;
  float sum = 0;
  Line line;
};

// The first pass over one row, the second over another, and the last over a third, all in one loop:
// what is read, computed and written then overlaps, as it does in a copy.
template <Kind kind, bool fused, bool has_bias>
void pass_over_three(Row& first, Row& second, const Row& third, float epsilon) {
  const Reader<fused> read(first.piece);
  const Writer<kind, has_bias> write_third(third.piece, third.line);
  const Index cols = first.piece.cols;
  const Vector zero = hn::Zero(tag);
  if constexpr (kind == Kind::rms) {
    first.sum = core::sum_of_row(tag, cols, [=](Vector sum, Index at, const auto& part) HWY_ATTR {
      write_third(at, part);
      return added<kind>(sum, read(at, part));
    });
    second.line = line_of(moments_from<kind>(second.piece, second.sum), epsilon);
    return;
  }
  struct Sums {
    Vector sum;
    Deviations deviations;
  };
  const float center = second.sum / static_cast<float>(cols);
  const Vector centers = hn::Set(tag, center);
  const float* const h = second.piece.normed();
  const Sums sums = core::fold_row<4>(
      tag, cols, Sums{zero, {zero, zero}},
      [=](Sums acc, Index at, const auto& part) HWY_ATTR {
        write_third(at, part);
        acc.deviations.add(part.or_else(hn::Sub(part.load(h + at), centers), zero));
        acc.sum = added<kind>(acc.sum, read(at, part));
        return acc;
      },
      [](Sums a, const Sums& b) HWY_ATTR {
        a.sum = hn::Add(a.sum, b.sum);
        a.deviations.add(b.deviations);
        return a;
      });
  first.sum = hn::GetLane(hn::SumOfLanes(tag, sums.sum));
  second.line = line_of(sums.deviations.moments(cols, center), epsilon);
}

// Each pass over a row ends with numbers that the next pass waits for, longest
// with root and divisions. So `distance` rows lie between two passes over the same one, and what
// they touch stays in L1.
template <Kind kind, bool fused, bool has_bias>
void compute_short_rows(const Args& args, Range rows) {
  constexpr Index most = 8;
  constexpr Index elements_that_hide_the_wait = 768;
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
      pass_over_three<kind, fused, has_bias>(slot(step), slot(second), slot(third), args.epsilon);
      continue;
    }
    if (step < rows.end) slot(step).sum = first_sum<kind, fused>(slot(step).piece);
    if (second >= rows.begin && second < rows.end) {
      Row& row = slot(second);
      row.line = line_of(moments_from<kind>(row.piece, row.sum), args.epsilon);
    }
    if (third >= rows.begin) write<kind, has_bias>(slot(third).piece, slot(third).line);
  }
}

template <Kind kind>
void compute(const Args& args, Range rows) {
  constexpr Index longest_short_row = 2048;  // two rows of h and two of y are then 32 KiB
  if (args.x.cols > 0 && args.x.cols <= longest_short_row) {
    const bool fused = args.residual.data;
    if (kind == Kind::layer && args.bias) {
      return fused ? compute_short_rows<kind, true, true>(args, rows)
                   : compute_short_rows<kind, false, true>(args, rows);
    }
    return fused ? compute_short_rows<kind, true, false>(args, rows)
                 : compute_short_rows<kind, false, false>(args, rows);
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
