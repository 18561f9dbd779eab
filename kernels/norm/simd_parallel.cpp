#include <cassert>

#include "kernels/norm/simd_rows.h"
#include "kernels/norm/team.h"

namespace crossover::kernels::norm {
namespace {

struct SimdTeamPlan : TeamPlan {
  SimdTeamPlan(const Problem& problem, const ParallelPolicy& policy, Kind kind)
      : TeamPlan(problem, policy), kernels(row_kernels(kind)) {}

  std::optional<std::string> code_path() const override {
    return std::string(kernels.name) + (shares.cut() ? " cut rows" : "");
  }

  const RowKernels& kernels;
};

template <Kind kind>
std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<SimdTeamPlan>(problem, policy, kind);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const SimdTeamPlan&>(prepared);
  assert(is_valid(args, plan.residual));
  normalise_with_team(args, plan, plan.kernels, workspace, policy);
}

template <Kind kind>
constexpr Kernel entry = {
    .name = "simd_parallel",
    .source = "simd, rows or pieces of rows per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare<kind>,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace

constinit const Kernel rms::simd_parallel = entry<Kind::rms>;
constinit const Kernel layer::simd_parallel = entry<Kind::layer>;

}  // namespace crossover::kernels::norm
