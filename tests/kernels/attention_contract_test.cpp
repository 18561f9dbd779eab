#include <gtest/gtest.h>

#include "kernels/attention/attention.h"
#include "tests/kernels/attention_case.h"

namespace crossover::kernels::test {
namespace {

using attention::Mask;
using attention::MaskKind;
using attention::visible_keys;

void expect_seen(const Mask& mask, Index query_len, Index key_len, Index query, Index begin,
                 Index end) {
  const Range seen = visible_keys(mask, query_len, key_len, query);
  EXPECT_EQ(seen.begin, begin);
  EXPECT_EQ(seen.end, end);
}

TEST(AttentionMasks, OfEncodersReachHalfTheWindowToBothSides) {
  expect_seen({MaskKind::window, 4}, 10, 10, 5, 3, 8);
  expect_seen({MaskKind::window, 5}, 10, 10, 5, 3, 8);
  expect_seen({MaskKind::window, 4}, 10, 10, 0, 0, 3);
  expect_seen({MaskKind::window, 4}, 10, 10, 9, 7, 10);
  expect_seen({MaskKind::window, 1}, 10, 10, 9, 9, 10);
  expect_seen({MaskKind::window, 4}, 1, 10, 0, 7, 10);
}

TEST(AttentionMasks, OfDecodersEndAtTheQueryAndCountIt) {
  expect_seen({MaskKind::causal}, 10, 10, 5, 0, 6);
  expect_seen({MaskKind::causal}, 2, 10, 0, 0, 9);
  expect_seen({MaskKind::causal}, 10, 4, 5, 0, 0);
  expect_seen({MaskKind::causal}, 10, 4, 6, 0, 1);
  expect_seen({MaskKind::causal_window, 3}, 10, 10, 5, 3, 6);
  expect_seen({MaskKind::causal_window, 3}, 1, 10, 0, 7, 10);
  expect_seen({MaskKind::causal_window, 0}, 10, 10, 5, 6, 6);
  expect_seen({}, 10, 10, 5, 0, 10);
}

TEST(AttentionFamily, NamesAreUniqueAndFound) {
  for (const attention::Kernel& kernel : attention::family()) {
    EXPECT_EQ(attention::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
    EXPECT_EQ(kernel.why_unsupported({1, 6, 3, 1, 1, 1}), std::nullopt);
    EXPECT_NE(kernel.why_unsupported({1, 6, 4, 1, 1, 1}), std::nullopt);
  }
  EXPECT_EQ(attention::find("none such"), nullptr);
}

TEST(AttentionFamily, CodePathNamesInstructionSetAndPath) {
  const auto path = [](const char* variant, Index query_len) {
    return attention::find(variant)
        ->prepare({1, 1, 1, query_len, 512, 64}, {}, {})
        ->code_path()
        .value_or("");
  };
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const std::string expected = set == "scalar" ? "generic" : set + " ";
    for (const char* variant : {"blocked", "flash", "simd", "simd_parallel"}) {
      EXPECT_EQ(path(variant, 512).substr(0, expected.size()), expected);
    }
    EXPECT_NE(path("blocked", 512).find("blocked"), std::string::npos);
    EXPECT_NE(path("flash", 512).find("flash"), std::string::npos);
    EXPECT_NE(path("simd", 1).find("stream"), std::string::npos);
  }
}

TEST(AttentionFamily, BatchedMatmulNeedsAProduct) {
  EXPECT_THROW(attention::find("batched_matmul")->prepare({1, 1, 1, 2, 2, 2}, {}, {}),
               std::runtime_error);
}

// What a wrong kernel could have written.
class AttentionReference : public testing::Test {
 protected:
  AttentionReference() { run(*attention::find("naive"), problem_, operands_.args(), {1}); }

  float& result(Index row, Index col) { return operands_.o.view().row(1, row)[col]; }
  std::optional<std::string> why() const { return attention::why_wrong(operands_.args(), 1); }

  attention::Problem problem_{2, 4, 2, 30, 50, 20, {MaskKind::causal}};
  AttentionOperands operands_{AttentionCase{problem_}};
};

TEST_F(AttentionReference, AcceptsWhatIsRight) { EXPECT_EQ(why(), std::nullopt); }

TEST_F(AttentionReference, FindsAnyElement) {
  for (const Index row : {0, 13, 29}) {
    for (const Index col : {0, 41, 79}) {
      const float right = result(row, col);
      result(row, col) += 1e-4F;
      EXPECT_NE(why(), std::nullopt);
      result(row, col) = std::numeric_limits<float>::quiet_NaN();
      const std::string message = why().value_or("");
      EXPECT_NE(message.find("batch 1"), std::string::npos) << message;
      EXPECT_NE(message.find("query " + std::to_string(row)), std::string::npos) << message;
      result(row, col) = right;
    }
  }
  EXPECT_EQ(why(), std::nullopt);
}

// The results of other masks, groups and scales of the same operands are not right.
TEST_F(AttentionReference, FindsAnotherDefinition) {
  const auto differs = [&](auto change) {
    attention::Args args = operands_.args();
    change(args);
    run(*attention::find("naive"), problem_, args, {1});
    return why().has_value();
  };
  EXPECT_FALSE(differs([](attention::Args&) {}));
  EXPECT_TRUE(differs([](attention::Args& args) { args.mask.kind = MaskKind::none; }));
  EXPECT_TRUE(differs([](attention::Args& args) { args.mask = {MaskKind::causal_window, 49}; }));
  EXPECT_TRUE(differs([](attention::Args& args) { args.scale *= 1.001F; }));
  EXPECT_TRUE(differs([](attention::Args& args) { args.k = args.v; }));
}

TEST_F(AttentionReference, SamplesLargeProblemsAtBothEnds) {
  const AttentionCase large{{1, 1, 1, 1000, 1000, 32, {}}};
  AttentionOperands operands(large);
  run(*attention::find("simd"), large.problem, operands.args(), {1});
  EXPECT_EQ(attention::why_wrong(operands.args(), 1), std::nullopt);
  for (const Index row : {0, 999}) {
    float& value = operands.o.view().row(0, row)[31];
    value += 1e-3F;
    EXPECT_NE(attention::why_wrong(operands.args(), 1), std::nullopt);
    value -= 1e-3F;
  }
}

}  // namespace
}  // namespace crossover::kernels::test
