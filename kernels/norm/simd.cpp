#include <cassert>

#include "kernels/norm/simd_rows.h"
#include "kernels/norm/variants.h"

namespace crossover::kernels::norm {
namespace {

struct SimdPlan : Plan {
  SimdPlan(const Problem& problem, Kind kind) : Plan(problem), kernels(row_kernels(kind)) {}

  std::optional<std::string> code_path() const override { return kernels.name; }

  const RowKernels& kernels;
};

template <Kind kind>
std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<SimdPlan>(problem, kind);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  const auto& plan = static_cast<const SimdPlan&>(prepared);
  assert(is_valid(args, plan.residual));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index i = 0; plan.residual == Residual::separate && i < args.x.rows; ++i) {
      plan.kernels.add(piece_of(args, i, 0, args.x.cols));
    }
    plan.kernels.compute(normed_args(args, plan.residual), {0, args.x.rows});
  });
}

template <Kind kind>
constexpr Kernel entry = {
    .name = "simd",
    .source = "naive in vectors, eight sums at a time",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare<kind>,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace

constinit const Kernel rms::simd = entry<Kind::rms>;
constinit const Kernel layer::simd = entry<Kind::layer>;

}  // namespace crossover::kernels::norm
