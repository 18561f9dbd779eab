#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "tests/kernels/matmul_q8_case.h"

namespace crossover::kernels::test {
namespace {

using quant::Args;
using quant::Problem;

// One below and one above full_check_limit: every element, and Freivalds' test with sampled rows.
class MatmulQ8Reference : public testing::TestWithParam<Problem> {
 protected:
  // The verdict on C after `spoil` had its way with the right product.
  static std::optional<std::string> verdict(const std::function<void(const Args&)>& spoil,
                                            std::uint64_t seed = 1) {
    const Q8Operands operands({GetParam(), 3, 1});
    run(*quant::find("simd"), operands.args(), {});
    spoil(operands.args());
    return quant::why_wrong(operands.args(), quant::Activations::quantised, seed);
  }

  static bool names(const std::optional<std::string>& why, const std::string& place) {
    return why && why->find(place) != std::string::npos;
  }
};

TEST_P(MatmulQ8Reference, AcceptsRightProductWithEverySeed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto why = verdict([](const Args&) {}, seed);
    EXPECT_EQ(why, std::nullopt) << *why;
  }
}

TEST_P(MatmulQ8Reference, CatchesALostBlock) {
  const auto why = verdict([](const Args& args) {
    Args less = args;
    less.a.cols -= quant::block_values;
    less.w.cols -= 1;
    run(*quant::find("simd"), less, {});
  });
  EXPECT_NE(why, std::nullopt);
}

// What another rounding of activations gives is not what is defined.
TEST_P(MatmulQ8Reference, CatchesActivationsThatWereNotQuantised) {
  const auto why =
      verdict([](const Args& args) { run(*quant::find("dequantise_first"), args, {}); });
  EXPECT_NE(why, std::nullopt);
}

TEST_P(MatmulQ8Reference, CatchesAQuantisedProductWhereTheExactOneIsMeant) {
  const Q8Operands operands({GetParam(), 0, 0});
  run(*quant::find("simd"), operands.args(), {});
  EXPECT_NE(quant::why_wrong(operands.args(), quant::Activations::exact, 1), std::nullopt);
}

TEST_P(MatmulQ8Reference, CatchesIgnoredLastColumn) {
  for (const float left : {0.0F, std::numeric_limits<float>::quiet_NaN()}) {
    const auto why = verdict([left](const Args& args) {
      for (Index i = 0; i < args.c.rows; ++i) args.c.row(0, i)[args.c.cols - 1] = left;
    });
    EXPECT_TRUE(names(why, fmt::format("col {}:", GetParam().n - 1))) << why.value_or("accepted");
  }
}

// Small beside the elements (about 10 here), and in rows most of which are not sampled.
TEST_P(MatmulQ8Reference, CatchesOneElementThatIsSlightlyWrong) {
  for (Index i = 0; i < GetParam().m; i += 7) {
    const Index j = (i * 5 + 2) % GetParam().n;
    const auto why = verdict([&](const Args& args) { args.c.row(0, i)[j] += 0.5F; });
    EXPECT_TRUE(names(why, fmt::format("row {}, col {}:", i, j))) << why.value_or("accepted");
  }
}

TEST_P(MatmulQ8Reference, CatchesOneWrongWeight) {
  const Q8Operands operands({GetParam(), 0, 0});
  run(*quant::find("simd"), operands.args(), {});
  operands.w.view().row(0, GetParam().n / 2)[1].values[5] ^= 0x40;
  EXPECT_NE(quant::why_wrong(operands.args(), quant::Activations::quantised, 1), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Regimes, MatmulQ8Reference,
                         testing::Values(Problem{60, 50, 64}, Problem{257, 300, 256}),
                         [](const auto& instance) {
                           return instance.index == 0 ? "Full" : "Freivalds";
                         });

TEST(MatmulQ8ReferenceRows, OfNanMustBeNan) {
  Q8Operands operands({{3, 4, 64}, 0, 0});
  operands.a.set(1, 40, std::numeric_limits<float>::infinity());
  run(*quant::find("naive"), operands.args(), {});
  EXPECT_EQ(quant::why_wrong(operands.args(), quant::Activations::quantised, 1), std::nullopt);
  operands.c.view().row(0, 1)[2] = 0;
  const auto why = quant::why_wrong(operands.args(), quant::Activations::quantised, 1);
  EXPECT_EQ(why.value_or("").rfind("row 1, col 2: value 0, expected NaN", 0), 0U) << *why;
}

TEST(MatmulQ8ReferenceExact, RejectsAnElementFarFromTheExactProduct) {
  const Q8Operands operands({{3, 4, 64}, 0, 0});
  run(*quant::find("naive"), operands.args(), {});
  EXPECT_EQ(quant::why_far_from_exact(operands.args()), std::nullopt);
  operands.c.view().row(0, 2)[1] += 1;
  const auto why = quant::why_far_from_exact(operands.args());
  EXPECT_EQ(why.value_or("").rfind("row 2, col 1: value", 0), 0U) << *why;
}

}  // namespace
}  // namespace crossover::kernels::test
