#include "kernels/matvec/matvec.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>

#include "kernels/core/cpu_caches.h"
#include "kernels/matvec/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/what_to_test.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using matvec::Kernel;
using matvec::Problem;

/// One product with operands of its own.
struct MatvecCase {
  Problem problem;
  Layout layout;
  bool coarse = true;  // exact sums, or rounded ones
};

struct MatvecOperands {
  explicit MatvecOperands(const MatvecCase& c)
      : a(1, c.problem.m, c.problem.n, c.layout),
        x(1, 1, c.problem.n, {.end_gap = c.layout.end_gap}),
        y(1, 1, c.problem.m, {.end_gap = c.layout.end_gap}) {
    if (c.coarse) {
      a.fill_coarse(1);
      x.fill_coarse(2);
    } else {
      a.fill_random(1);
      x.fill_random(2);
    }
  }

  matvec::Args args() const {
    return {a.view(),
            {x.view().data, static_cast<std::size_t>(x.view().cols)},
            {y.view().data, static_cast<std::size_t>(y.view().cols)}};
  }

  GuardedMatrix a;
  GuardedMatrix x;
  GuardedMatrix y;
};

void run(const Kernel& kernel, const Problem& problem, const matvec::Args& args, int threads) {
  const auto prepared = kernel.prepare(problem, {}, {threads});
  const Workspace workspace(kernel.workspace_bytes(problem, {threads}));
  kernel.run(args, *prepared, workspace.span(), {threads});
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const MatvecCase& c, int threads) {
  MatvecOperands operands(c);
  run(kernel, c.problem, operands.args(), threads);
  std::optional<std::string> why = matvec::why_wrong(operands.args());
  if (!why && !operands.y.guards_untouched()) why = "wrote beside y";
  if (!why && !(operands.a.untouched() && operands.x.untouched())) why = "wrote to an operand";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}] m {} n {}, padding {}, end gap {}: {}", kernel.name,
                     instruction_set(), threads, c.problem.m, c.problem.n, c.layout.row_padding,
                     c.layout.end_gap, *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class MatvecConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    if (const auto why = kernel().why_unsupported({1, 1})) GTEST_SKIP() << *why;
  }

  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(const MatvecCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

// Around the tiles (1, 4 and 8 rows) and the vectors of all instruction sets.
TEST_P(MatvecConformance, EdgesOfTilesAndVectors) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Index m : {0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 25}) {
      for (const Index n :
           {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129}) {
        expect_right({.problem = {m, n}, .layout = {}}, 1);
        expect_right({.problem = {m, n}, .layout = {3, 0, 1}, .coarse = false}, 1);
      }
    }
  }
}

TEST_P(MatvecConformance, ThreadsAndLongRows) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts_of(kernel().traits)) {
      for (const Problem& problem :
           {Problem{0, 10}, Problem{10, 0}, Problem{1, 5003}, Problem{2, 777}, Problem{4, 1},
            Problem{1009, 7}, Problem{129, 768}, Problem{13, 4096}}) {
        expect_right({.problem = problem, .layout = {}}, threads);
        expect_right({.problem = problem, .layout = {5, 0, 3}, .coarse = false}, threads);
      }
    }
  }
}

// Where one thread's share lies in L2, and behind it, with rows and columns left over.
TEST_P(MatvecConformance, BeyondEveryCache) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    const CpuCaches& caches = cpu_caches();
    for (const std::size_t bytes : {caches.level1, std::max(caches.level2, caches.level3 / 8)}) {
      for (const Index n : {259, 1000}) {
        const Index m = static_cast<Index>(bytes / sizeof(float)) / n + 7;
        expect_right({.problem = {m, n}, .layout = {3, 0, 1}}, 1);
      }
    }
  }
}

TEST_P(MatvecConformance, ProductByHand) {
  const std::array<float, 6> a = {1, 2, 3, 4, 5, 6};
  const std::array<float, 3> x = {1, 10, 100};
  std::array<float, 2> y = {-1, -1};
  for (const int threads : thread_counts_of(kernel().traits)) {
    run(kernel(), {2, 3}, {dense(a.data(), 1, 2, 3), x, y}, threads);
    EXPECT_EQ(y, (std::array<float, 2>{321, 654}));
  }
}

TEST_P(MatvecConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_of(kernel().traits);
  const std::vector<int> threads = thread_counts_of(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const MatvecCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 50), *rc::gen::inRange<Index>(0, 300)},
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .coarse = *rc::gen::arbitrary<bool>(),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

INSTANTIATE_TEST_SUITE_P(Family, MatvecConformance,
                         testing::ValuesIn(pointers_to(matvec::family())), NameOfKernel());

TEST(MatvecFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : matvec::family()) {
    EXPECT_EQ(matvec::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(matvec::find("none such"), nullptr);
}

// The loop is chosen by the cache that holds a thread's share: all of them must be tested above.
TEST(MatvecFamily, CodePathNamesInstructionSetAndRows) {
  const auto path = [](const Problem& problem, int threads) {
    return matvec::find("simd")->prepare(problem, {}, {threads})->code_path().value_or("");
  };
  const auto side = static_cast<Index>(std::sqrt(cpu_caches().level2 / sizeof(float)));
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const std::string name = set == "avx2" || set == "avx3" ? set : path({1, 1}, 1).substr(0, 4);
    EXPECT_EQ(path({8, 8}, 1).rfind(name, 0), 0U);
    EXPECT_NE(path({8, 8}, 1).find(" 8 rows"), std::string::npos);
    EXPECT_NE(path({side, side}, 1).find(" 1 row"), std::string::npos);
    EXPECT_NE(path({1 << 20, 1 << 20}, 1).find(" 4 rows"), std::string::npos);
    EXPECT_NE(path({side, side}, 1000).find(" 8 rows"), std::string::npos);
  }
}

template <class Spoil>
std::optional<std::string> verdict(const MatvecCase& c, const Spoil& spoil) {
  const MatvecOperands operands(c);
  run(*matvec::find("simd"), c.problem, operands.args(), 1);
  spoil(operands.args());
  return matvec::why_wrong(operands.args());
}

TEST(MatvecReference, CatchesALostProductInALongRow) {
  const MatvecCase c = {.problem = {5, 20'000}, .layout = {}};
  EXPECT_EQ(verdict(c, [](const matvec::Args&) {}), std::nullopt);
  const auto why = verdict(
      c, [](const matvec::Args& args) { args.y[3] -= args.a.row(0, 3)[19'999] * args.x[19'999]; });
  EXPECT_EQ(why.value_or("").rfind("row 3: value", 0), 0U) << why.value_or("accepted");
}

TEST(MatvecReference, CatchesSwappedRowsAndPoison) {
  const MatvecCase c = {.problem = {6, 50}, .layout = {1, 0, 2}, .coarse = false};
  EXPECT_EQ(verdict(c, [](const matvec::Args&) {}), std::nullopt);
  EXPECT_NE(verdict(c, [](const matvec::Args& args) { std::swap(args.y[1], args.y[2]); }),
            std::nullopt);
  const auto why = verdict(
      c, [](const matvec::Args& args) { args.y[5] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_EQ(why.value_or("").rfind("row 5: value nan", 0), 0U) << why.value_or("accepted");
}

}  // namespace
}  // namespace crossover::kernels::test
