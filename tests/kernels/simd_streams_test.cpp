#include "kernels/matmul/simd_streams.h"

#include <gtest/gtest.h>

#include "kernels/matmul/simd_loops.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

std::unique_ptr<Prepared> prepare(const matmul::Problem&, const matmul::Constants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}

void run_streamed(const matmul::Args& args, const Prepared&, std::span<std::byte>,
                  const ParallelPolicy&) {
  matmul::stream_kernels().multiply_rows(matmul::whole_strip(matmul::tile_kernels(), args, 0));
}

// `simd` takes this path where B is large, which leaves few sizes to a test.
constexpr matmul::Kernel streamed = {
    .name = "streamed",
    .source = "",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = [](const matmul::Problem&) { return std::optional<std::string>(); },
    .prepare = prepare,
    .workspace_bytes = [](const matmul::Problem&, const ParallelPolicy&) { return std::size_t{0}; },
    .run = run_streamed,
};

// Around the rows of A of one pass (2, 4), the rows of B of one (8), vectors and runs of four.
TEST(SimdStreams, AreRightAtEveryEdge) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    for (const Index m : {1, 2, 3, 4, 5, 8, 13, 24}) {
      for (const Index n : {1, 3, 4, 7, 15, 16, 17, 31, 63, 64, 65, 80, 129}) {
        for (const Index k : {0, 1, 7, 8, 9, 16, 19}) {
          const auto why =
              why_wrong(streamed, {.problem = {1, m, n, k}, .layout = {3, 0, 17}}, {1});
          EXPECT_EQ(why, std::nullopt) << *why;
        }
      }
    }
  }
}

}  // namespace
}  // namespace crossover::kernels::test
