#pragma once

#include "kernels/norm/norm.h"

namespace crossover::kernels::norm {

enum class Kind { rms, layer };

/// A row, or contiguous elements of one.
struct Piece {
  const float* x = nullptr;         // [cols]
  const float* residual = nullptr;  // [cols]; null: the norm is that of x
  float* h = nullptr;               // [cols], written where there is a residual
  float* y = nullptr;               // [cols]
  const float* weight = nullptr;    // [cols]
  const float* bias = nullptr;      // [cols], or null
  Index cols = 0;

  /// What is normalised, once the residual has been added.
  const float* normed() const { return residual ? h : x; }
};

inline Piece piece_of(const Args& args, Index row, Index first, Index cols) {
  Piece piece;
  piece.x = args.x.row(row) + first;
  if (args.residual.data) {
    piece.residual = args.residual.row(row) + first;
    piece.h = args.h.row(row) + first;
  }
  piece.y = args.y.row(row) + first;
  piece.weight = args.weight + first;
  if (args.bias) piece.bias = args.bias + first;
  piece.cols = cols;
  return piece;
}

/// What the kernel of the norm itself gets: a residual only where it adds that.
inline Args normed_args(Args args, Residual residual) {
  if (residual == Residual::separate) args.x = args.h;
  if (residual != Residual::fused) args.residual = {};
  return args;
}

/// What a piece is, as seen from outside. In double, which costs nothing per row.
struct Moments {
  double count = 0;
  double mean = 0;     // of layer norm alone
  double squares = 0;  // sum of (h - mean)^2; of h^2 for RMS norm
};

/// The moments of numbers from the sums of their distances to `center`, and of the squares of
/// these. The first sum is what rounding left of it; taking it out is the correction.
Moments moments_around(Index count, float center, float deviations, float squares);

/// The moments of all pieces of a row; `moments_of(i)` are those of one of them.
template <class MomentsOf>
Moments join_moments(Index count, const MomentsOf& moments_of) {
  Moments total;
  for (Index i = 0; i < count; ++i) {
    const Moments& part = moments_of(i);
    if (part.count == 0) continue;
    const double delta = part.mean - total.mean;
    const double share = part.count / (total.count + part.count);
    total.squares += part.squares + delta * delta * total.count * share;
    total.mean += delta * share;
    total.count += part.count;
  }
  return total;
}

/// y = ((h - center) * scale + shift) * weight + bias. The mean is center - shift / scale: a float
/// and what is missing from it.
struct Line {
  float center = 0;
  float scale = 0;
  float shift = 0;
};

Line line_of(const Moments& moments, float epsilon);

}  // namespace crossover::kernels::norm
