#include <cassert>

#include "kernels/matvec/simd_rows.h"
#include "kernels/matvec/variants.h"

namespace crossover::kernels::matvec {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    static_cast<const SimdPlan&>(prepared).multiply(all_rows(args));
  });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "dot products of several rows at once",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_simd,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matvec
