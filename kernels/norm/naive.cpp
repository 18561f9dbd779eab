#include "kernels/norm/naive.h"

#include <cassert>

#include "kernels/norm/variants.h"

// The definition in scalar loops over each row. What limits it: each addition waits for the one
// before.

namespace crossover::kernels::norm {

void add(const Piece& piece) {
  for (Index j = 0; j < piece.cols; ++j) piece.h[j] = piece.x[j] + piece.residual[j];
}

template <>
Moments moments_of<Kind::rms>(const Piece& piece) {
  if (piece.residual) add(piece);
  const float* h = piece.normed();
  float squares = 0;
  for (Index j = 0; j < piece.cols; ++j) squares += h[j] * h[j];
  return {static_cast<double>(piece.cols), 0, squares};
}

template <>
Moments moments_of<Kind::layer>(const Piece& piece) {
  if (piece.residual) add(piece);
  const float* h = piece.normed();
  float sum = 0;
  for (Index j = 0; j < piece.cols; ++j) sum += h[j];
  const float center = sum / static_cast<float>(piece.cols);
  float deviations = 0;
  float squares = 0;
  for (Index j = 0; j < piece.cols; ++j) {
    const float deviation = h[j] - center;
    deviations += deviation;
    squares += deviation * deviation;
  }
  return moments_around(piece.cols, center, deviations, squares);
}

template <>
void apply<Kind::rms>(const Piece& piece, const Line& line) {
  const float* h = piece.normed();
  for (Index j = 0; j < piece.cols; ++j) piece.y[j] = h[j] * line.scale * piece.weight[j];
}

template <>
void apply<Kind::layer>(const Piece& piece, const Line& line) {
  const float* h = piece.normed();
  for (Index j = 0; j < piece.cols; ++j) {
    const float normal = (h[j] - line.center) * line.scale + line.shift;
    piece.y[j] = normal * piece.weight[j] + (piece.bias ? piece.bias[j] : 0);
  }
}

namespace {

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(problem);
}

template <Kind kind>
void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  const Residual residual = static_cast<const Plan&>(prepared).residual;
  assert(is_valid(args, residual));
  const Args normed = normed_args(args, residual);
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index i = 0; residual == Residual::separate && i < args.x.rows; ++i) {
      add(piece_of(args, i, 0, args.x.cols));
    }
    for (Index i = 0; i < args.x.rows; ++i) {
      const Piece row = piece_of(normed, i, 0, args.x.cols);
      apply<kind>(row, line_of(moments_of<kind>(row), args.epsilon));
    }
  });
}

template <Kind kind>
constexpr Kernel entry = {
    .name = "naive",
    .source = "the definition, row by row",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run<kind>,
};

}  // namespace

constinit const Kernel rms::naive = entry<Kind::rms>;
constinit const Kernel layer::naive = entry<Kind::layer>;

}  // namespace crossover::kernels::norm
