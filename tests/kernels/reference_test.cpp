#include "kernels/matmul/reference.h"

#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

using matmul::Args;
using matmul::Problem;

// One below and one above full_check_limit: every element, and Freivalds' test with sampled rows.
class MatmulReference : public testing::TestWithParam<Problem> {
 protected:
  // The verdict on C after `spoil` had its way with the right product.
  static std::optional<std::string> verdict(const std::function<void(const Args&)>& spoil,
                                            std::uint64_t seed = 1) {
    const Operands operands({.problem = GetParam(), .layout = {3, 5, 1}});
    multiply(operands.args());
    spoil(operands.args());
    return matmul::why_wrong(operands.args(), seed);
  }

  static void multiply(const Args& args) {
    const Problem problem = {args.c.batch, args.c.rows, args.c.cols, args.a.cols};
    run(*matmul::find("simd"), problem, args, {});
  }

  static bool names(const std::optional<std::string>& why, const std::string& place) {
    return why && why->find(place) != std::string::npos;
  }
};

TEST_P(MatmulReference, AcceptsRightProductWithEverySeed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto why = verdict([](const Args&) {}, seed);
    EXPECT_EQ(why, std::nullopt) << *why;
  }
}

TEST_P(MatmulReference, CatchesDepthOffByOne) {
  const auto why = verdict([](const Args& args) {
    const Index k = args.a.cols - 1;
    multiply({args.a.block(0, 0, args.a.rows, k), args.b.block(0, 0, k, args.b.cols), args.c});
  });
  EXPECT_NE(why, std::nullopt);
}

TEST_P(MatmulReference, CatchesIgnoredLastColumn) {
  for (const float left : {0.0F, std::numeric_limits<float>::quiet_NaN()}) {
    const auto why = verdict([left](const Args& args) {
      for (Index i = 0; i < args.c.rows; ++i) args.c.row(0, i)[args.c.cols - 1] = left;
    });
    EXPECT_TRUE(names(why, fmt::format("col {}:", GetParam().n - 1))) << why.value_or("accepted");
  }
}

TEST_P(MatmulReference, CatchesAccumulationIntoC) {
  const auto why = verdict([](const Args& args) {
    for (Index i = 0; i < args.c.rows; ++i) {
      for (Index j = 0; j < args.c.cols; ++j) args.c.row(0, i)[j] *= 2;
    }
  });
  EXPECT_NE(why, std::nullopt);
}

// Small beside the elements (about 5 here), and in rows most of which are not sampled.
TEST_P(MatmulReference, CatchesOneElementThatIsSlightlyWrong) {
  for (Index i = 0; i < GetParam().m; i += 7) {
    const Index j = (i * 5 + 2) % GetParam().n;
    const auto why = verdict([&](const Args& args) { args.c.row(0, i)[j] += 0.5F; });
    EXPECT_TRUE(names(why, fmt::format("batch 0, row {}, col {}:", i, j)))
        << why.value_or("accepted");
  }
}

TEST_P(MatmulReference, CatchesPoisonThatSurvived) {
  for (const float poison :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const Index i = GetParam().m / 2 + 1;
    const auto why = verdict([&](const Args& args) { args.c.row(0, i)[2] = poison; });
    EXPECT_TRUE(names(why, fmt::format("row {}, col 2:", i))) << why.value_or("accepted");
  }
}

TEST_P(MatmulReference, CatchesSwappedOperandRows) {
  const auto why = verdict([](const Args& args) {
    Args swapped = args;
    swapped.a = args.a.block(1, 0, args.a.rows - 1, args.a.cols);
    swapped.c = args.c.block(0, 0, args.c.rows - 1, args.c.cols);
    multiply(swapped);
  });
  EXPECT_NE(why, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Regimes, MatmulReference,
                         testing::Values(Problem{1, 60, 50, 40}, Problem{1, 257, 300, 256}),
                         [](const auto& instance) {
                           return instance.index == 0 ? "Full" : "Freivalds";
                         });

TEST(MatmulReferenceBatch, NamesTheBatchElement) {
  const Operands operands({.problem = {3, 4, 5, 6}, .layout = {}});
  run(*matmul::find("simd"), {3, 4, 5, 6}, operands.args(), {});
  operands.c.view().row(2, 3)[4] += 1;
  const auto why = matmul::why_wrong(operands.args(), 1);
  EXPECT_EQ(why.value_or("").rfind("batch 2, row 3, col 4: value", 0), 0U) << *why;
}

}  // namespace
}  // namespace crossover::kernels::test
