#include <cassert>

#include "kernels/norm/naive.h"
#include "kernels/norm/team.h"

// The loops of naive, whole rows per thread. Where rows are fewer than threads, a thread takes the
// moments of a piece of a row, meets the others, and normalises its piece by the joined moments.

namespace crossover::kernels::norm {
namespace {

template <Kind kind>
struct ScalarLoops {
  static void add(const Piece& piece) { norm::add(piece); }
  static Moments moments_of(const Piece& piece) { return norm::moments_of<kind>(piece); }
  static void apply(const Piece& piece, const Line& line) { norm::apply<kind>(piece, line); }

  static void compute(const Args& args, Range rows) {
    for (Index i = rows.begin; i < rows.end; ++i) {
      const Piece row = piece_of(args, i, 0, args.x.cols);
      apply(row, line_of(moments_of(row), args.epsilon));
    }
  }
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<TeamPlan>(problem, policy);
}

template <Kind kind>
void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const TeamPlan&>(prepared);
  assert(is_valid(args, plan.residual));
  normalise_with_team(args, plan, ScalarLoops<kind>(), workspace, policy);
}

template <Kind kind>
constexpr Kernel entry = {
    .name = "parallel",
    .source = "naive, rows or pieces of rows per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = team_workspace_bytes,
    .run = run<kind>,
};

}  // namespace

constinit const Kernel rms::parallel = entry<Kind::rms>;
constinit const Kernel layer::parallel = entry<Kind::layer>;

}  // namespace crossover::kernels::norm
