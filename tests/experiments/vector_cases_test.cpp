#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <vector>

#include "experiments/families.h"
#include "experiments/operand_fill.h"
#include "experiments/token_ids_setting.h"

namespace crossover::experiments {
namespace {

harness::Cell cell(const std::string& family, const std::string& variant, int threads,
                   const harness::Problem& problem) {
  return {"test",
          {family,
           variant,
           {{"threads", std::to_string(threads)},
            {"cache", "warm"},
            {"buffers", "preallocated"},
            {"isa", "auto"},
            {"ids", "zipf"},
            {"scale", "none"},
            {"other_rows", "zeroed"}},
           0},
          problem};
}

const std::map<std::string, harness::Problem>& problems() {
  static const std::map<std::string, harness::Problem> by_family = {
      {"dot", {{"batch", 2}, {"n", 1003}}},
      {"matvec", {{"m", 65}, {"n", 33}}},
      {"embedding", {{"vocabulary", 50}, {"dim", 33}, {"tokens", 20}}},
      {"embedding_gradient", {{"vocabulary", 50}, {"dim", 33}, {"tokens", 20}}},
  };
  return by_family;
}

// Vendors' pools would meet in this process.
std::vector<std::string> own_variants(const std::string& name) {
  std::vector<std::string> names;
  for (const harness::FamilyInfo& family : families()) {
    if (family.name != name) continue;
    for (const harness::VariantInfo& variant : family.variants) {
      if (variant.name != "openblas") names.push_back(variant.name);
    }
  }
  return names;
}

TEST(VectorCases, AreRightWithAnyBuffers) {
  for (const auto& [family, problem] : problems()) {
    ASSERT_GE(own_variants(family).size(), 4u) << family;
    for (const std::string& variant : own_variants(family)) {
      for (const std::string buffers : {"preallocated", "per_call"}) {
        harness::Cell one = cell(family, variant, 2, problem);
        one.arm.settings["buffers"] = buffers;
        const harness::Case the_case = make_case(one);
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << family << "/" << variant;
        for (int i = 0; i < 3; ++i) the_case.call();
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << family << "/" << variant << ", again";
      }
    }
  }
}

TEST(VendorVectors, AreRight) {
  for (const std::string family : {"dot", "matvec"}) {
    try {
      const harness::Case the_case = make_case(cell(family, "openblas", 1, problems().at(family)));
      EXPECT_EQ(the_case.why_wrong(), std::nullopt) << family;
      EXPECT_NE(the_case.count().code_path, std::nullopt);
    } catch (const harness::Unsupported& reason) {
      GTEST_SKIP() << reason.what();
    }
  }
}

TEST(VectorCases, SayHowMuchTheyDo) {
  const auto work = [](const std::string& family, const std::string& other_rows = "zeroed") {
    harness::Cell one = cell(family, "simd", 1, problems().at(family));
    one.arm.settings["other_rows"] = other_rows;
    return make_case(one).work;
  };
  EXPECT_DOUBLE_EQ(work("dot").flops, 2.0 * 2 * 1003);
  EXPECT_DOUBLE_EQ(work("dot").bytes, 4.0 * (2 * 2 * 1003 + 2));
  EXPECT_DOUBLE_EQ(work("matvec").flops, 2.0 * 65 * 33);
  EXPECT_DOUBLE_EQ(work("matvec").bytes, 4.0 * (65 * 33 + 65 + 33));
  EXPECT_DOUBLE_EQ(work("embedding").bytes, 4.0 * (2 * 20 * 33 + 20));
  EXPECT_DOUBLE_EQ(work("embedding_gradient").bytes, 4.0 * (20 * 33 + 20 + 50 * 33));
  const double kept = work("embedding_gradient", "kept").bytes;
  EXPECT_GT(kept, 4.0 * (20 * 33 + 20 + 33));
  EXPECT_LT(kept, 4.0 * (20 * 33 + 20 + 20 * 33));
}

TEST(VectorCases, CountWhatExecuted) {
  for (const auto& [family, problem] : problems()) {
    const harness::ExecutionCounts serial = make_case(cell(family, "simd", 1, problem)).count();
    EXPECT_EQ(serial.parallel_regions, 0u) << family;
    EXPECT_EQ(serial.tasks, 1u) << family;
    const harness::ExecutionCounts team =
        make_case(cell(family, "simd_parallel", 2, problem)).count();
    EXPECT_EQ(team.parallel_regions, 1u) << family;
    EXPECT_EQ(team.threads_used, 2u) << family;
    EXPECT_EQ(team.code_path, serial.code_path) << family;
  }
}

TEST(ColdLookups, HaveIdsOfTheirOwnAndAreRight) {
  harness::Cell one =
      cell("embedding", "simd", 2, {{"vocabulary", 40'000}, {"dim", 256}, {"tokens", 20'000}});
  one.arm.settings["cache"] = "cold";
  one.arm.settings["scale"] = "sqrt_dim";
  const harness::Case the_case = make_case(one);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(the_case.why_wrong(), std::nullopt);
}

double share_below(const std::vector<kernels::TokenId>& ids, kernels::TokenId limit) {
  const auto below = std::count_if(ids.begin(), ids.end(), [&](auto id) { return id < limit; });
  return static_cast<double>(below) / static_cast<double>(ids.size());
}

TEST(TokenIds, FollowTheirDistribution) {
  constexpr kernels::Index vocabulary = 1000;
  constexpr kernels::Index tokens = 200'000;
  const auto uniform = draw_token_ids("uniform", vocabulary, tokens, 1);
  const auto zipf = draw_token_ids("zipf", vocabulary, tokens, 1);
  constexpr double tolerance = 0.006;  // five standard deviations of a share of so many tokens
  for (const kernels::TokenId limit : {1, 10, 100, 500, 999}) {
    EXPECT_NEAR(share_below(uniform, limit), limit / 1000.0, tolerance);
    EXPECT_NEAR(share_below(zipf, limit), std::log1p(limit) / std::log1p(1000.0), tolerance);
  }
  for (const auto& ids : {uniform, zipf}) {
    EXPECT_EQ(kernels::why_ids_invalid(ids, vocabulary), std::nullopt);
  }
}

TEST(TokenIds, DependOnTheSeedAlone) {
  EXPECT_EQ(draw_token_ids("zipf", 50, 100, 3), draw_token_ids("zipf", 50, 100, 3));
  EXPECT_NE(draw_token_ids("zipf", 50, 100, 3), draw_token_ids("zipf", 50, 100, 4));
  EXPECT_EQ(draw_token_ids("zipf", 1, 3, 3), (std::vector<kernels::TokenId>{0, 0, 0}));
  EXPECT_TRUE(draw_token_ids("uniform", 0, 0, 3).empty());
}

TEST(CoarseOperands, TakeFourValuesEquallyOften) {
  std::vector<float> values(40'000);
  fill_coarse(values, 1, {2});
  std::map<float, int> counts;
  for (const float value : values) ++counts[value];
  ASSERT_EQ(counts.size(), 4u);
  for (const float value : {-1.0F, -0.5F, 0.5F, 1.0F}) EXPECT_NEAR(counts[value], 10'000, 500);
  std::vector<float> again(values.size());
  fill_coarse(again, 1, {1});
  EXPECT_EQ(values, again);
}

}  // namespace
}  // namespace crossover::experiments
