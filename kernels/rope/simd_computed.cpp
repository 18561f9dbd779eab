#include <numbers>
#include <vector>

#include "kernels/rope/simd_heads.h"

// No table: the cosines and sines of a row are computed where they are needed, in vectors, and
// serve all of its heads. What limits it: some forty instructions for a vector of pairs, which few
// heads share; what it saves is the table's memory, and reading it.

namespace crossover::kernels::rope {
namespace {

struct Plan : Prepared {
  explicit Plan(const Problem& problem)
      : kernels(head_kernels()),
        quarter_turns(frequencies(problem.rotation)),
        path(simd_code_path(problem.rotation)) {
    for (double& value : quarter_turns) value *= 2 / std::numbers::pi;
  }

  std::optional<std::string> code_path() const override { return path; }

  const HeadKernels& kernels;
  std::vector<double> quarter_turns;  // [rotary_dim / 2] per position
  std::string path;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&, const ParallelPolicy&) {
  return std::make_unique<Plan>(problem);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return static_cast<std::size_t>(problem.rotation.rotary_dim) * sizeof(float);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  assert(shapes_agree(args));
  const auto& plan = static_cast<const Plan&>(prepared);
  const Rotation& rotation = args.rotation;
  auto* const cosines = reinterpret_cast<float*>(workspace.data());  // [rotary_dim / 2]
  float* const sines = cosines + rotation.pairs();                   // [rotary_dim / 2]
  parallel_region(ParallelPolicy{}, [&](int, int) {
    if (args.heads == 0) return;
    for (Index row = 0; row < args.x.rows; ++row) {
      plan.kernels.compute(plan.quarter_turns.data(), rotation.pairs(), args.positions.of(row),
                           cosines, sines);
      plan.kernels.rotate(rotation, cosines, sines, args.heads, head_dim_of(args),
                          args.x.row(0, row), args.y.row(0, row));
    }
  });
}

}  // namespace

constinit const Kernel simd_computed = {
    .name = "simd_computed",
    .source = "simd, with sines and cosines computed in every call by Cephes' polynomials",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::rope
