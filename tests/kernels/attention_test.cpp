#include "kernels/attention/attention.h"

#include <array>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>
#include <vector>

#include "tests/kernels/attention_case.h"

namespace crossover::kernels::test {
namespace {

using attention::Kernel;
using attention::Mask;
using attention::MaskKind;
using attention::Problem;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Every variant, found through the list: a new one is tested without a change here.
class AttentionConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    const matmul::Kernel* product = product_of(kernel());
    if (product == nullptr) return;
    if (const auto why = product->why_unsupported({1, 1, 1, 1})) GTEST_SKIP() << *why;
  }

  static const Kernel& kernel() { return *GetParam(); }

  static std::vector<std::string> instruction_sets_to_test() {
    if (kernel().traits.simd != Simd::highway) return {instruction_sets().front()};
    return instruction_sets();
  }

  static std::vector<int> thread_counts() {
    if (kernel().traits.threading == Threading::none) return {1};
    return {1, 2, 3, 5};
  }

  static void expect_right(const AttentionCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, {threads});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

constexpr std::array<Mask, 5> masks = {{{MaskKind::none},
                                        {MaskKind::causal},
                                        {MaskKind::window, 6},
                                        {MaskKind::causal_window, 5},
                                        {MaskKind::causal_window, 70}}};

// Around streams (8 rows), vectors (4 to 16 lanes), tiles (4 to 32) and blocks of rows.
constexpr std::array<Index, 9> edge_queries = {0, 1, 2, 5, 8, 9, 16, 31, 33};
constexpr std::array<Index, 8> edge_keys = {0, 1, 2, 7, 16, 17, 40, 129};
constexpr std::array<Index, 7> edge_dims = {0, 1, 3, 8, 17, 33, 64};

TEST_P(AttentionConformance, EdgesOfTilesAndVectors) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : edge_queries) {
      for (const Index keys : edge_keys) {
        for (const Index dim : edge_dims) {
          for (const Mask& mask : masks) {
            expect_right({{1, 1, 1, queries, keys, dim, mask}, {3, 0, 17}}, 1);
          }
        }
      }
    }
  }
}

// Around blocks of keys (128, 256), and more of them than one.
TEST_P(AttentionConformance, EdgesOfBlocks) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : {1, 4, 32, 65}) {
      for (const Index keys : {127, 128, 129, 255, 256, 257, 390, 530}) {
        for (const Mask& mask : masks) expect_right({{1, 1, 1, queries, keys, 19, mask}}, 1);
      }
    }
  }
}

TEST_P(AttentionConformance, GroupsOfHeadsAndThreads) {
  constexpr std::array<std::array<Index, 2>, 6> head_groups = {
      {{1, 1}, {3, 1}, {4, 4}, {6, 2}, {8, 1}, {12, 3}}};
  for (const int threads : thread_counts()) {
    for (const auto& [heads, kv_heads] : head_groups) {
      for (const Index queries : {1, 3, 20}) {
        for (const Index keys : {20, 300}) {
          for (const Mask& mask : masks) {
            for (const Index batch : {1, 3}) {
              expect_right({{batch, heads, kv_heads, queries, keys, 24, mask}, {5, 7, 3}}, threads);
            }
          }
        }
      }
    }
  }
}

// Rows of keys that are 2 KiB apart fall into few sets of a cache and may be copied, where a thread
// has several blocks of rows of a head.
TEST_P(AttentionConformance, KeysThatCollideInCaches) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Mask& mask : masks) {
        expect_right({{1, 6, 6, 300, 310, 128, mask}, {}}, threads);
        expect_right({{2, 16, 8, 150, 150, 64, mask}, {}}, threads);
      }
    }
  }
}

TEST_P(AttentionConformance, ManyKeysForOneQueryAndEmptyExtents) {
  for (const int threads : thread_counts()) {
    for (const Mask& mask : masks) {
      expect_right({{1, 2, 1, 1, 2000, 80, mask}}, threads);
      expect_right({{0, 2, 1, 3, 10, 8, mask}}, threads);
      expect_right({{2, 0, 1, 3, 10, 8, mask}}, threads);
      expect_right({{2, 2, 1, 0, 10, 8, mask}}, threads);
      expect_right({{2, 2, 1, 70, 0, 8, mask}}, threads);
    }
  }
}

// A query that sees no key gives zeros: here the first ones, which stand before the first key.
TEST_P(AttentionConformance, QueriesWithoutKeysGiveZeros) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : {6, 50}) {
      for (const Mask& mask : {Mask{MaskKind::causal}, Mask{MaskKind::causal_window, 2},
                               Mask{MaskKind::causal_window, 0}}) {
        const AttentionCase c{{2, 2, 1, queries, 4, 20, mask}, {1, 1, 1}};
        expect_right(c, 1);
        AttentionOperands operands(c);
        run(kernel(), c.problem, operands.args(), {1});
        const Index without = mask.kind == MaskKind::causal_window && mask.window == 0
                                  ? queries
                                  : queries - c.problem.key_len;
        for (Index i = 0; i < without; ++i) {
          for (Index p = 0; p < 40; ++p) EXPECT_EQ(operands.o.view().row(1, i)[p], 0) << i;
        }
      }
    }
  }
}

/// A key that holds something must not be seen where the mask hides it, and only there.
void expect_hidden(const Kernel& kernel, const AttentionCase& c, Index key, float in_keys,
                   float in_values) {
  AttentionOperands clean(c);
  AttentionOperands spoilt(c);
  std::fill_n(spoilt.k.view().row(0, key), spoilt.k.view().cols, in_keys);
  std::fill_n(spoilt.v.view().row(0, key), spoilt.v.view().cols, in_values);
  run(kernel, c.problem, clean.args(), {1});
  run(kernel, c.problem, spoilt.args(), {1});
  for (Index i = 0; i < c.problem.query_len; ++i) {
    const Range seen = visible_keys(clean.args(), i);
    const bool sees = seen.begin <= key && key < seen.end;
    for (Index p = 0; p < spoilt.o.view().cols; ++p) {
      const float value = spoilt.o.view().row(0, i)[p];
      if (sees) {
        ASSERT_TRUE(std::isnan(value)) << kernel.name << ", " << c.describe() << ", key " << key
                                       << " is seen by query " << i << ": " << value;
      } else {
        ASSERT_NEAR(value, clean.o.view().row(0, i)[p], 1e-5)
            << kernel.name << ", " << c.describe() << ", key " << key << ", query " << i;
      }
    }
  }
}

TEST_P(AttentionConformance, WhatIsHiddenDoesNotMatter) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : {1, 4, 40}) {
      for (const Mask& mask : masks) {
        const AttentionCase c{{1, 2, 1, queries, 45, 20, mask}};
        for (Index key = 0; key < 45; key += 4) {
          expect_hidden(kernel(), c, key, not_a_number, not_a_number);
          expect_hidden(kernel(), c, key, 0.5F, not_a_number);
          expect_hidden(kernel(), c, key, not_a_number, 0.5F);
        }
      }
    }
  }
}

TEST_P(AttentionConformance, HiddenInfinitiesDoNotMatter) {
  for (const Index queries : {1, 4, 40}) {
    const AttentionCase c{{1, 1, 1, queries, 45, 20, {MaskKind::causal_window, 3}}};
    AttentionOperands operands(c);
    for (Index key = 0; key < 45 - queries - 3; ++key) {
      std::fill_n(operands.k.view().row(0, key), 20, key % 2 == 0 ? infinity : -infinity);
      std::fill_n(operands.v.view().row(0, key), 20, infinity);
    }
    run(kernel(), c.problem, operands.args(), {1});
    EXPECT_EQ(attention::why_wrong(operands.args(), 1), std::nullopt);
  }
}

void fill(GuardedMatrix& matrix, float value) {
  for (Index i = 0; i < matrix.view().rows; ++i) {
    std::fill_n(matrix.view().row(0, i), matrix.view().cols, value);
  }
}

TEST_P(AttentionConformance, EqualScoresGiveTheMean) {
  for (const Index queries : {1, 20}) {
    const AttentionCase c{{1, 1, 1, queries, 300, 18, {}}};
    AttentionOperands operands(c);
    fill(operands.q, 0);
    run(kernel(), c.problem, operands.args(), {1});
    EXPECT_EQ(attention::why_wrong(operands.args(), 1), std::nullopt);
    double mean = 0;
    for (Index j = 0; j < 300; ++j) mean += operands.v.view().row(0, j)[17] / 300.0;
    EXPECT_NEAR(operands.o.view().row(0, queries - 1)[17], mean, 1e-6);
  }
}

// Scores far apart and far from 0: exp() of them would overflow or vanish. They rise or fall along
// the keys, so that the largest score changes in every block or never.
TEST_P(AttentionConformance, ExtremeScores) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : {1, 20}) {
      for (const float step : {0.25F, -0.25F, 3.0F, -3.0F, 40.0F, -40.0F}) {
        const AttentionCase c{{1, 1, 1, queries, 400, 16, {}}, {}, 1.0F};
        AttentionOperands operands(c);
        fill(operands.q, 0);
        for (Index i = 0; i < queries; ++i) operands.q.view().row(0, i)[3] = 1;
        for (Index j = 0; j < 400; ++j) {
          operands.k.view().row(0, j)[3] = step * static_cast<float>(j) - 2000;
        }
        run(kernel(), c.problem, operands.args(), {1});
        const auto why = attention::why_wrong(operands.args(), 1);
        EXPECT_EQ(why, std::nullopt) << kernel().name << " " << set << " " << step << *why;
        if (std::abs(step) < 40) continue;
        const Index chosen = step > 0 ? 399 : 0;
        EXPECT_EQ(operands.o.view().row(0, 0)[5], operands.v.view().row(0, chosen)[5]);
      }
    }
  }
}

TEST_P(AttentionConformance, ScoresOfMinusInfinityHaveNoWeight) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index queries : {1, 20}) {
      for (const Index hidden : {1, 64, 150, 299, 300}) {
        const AttentionCase c{{1, 1, 1, queries, 300, 16, {}}, {}, 1.0F};
        AttentionOperands operands(c);
        fill(operands.q, 1);
        for (Index j = 0; j < hidden; ++j) operands.k.view().row(0, j)[2] = -infinity;
        run(kernel(), c.problem, operands.args(), {1});
        const auto why = attention::why_wrong(operands.args(), 1);
        EXPECT_EQ(why, std::nullopt) << kernel().name << " " << set << " " << hidden << *why;
        if (hidden == 300) {
          EXPECT_EQ(operands.o.view().row(0, 0)[0], 0);
        }
      }
    }
  }
}

TEST_P(AttentionConformance, ScoresOfInfinityAndNaNShow) {
  for (const float bad : {infinity, not_a_number}) {
    for (const Index queries : {1, 20}) {
      const AttentionCase c{{1, 1, 1, queries, 200, 16, {}}, {}, 1.0F};
      AttentionOperands operands(c);
      fill(operands.q, 1);
      operands.k.view().row(0, 77)[2] = bad;
      run(kernel(), c.problem, operands.args(), {1});
      EXPECT_TRUE(std::isnan(operands.o.view().row(0, 0)[3]));
    }
  }
}

// Scores 0 and ln 3, weights 1/4 and 3/4.
TEST_P(AttentionConformance, ByHand) {
  const std::array<float, 2> q = {2, 0};
  const std::array<float, 4> k = {0, 5, 1, 5};
  const std::array<float, 4> v = {4, 8, 8, -8};
  std::array<float, 2> o = {-1, -1};
  const Problem problem{1, 1, 1, 1, 2, 2, {}};
  run(kernel(), problem,
      {.q = dense(q.data(), 1, 1, 2),
       .k = dense(k.data(), 1, 2, 2),
       .v = dense(v.data(), 1, 2, 2),
       .o = dense(o.data(), 1, 1, 2),
       .heads = 1,
       .kv_heads = 1,
       .head_dim = 2,
       .scale = 0.5F * 1.0986123F},
      {1});
  EXPECT_NEAR(o[0], 7, 1e-5);
  EXPECT_NEAR(o[1], -4, 1e-5);
}

TEST_P(AttentionConformance, AnyShapeMaskLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test();
  const std::vector<int> threads = thread_counts();
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const Index kv_heads = *rc::gen::inRange<Index>(1, 4);
    const AttentionCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 4),
                    kv_heads * *rc::gen::inRange<Index>(1, 5),
                    kv_heads,
                    *rc::gen::inRange<Index>(0, 70),
                    *rc::gen::inRange<Index>(0, 200),
                    *rc::gen::inRange<Index>(0, 70),
                    {*rc::gen::element(MaskKind::none, MaskKind::causal, MaskKind::window,
                                       MaskKind::causal_window),
                     *rc::gen::inRange<Index>(0, 100)}},
        .layout = {*rc::gen::inRange<Index>(0, 20), *rc::gen::inRange<Index>(0, 20),
                   *rc::gen::inRange<Index>(0, 20)},
        .scale = *rc::gen::element(0.1F, 1.0F, -0.7F),
    };
    const auto why = why_wrong(kernel(), c, {*rc::gen::elementOf(threads)});
    if (why) RC_FAIL(*why);
  }));
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : attention::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, AttentionConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace crossover::kernels::test
