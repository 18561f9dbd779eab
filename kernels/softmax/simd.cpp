#include <cassert>

#include "kernels/softmax/simd_rows.h"
#include "kernels/softmax/variants.h"

namespace crossover::kernels::softmax {
namespace {

struct Plan : Prepared {
  std::optional<std::string> code_path() const override { return kernels.name; }

  const RowKernels& kernels = row_kernels();
};

std::unique_ptr<Prepared> prepare(const Problem&, const NoConstants&, const ParallelPolicy&) {
  return std::make_unique<Plan>();
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return blocks_bytes(problem.cols);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  assert(is_valid(args));
  auto* const blocks = reinterpret_cast<Weight*>(workspace.data());
  parallel_region(ParallelPolicy{}, [&](int, int) {
    static_cast<const Plan&>(prepared).kernels.compute(args, {0, args.x.rows}, blocks);
  });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "naive in vectors and blocks, with an exponential of our own",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::softmax
