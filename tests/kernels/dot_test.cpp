#include "kernels/dot/dot.h"

#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>

#include "kernels/dot/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/what_to_test.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using dot::Kernel;
using dot::Problem;

/// One call with operands of its own.
struct DotCase {
  Problem problem;
  Layout layout;
  bool coarse = true;  // exact sums, or rounded ones
};

struct DotOperands {
  explicit DotOperands(const DotCase& c)
      : x(1, c.problem.batch, c.problem.n, c.layout),
        y(1, c.problem.batch, c.problem.n, c.layout),
        result(1, 1, c.problem.batch, {.end_gap = c.layout.end_gap}) {
    if (c.coarse) {
      x.fill_coarse(1);
      y.fill_coarse(2);
    } else {
      x.fill_random(1);
      y.fill_random(2);
    }
  }

  dot::Args args() const {
    const auto batch = static_cast<std::size_t>(result.view().cols);
    return {x.view(), y.view(), {result.view().data, batch}};
  }

  GuardedMatrix x;
  GuardedMatrix y;
  GuardedMatrix result;
};

void run(const Kernel& kernel, const Problem& problem, const dot::Args& args, int threads) {
  const auto prepared = kernel.prepare(problem, {}, {threads});
  const Workspace workspace(kernel.workspace_bytes(problem, {threads}));
  kernel.run(args, *prepared, workspace.span(), {threads});
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const DotCase& c, int threads) {
  DotOperands operands(c);
  run(kernel, c.problem, operands.args(), threads);
  std::optional<std::string> why = dot::why_wrong(operands.args());
  if (!why && !operands.result.guards_untouched()) why = "wrote beside the result";
  if (!why && !(operands.x.untouched() && operands.y.untouched())) why = "wrote to an operand";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}] batch {} n {}, padding {}, end gap {}: {}", kernel.name,
                     instruction_set(), threads, c.problem.batch, c.problem.n, c.layout.row_padding,
                     c.layout.end_gap, *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class DotConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    if (const auto why = kernel().why_unsupported({1, 1})) GTEST_SKIP() << *why;
  }

  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(const DotCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

TEST_P(DotConformance, EveryLengthAroundVectorsAndUnrolledSteps) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (Index n = 0; n <= 300; ++n) {
      expect_right({.problem = {1, n}, .layout = {}}, 1);
      expect_right({.problem = {2, n}, .layout = {3, 0, 1}}, 1);
    }
  }
}

TEST_P(DotConformance, ThreadsBatchesAndEmptyExtents) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts_of(kernel().traits)) {
      for (const Index batch : {0, 1, 2, 4, 7}) {
        for (const Index n : {0, 1, 17, 100, 1001}) {
          expect_right({.problem = {batch, n}, .layout = {5, 0, 3}}, threads);
          expect_right({.problem = {batch, n}, .layout = {}, .coarse = false}, threads);
        }
      }
    }
  }
}

// One lost product among many would show, since no sum rounds.
TEST_P(DotConformance, LongVectorsAreExact) {
  for (const int threads : thread_counts_of(kernel().traits)) {
    expect_right({.problem = {1, 1'000'003}, .layout = {0, 0, 1}}, threads);
  }
}

TEST_P(DotConformance, ValueByHand) {
  const std::array<float, 6> x = {1, 2, 3, 4, 5, 6};
  const std::array<float, 6> y = {7, 8, 9, -1, -2, -3};
  std::array<float, 2> result = {-1, -1};
  const auto rows = [](const std::array<float, 6>& v) { return dense(v.data(), 1, 2, 3); };
  for (const int threads : thread_counts_of(kernel().traits)) {
    run(kernel(), {2, 3}, {rows(x), rows(y), result}, threads);
    EXPECT_EQ(result, (std::array<float, 2>{50, -32}));
  }
}

TEST_P(DotConformance, SameThreadsGiveTheSameBits) {
  if (kernel().traits.threading == Threading::vendor) GTEST_SKIP() << "not ours to promise";
  for (const int threads : thread_counts_of(kernel().traits)) {
    const DotCase c = {.problem = {3, 5003}, .layout = {}, .coarse = false};
    const DotOperands operands(c);
    run(kernel(), c.problem, operands.args(), threads);
    const std::vector<float> first(operands.args().result.begin(), operands.args().result.end());
    run(kernel(), c.problem, operands.args(), threads);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), operands.args().result.begin()));
  }
}

TEST_P(DotConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_of(kernel().traits);
  const std::vector<int> threads = thread_counts_of(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const DotCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 9), *rc::gen::inRange<Index>(0, 700)},
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .coarse = *rc::gen::arbitrary<bool>(),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

INSTANTIATE_TEST_SUITE_P(Family, DotConformance, testing::ValuesIn(pointers_to(dot::family())),
                         NameOfKernel());

TEST(DotFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : dot::family()) {
    EXPECT_EQ(dot::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(dot::find("none such"), nullptr);
}

TEST(DotFamily, CodePathsNameTheForcedInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const auto simd = dot::find("simd")->prepare({1, 8}, {}, {})->code_path();
    const auto compiler = dot::find("compiler")->prepare({1, 8}, {}, {})->code_path();
    if (set == "avx2" || set == "avx3") {
      EXPECT_EQ(simd.value_or("").rfind(set + " ", 0), 0U) << *simd;
      EXPECT_EQ(compiler.value_or(""), "compiler " + set);
    } else {
      EXPECT_NE(simd, std::nullopt);
      EXPECT_NE(compiler, std::nullopt);
    }
  }
}

// The verdict on a right result of the reference's own case after `spoil` had its way.
template <class Spoil>
std::optional<std::string> verdict(const DotCase& c, const Spoil& spoil) {
  const DotOperands operands(c);
  run(*dot::find("simd"), c.problem, operands.args(), 1);
  spoil(operands.args());
  return dot::why_wrong(operands.args());
}

TEST(DotReference, CatchesALostProductInALongSum) {
  const DotCase c = {.problem = {1, 100'000}, .layout = {}};
  EXPECT_EQ(verdict(c, [](const dot::Args&) {}), std::nullopt);
  const auto why = verdict(c, [](const dot::Args& args) {
    args.result[0] -= args.x.row(0, 0)[777] * args.y.row(0, 0)[777];
  });
  EXPECT_EQ(why.value_or("").rfind("pair 0: value", 0), 0U) << why.value_or("accepted");
}

TEST(DotReference, NamesThePairThatIsSlightlyWrong) {
  const DotCase c = {.problem = {3, 40}, .layout = {2, 0, 1}, .coarse = false};
  EXPECT_EQ(verdict(c, [](const dot::Args&) {}), std::nullopt);
  const auto why = verdict(c, [](const dot::Args& args) { args.result[2] += 1e-3F; });
  EXPECT_EQ(why.value_or("").rfind("pair 2: value", 0), 0U) << why.value_or("accepted");
}

TEST(DotReference, CatchesPoison) {
  for (const float poison :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const Index n : {0, 40}) {
      const auto why = verdict({.problem = {1, n}, .layout = {}, .coarse = false},
                               [&](const dot::Args& args) { args.result[0] = poison; });
      EXPECT_NE(why, std::nullopt);
    }
  }
}

}  // namespace
}  // namespace crossover::kernels::test
