#include "experiments/attention_cases.h"

#include <gtest/gtest.h>

#include "experiments/families.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"
#include "kernels/attention/attention.h"

namespace crossover::experiments {
namespace {

harness::Cell cell(const std::string& variant, const std::string& mask = "none",
                   const std::string& window = "none", int threads = 1) {
  return {"test",
          {"attention",
           variant,
           {{"threads", std::to_string(threads)},
            {"cache", "warm"},
            {"buffers", "preallocated"},
            {"isa", "auto"},
            {"mask", mask},
            {"window", window},
            {"matmul", "naive"}},
           0},
          {{"batch", 2},
           {"heads", 6},
           {"kv_heads", 2},
           {"query_len", 10},
           {"key_len", 20},
           {"head_dim", 16}}};
}

TEST(AttentionCases, OfOurOwnVariantsAreRightUnderEveryMask) {
  for (const std::string variant :
       {"naive", "parallel", "batched_matmul", "blocked", "flash", "simd", "simd_parallel"}) {
    for (const std::string mask : {"none", "causal", "window", "causal_window"}) {
      const harness::Case the_case = make_case(cell(variant, mask, "7", 2));
      EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant << " " << mask;
    }
  }
}

// Keys that the ten queries see: all 20; 11 to 20; 4 to each side of positions 10 to 19; 8 each.
TEST(AttentionCases, CountPairsThatAreSeenAndBytesThatAreRead) {
  const auto work = [](const std::string& mask) { return make_case(cell("simd", mask, "8")).work; };
  const double flops_per_pair = 4.0 * 2 * 6 * 16;
  EXPECT_DOUBLE_EQ(work("none").flops, flops_per_pair * 200);
  EXPECT_DOUBLE_EQ(work("causal").flops, flops_per_pair * 155);
  EXPECT_DOUBLE_EQ(work("window").flops, flops_per_pair * (6 * 9 + 8 + 7 + 6 + 5));
  EXPECT_DOUBLE_EQ(work("causal_window").flops, flops_per_pair * 80);
  const auto bytes = [](double keys) { return 2.0 * 4 * 2 * 16 * (6 * 10 + 2 * keys); };
  EXPECT_DOUBLE_EQ(work("none").bytes, bytes(20));
  EXPECT_DOUBLE_EQ(work("window").bytes, bytes(14));
  EXPECT_DOUBLE_EQ(work("causal_window").bytes, bytes(17));
}

void set_extent(harness::Cell& cell, const std::string& name, std::int64_t value) {
  for (auto& [extent, old] : cell.problem) {
    if (extent == name) old = value;
  }
}

TEST(AttentionCases, CountTheSamePairsAsOneByOne) {
  for (const std::string mask : {"causal", "window", "causal_window"}) {
    for (const std::int64_t queries : {1, 5, 20, 33}) {
      for (const int window : {1, 2, 7, 100}) {
        harness::Cell small = cell("naive", mask, std::to_string(window));
        set_extent(small, "query_len", queries);
        double pairs = 0;
        const kernels::attention::MaskKind kind =
            mask == "causal"   ? kernels::attention::MaskKind::causal
            : mask == "window" ? kernels::attention::MaskKind::window
                               : kernels::attention::MaskKind::causal_window;
        for (std::int64_t query = 0; query < queries; ++query) {
          pairs += static_cast<double>(
              kernels::attention::visible_keys({kind, window}, queries, 20, query).size());
        }
        EXPECT_DOUBLE_EQ(make_case(small).work.flops, 4.0 * 2 * 6 * 16 * pairs)
            << mask << " " << queries << " " << window;
      }
    }
  }
}

TEST(AttentionCases, ArePlannedWhateverTheirSize) {
  const harness::FamilyInfo family = attention_family();
  harness::Cell huge = cell("simd");
  constexpr double most = 1e15;
  for (const char* extent : {"kv_heads", "query_len", "key_len"}) {
    set_extent(huge, extent, static_cast<std::int64_t>(most));
  }
  EXPECT_DOUBLE_EQ(family.flops(huge.problem), 4.0 * 2 * 6 * 16 * most * most);
  EXPECT_GT(family.memory_bytes(huge.arm, huge.problem), most * most);
}

TEST(AttentionCases, SayWhatExecuted) {
  const harness::ExecutionCounts serial = make_case(cell("simd")).count();
  EXPECT_EQ(serial.parallel_regions, 0u);
  EXPECT_EQ(serial.threads_used, 1u);
  const harness::ExecutionCounts parallel =
      make_case(cell("simd_parallel", "causal", "none", 2)).count();
  EXPECT_EQ(parallel.parallel_regions, 1u);
  EXPECT_EQ(parallel.threads_used, 2u);
}

TEST(AttentionCases, AWindowNeedsItsWidth) {
  for (const std::string window : {"none", "0", "-3", "12 positions", ""}) {
    EXPECT_THROW(make_case(cell("simd", "window", window)), std::invalid_argument) << window;
  }
  EXPECT_NO_THROW(make_case(cell("simd", "causal", "none")));
}

TEST(AttentionCases, TheirExperimentPlansOnAnyMachine) {
  const std::string path =
      std::string(CROSSOVER_SOURCE_ROOT) + "/experiments/attention_crossover.cfg";
  for (const int cores : {1, 2, 3, 64, 256}) {
    const harness::Plan plan =
        harness::make_plan(harness::read_config(path, {}), families(), {cores});
    EXPECT_EQ(plan.config.substr(0, plan.config.find('\n')).back(), '?');
    EXPECT_EQ(plan.sections.size(), 8u);
  }
}

}  // namespace
}  // namespace crossover::experiments
