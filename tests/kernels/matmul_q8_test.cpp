#include "kernels/quant/matmul_q8.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>
#include <vector>

#include "kernels/quant/activation_block.h"
#include "kernels/quant/simd_code.h"
#include "kernels/quant/simd_team.h"
#include "tests/kernels/matmul_q8_case.h"

namespace crossover::kernels::test {
namespace {

using quant::Problem;
using quant::Variant;

// Every variant, found through the list: a new one is tested without a change here.
class MatmulQ8Conformance : public testing::TestWithParam<const Variant*> {
 protected:
  static const Variant& variant() { return *GetParam(); }

  static std::vector<std::string> instruction_sets_to_test() {
    if (variant().kernel.traits.simd == Simd::none) return {instruction_sets().front()};
    return instruction_sets();
  }

  static std::vector<int> thread_counts() {
    if (variant().kernel.traits.threading == Threading::none) return {1};
    return {1, 2, 3, 5};
  }

  static void expect_right(Q8Operands& operands, const MatmulQ8Case& c, int threads) {
    const auto why = why_wrong(variant(), operands, {threads});
    EXPECT_EQ(why, std::nullopt) << variant().kernel.name << " [" << instruction_set()
                                 << ", threads " << threads << ", " << c.describe()
                                 << "]: " << *why;
  }

  static void expect_right(const MatmulQ8Case& c, int threads) {
    Q8Operands operands(c);
    expect_right(operands, c, threads);
  }

  // The same product with operands that `change` made special, by every instruction set.
  template <class Change>
  static void expect_right_after(const Change& change, const Problem& problem = {7, 37, 96}) {
    for (const std::string& set : instruction_sets_to_test()) {
      const ForcedInstructionSet forced(set);
      // Few rows and many: weights where they lie, and packed.
      for (const Index m : {Index{1}, problem.m}) {
        const MatmulQ8Case c = {{m, problem.n, problem.k}, 1, 3};
        Q8Operands operands(c);
        change(operands);
        expect_right(operands, c, thread_counts().back());
      }
    }
  }
};

// Around the register tiles (1 to 6 rows, 16 or 32 columns), pairs and fours of columns, and groups
// of eight blocks.
TEST_P(MatmulQ8Conformance, EdgesOfTilesPanelsAndGroups) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index m : {0, 1, 2, 3, 4, 5, 6, 7, 8, 13}) {
      for (const Index n : {0, 1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 65}) {
        for (const Index k : {0, 32, 64, 224, 256, 288}) {
          expect_right({{m, n, k}, 3, 17}, 1);
          expect_right({{m, n, k}, 0, 0}, 1);
        }
      }
    }
  }
}

TEST_P(MatmulQ8Conformance, LargeStridedAndThreaded) {
  constexpr std::array<Problem, 8> problems = {{
      {1, 1009, 64},
      {1009, 1, 96},
      {7, 5, 4096},
      {2, 130, 1056},
      {127, 97, 160},
      {60, 33, 544},
      {3, 64, 64},
      {390, 433, 512},
  }};
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Problem& problem : problems) {
        expect_right({problem, 0, 0}, threads);
        expect_right({problem, 5, 1}, threads);
      }
    }
  }
}

TEST_P(MatmulQ8Conformance, ThreadsAndEmptyExtents) {
  for (const int threads : thread_counts()) {
    for (const Index m : {0, 1, 2, 13}) {
      for (const Index n : {0, 1, 5, 33, 70}) {
        for (const Index k : {0, 32, 96}) expect_right({{m, n, k}, 0, 0}, threads);
      }
    }
  }
}

// Integers whose largest magnitude is 127 are their own quantisation.
TEST_P(MatmulQ8Conformance, ProductByHand) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    std::array<float, 64> a = {1, 2, -127};
    a[32] = -3;
    a[33] = 127;
    std::array<quant::BlockQ8, 4> w;  // [2, 2]
    w[0] = {0x4000, {1, -3}};         // 2 * (1 - 6) = -10
    w[1] = {0xb800, {127, -128}};     // -0.5 * (-381 - 16256) = 8318.5
    w[2] = {0x0001, {0, 0, -128}};    // 2^-24 * 16256
    w[3] = {0x3c00, {}};
    std::array<float, 2> c = {-1, -1};
    run(variant(),
        {dense<const float>(a.data(), 1, 1, 64), dense<const quant::BlockQ8>(w.data(), 1, 2, 2),
         dense(c.data(), 1, 1, 2)},
        {1});
    EXPECT_EQ(c, (std::array<float, 2>{8308.5F, 16256 * 0x1p-24F})) << set;
  }
}

// Sums that saturate in 16 bits, or overflow where -128 has no counterpart.
TEST_P(MatmulQ8Conformance, ExtremeWeightsAndActivations) {
  for (const int weight : {-128, -127, 127}) {
    for (const float activation : {-1.0F, 1.0F}) {
      for (const bool alternate : {false, true}) {
        expect_right_after([&](Q8Operands& operands) {
          operands.w.for_each([&](quant::BlockQ8& block) {
            for (Index p = 0; p < quant::block_values; ++p) {
              block.values[p] = static_cast<std::int8_t>(alternate && p % 2 == 1 ? 127 : weight);
            }
          });
          operands.a.fill_with(
              [&](Index, Index p) { return alternate && p % 2 == 1 ? -activation : activation; });
        });
      }
    }
  }
}

TEST_P(MatmulQ8Conformance, SpecialScalesOfWeights) {
  constexpr std::array<std::uint16_t, 8> scales = {
      0x0000,  // zero
      0x8000,  // minus zero
      0x0001,  // the smallest subnormal number
      0x03ff,  // the largest one
      0x8001, 0x0400, 0x7bff, 0xfbff,
  };
  for (const std::uint16_t scale : scales) {
    expect_right_after([&](Q8Operands& operands) {
      operands.w.for_each([&](quant::BlockQ8& block) { block.scale = scale; });
    });
  }
  std::size_t next = 0;
  expect_right_after([&](Q8Operands& operands) {
    operands.w.for_each([&](quant::BlockQ8& block) { block.scale = scales[next++ % 8]; });
  });
}

TEST_P(MatmulQ8Conformance, ZerosAndActivationsOfAnyMagnitude) {
  constexpr std::array<float, 10> magnitudes = {
      0,         -0.0F,    0x1p-149F, 0x1p-126F, 0x1p-101F, 0x1.fffffep-101F,
      0x1p-100F, 0x1p-90F, 0x1p60F,   0x1p90F,
  };
  for (const float magnitude : magnitudes) {
    expect_right_after([&](Q8Operands& operands) {
      operands.a.fill_with([&](Index i, Index p) {
        return magnitude * static_cast<float>((i + p * 7) % 5 - 2) / 2;
      });
    });
  }
  expect_right_after([&](Q8Operands& operands) {
    operands.a.fill_with([&](Index, Index p) {
      return magnitudes[static_cast<std::size_t>(p / quant::block_values) % 10];
    });
  });
}

TEST_P(MatmulQ8Conformance, NanAndInfinityMakeTheirRowNan) {
  if (variant().activations == quant::Activations::exact) return;  // whatever f32 products give
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    for (const Index at : {0, 31, 64, 543}) {
      expect_right_after([&](Q8Operands& operands) { operands.a.set(0, at, value); }, {8, 37, 544});
    }
  }
}

TEST_P(MatmulQ8Conformance, IsNearTheProductOfTheActivationsThemselves) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index m : {1, 9}) {
      const Q8Operands operands({{m, 70, 320}, 2, 1});
      run(variant(), operands.args(), {thread_counts().back()});
      const auto why = quant::why_far_from_exact(operands.args());
      EXPECT_EQ(why, std::nullopt) << *why;
    }
  }
}

TEST_P(MatmulQ8Conformance, DeclinesDepthsThatAreNoBlocks) {
  for (const Index k : {1, 31, 33, 48}) {
    const auto why = variant().kernel.why_unsupported({1, 1, k});
    EXPECT_NE(why.value_or("").find(std::to_string(k)), std::string::npos);
  }
  EXPECT_EQ(variant().kernel.why_unsupported({1, 1, 64}), std::nullopt);
}

TEST_P(MatmulQ8Conformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test();
  const std::vector<int> threads = thread_counts();
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const MatmulQ8Case c = {
        .problem = {*rc::gen::inRange<Index>(0, 40), *rc::gen::inRange<Index>(0, 100),
                    32 * *rc::gen::inRange<Index>(0, 20)},
        .padding = *rc::gen::inRange<Index>(0, 20),
        .end_gap = *rc::gen::inRange<Index>(0, 40),
    };
    Q8Operands operands(c);
    const auto why = why_wrong(variant(), operands, {*rc::gen::elementOf(threads)});
    if (why) RC_FAIL(*why + " " + c.describe());
  }));
}

std::vector<const Variant*> all_variants() {
  std::vector<const Variant*> variants;
  for (const Variant& variant : quant::family()) variants.push_back(&variant);
  return variants;
}

INSTANTIATE_TEST_SUITE_P(Family, MatmulQ8Conformance, testing::ValuesIn(all_variants()),
                         [](const auto& instance) {
                           return std::string(instance.param->kernel.name);
                         });

TEST(MatmulQ8Family, NamesAreUniqueAndFound) {
  for (const Variant& variant : quant::family()) {
    EXPECT_EQ(quant::find(variant.kernel.name), &variant);
    EXPECT_FALSE(variant.kernel.source.empty());
  }
  EXPECT_EQ(quant::find("none such"), nullptr);
}

TEST(MatmulQ8Family, DequantiseFirstSimdNeedsAProduct) {
  const Variant& variant = *quant::find("dequantise_first_simd");
  EXPECT_THROW(variant.kernel.prepare({1, 1, 32}, {}, {}), std::runtime_error);
}

TEST(MatmulQ8Family, CodePathNamesInstructionSetAndPath) {
  const auto path = [](const char* name, Index m) {
    return quant::find(name)->kernel.prepare({m, 64, 64}, {}, {})->code_path().value_or("");
  };
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const std::string name = quant::code().name;
    EXPECT_EQ(path("simd", 1), name + " rows");
    EXPECT_EQ(path("simd", 100), name + " panels");
    if (set == "avx2") {
      EXPECT_TRUE(name.starts_with("avx2")) << name;
    }
    if (set == "scalar" || set == "sse4") {
      EXPECT_EQ(name, "portable");
    }
  }
}

// Every code must quantise to the bits that the definition gives.
TEST(MatmulQ8Quantisation, IsTheSameToTheBitInEveryCode) {
  constexpr Index blocks = 21;
  std::mt19937_64 random(5);
  std::uniform_real_distribution<float> value(-1, 1);
  GuardedMatrix a(1, 1, blocks * quant::block_values, {0, 0, 3});
  for (int round = 0; round < 300; ++round) {
    a.fill_with([&](Index, Index p) {
      const int exponent = static_cast<int>((p / quant::block_values * 13 + round) % 240) - 120;
      // Halves of steps, too, where rounding to even shows.
      return round % 3 == 0 ? static_cast<float>(static_cast<int>(random() % 509) - 254) / 2
                            : std::ldexp(value(random), exponent);
    });
    std::vector<std::int8_t> expected(blocks * quant::block_values);
    std::vector<float> scales(blocks);
    for (Index b = 0; b < blocks; ++b) {
      scales[static_cast<std::size_t>(b)] = quant::quantise_block(
          a.view().data + b * quant::block_values, expected.data() + b * quant::block_values);
    }
    for (const std::string& set : instruction_sets()) {
      const ForcedInstructionSet forced(set);
      for (const Range& range : {Range{0, blocks}, Range{3, 8}, Range{5, 15}}) {
        const Workspace values(static_cast<std::size_t>(blocks * quant::block_values));
        std::vector<float> found(blocks);
        std::vector<std::int32_t> offsets(blocks);
        quant::QuantisedRows rows;
        rows.rows = 1;
        rows.blocks = blocks;
        rows.values = reinterpret_cast<std::int8_t*>(values.span().data());
        rows.scales = found.data();
        rows.offsets = offsets.data();
        quant::code().quantise(a.view().data, 0, range, rows);
        for (Index b = range.begin; b < range.end; ++b) {
          ASSERT_EQ(found[static_cast<std::size_t>(b)], scales[static_cast<std::size_t>(b)]);
        }
        const Index first = range.begin * quant::block_values;
        ASSERT_EQ(std::memcmp(rows.values + first, expected.data() + first,
                              static_cast<std::size_t>(range.size() * quant::block_values)),
                  0)
            << set;
      }
    }
  }
}

TEST(MatmulQ8Quantisation, ByHand) {
  std::array<float, 32> x = {0.5F, -127, 2.5F, 3.5F, -0.5F, 1.4F};
  std::array<std::int8_t, 32> q;
  EXPECT_EQ(quant::quantise_block(x.data(), q.data()), 1);
  EXPECT_EQ(q, (std::array<std::int8_t, 32>{0, -127, 2, 4, 0, 1}));
  x[3] = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(quant::quantise_block(x.data(), q.data())));
}

// All 65,536 numbers, against their definition.
TEST(MatmulQ8Blocks, ConvertEveryHalf) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 0x1f);
    const int fraction = static_cast<int>(bits & 0x3ff);
    const float value = quant::float_of_half(static_cast<std::uint16_t>(bits));
    EXPECT_EQ(std::signbit(value), bits >> 15 != 0) << bits;
    if (exponent == 31) {
      EXPECT_TRUE(fraction == 0 ? std::isinf(value) : std::isnan(value)) << bits;
    } else {
      const double expected =
          exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      EXPECT_EQ(std::abs(value), expected) << bits;
    }
  }
}

TEST(MatmulQ8Team, CutsColumnsFirstAndRowsWhereColumnsAreFew) {
  const auto split = [](const Problem& problem, int threads, quant::Path path) {
    const quant::Split cut = plan_team(quant::code(), path, problem, threads).split;
    return std::pair{cut.rows, cut.cols};
  };
  using Pair = std::pair<Index, Index>;
  EXPECT_EQ(split({1, 768, 768}, 2, quant::Path::rows), (Pair{1, 2}));
  EXPECT_EQ(split({512, 768, 768}, 2, quant::Path::panels), (Pair{1, 2}));
  EXPECT_EQ(split({512, 32, 768}, 4, quant::Path::panels), (Pair{4, 1}));
  EXPECT_EQ(split({512, 256, 768}, 128, quant::Path::prepacked), (Pair{16, 8}));
  EXPECT_EQ(split({1, 1, 32}, 5, quant::Path::rows), (Pair{1, 1}));
  EXPECT_EQ(split({0, 0, 0}, 5, quant::Path::panels), (Pair{1, 1}));
}

}  // namespace
}  // namespace crossover::kernels::test
