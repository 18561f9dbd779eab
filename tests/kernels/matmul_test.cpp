#include "kernels/matmul/matmul.h"

#include <array>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <vector>

#include "kernels/core/cpu_caches.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

using matmul::Kernel;
using matmul::Problem;

// Every variant, found through the list: a new one is tested without a change here.
class MatmulConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    if (const auto why = kernel().why_unsupported({1, 1, 1, 1})) GTEST_SKIP() << *why;
  }

  static const Kernel& kernel() { return *GetParam(); }

  static std::vector<std::string> instruction_sets_to_test() {
    if (kernel().traits.simd == Simd::none) return {instruction_sets().front()};
    return instruction_sets();
  }

  static std::vector<int> thread_counts() {
    if (kernel().traits.threading == Threading::none) return {1};
    return {1, 2, 3, 5};
  }

  // A variant may decline a size, but says so before it is prepared.
  static void expect_right(const MatmulCase& c, int threads) {
    if (kernel().why_unsupported(c.problem)) return;
    const auto why = why_wrong(kernel(), c, {threads});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

// Around the register tiles (2 to 12 rows, 2 to 32 columns) and vectors of all instruction sets.
constexpr std::array<Index, 12> edge_rows = {0, 1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25};
constexpr std::array<Index, 14> edge_cols = {0, 1, 2, 7, 9, 15, 16, 17, 24, 31, 33, 44, 48, 65};
constexpr std::array<Index, 5> edge_depths = {0, 1, 2, 5, 33};

// Tall, wide, deep, prime, and beyond the blocking of every level of cache.
constexpr std::array<Problem, 15> large_problems = {{
    {1, 17, 13, 1024},
    {2, 33, 61, 2048},
    {1, 64, 411, 3072},
    {1, 1009, 1, 7},
    {1, 1, 1009, 67},
    {1, 7, 5, 2111},
    {1, 97, 89, 83},
    {1, 64, 64, 64},
    {1, 13, 33, 1301},
    {1, 4, 769, 768},
    {1, 26, 1601, 530},
    {1, 30, 40, 512},
    {1, 390, 433, 521},
    {3, 127, 31, 63},
    {5, 3, 2, 11},
}};

TEST_P(MatmulConformance, EdgesOfTilesAndVectors) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index m : edge_rows) {
      for (const Index n : edge_cols) {
        for (const Index k : edge_depths) {
          for (const matmul::Layout b : {matmul::Layout::ab, matmul::Layout::abt}) {
            expect_right({.problem = {1, m, n, k, b}, .layout = {3, 0, 17}}, 1);
            expect_right({.problem = {1, m, n, k, b}, .layout = {}}, 1);
          }
        }
      }
    }
  }
}

TEST_P(MatmulConformance, LargeStridedAndThreaded) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (Problem problem : large_problems) {
        for (const matmul::Layout b : {matmul::Layout::ab, matmul::Layout::abt}) {
          problem.layout = b;
          expect_right({.problem = problem, .layout = {}}, threads);
          expect_right({.problem = problem, .layout = {5, 7, 17}}, threads);
        }
      }
    }
  }
}

TEST_P(MatmulConformance, ThreadsAndEmptyExtents) {
  for (const int threads : thread_counts()) {
    for (const Index m : {0, 1, 2, 13}) {
      for (const Index n : {0, 1, 17, 33}) {
        for (const Index k : {0, 1, 9}) {
          for (const Index batch : {0, 1, 4}) {
            expect_right({.problem = {batch, m, n, k}, .layout = {}}, threads);
          }
        }
      }
    }
  }
}

// Rows that collide in the caches: few of them, which are left in place, and so many, with a B
// larger than L2, that they are copied.
TEST_P(MatmulConformance, StridesOfWholePages) {
  constexpr Index page_floats = 1024;
  constexpr Index k = 500;
  const Index n_beyond_l2 = static_cast<Index>(cpu_caches().level2 / sizeof(float)) / k;
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Problem& problem : {Problem{1, 40, 48, k}, Problem{1, 385, n_beyond_l2, k}}) {
      if (kernel().why_unsupported(problem)) continue;
      const auto padding = [](Index cols) { return -cols & (page_floats - 1); };
      GuardedMatrix a(1, problem.m, problem.k, {.row_padding = padding(problem.k)});
      GuardedMatrix b(1, problem.k, problem.n, {.row_padding = padding(problem.n)});
      GuardedMatrix c(1, problem.m, problem.n, {.row_padding = padding(problem.n)});
      a.fill_random(1);
      b.fill_random(2);
      const matmul::Args args = {a.view(), b.view(), c.view()};
      run(kernel(), problem, args, {1});
      const auto why = matmul::why_wrong(args, 1);
      EXPECT_EQ(why, std::nullopt) << set << ": " << *why;
      EXPECT_TRUE(c.guards_untouched());
    }
  }
}

TEST_P(MatmulConformance, BatchSharesOneB) {
  for (const int threads : thread_counts()) {
    expect_right({.problem = {4, 10, 20, 30}, .layout = {2, 3, 0}, .shared_b = true}, threads);
  }
}

TEST_P(MatmulConformance, ProductByHand) {
  std::array<float, 4> a = {1, 2, 3, 4};
  std::array<float, 4> b = {5, 6, 7, 8};
  std::array<float, 4> c = {-1, -1, -1, -1};
  run(kernel(), {1, 2, 2, 2},
      {dense<const float>(a.data(), 1, 2, 2), dense<const float>(b.data(), 1, 2, 2),
       dense(c.data(), 1, 2, 2)},
      {1});
  EXPECT_EQ(c, (std::array<float, 4>{19, 22, 43, 50}));
}

TEST_P(MatmulConformance, ZeroDepthGivesZeros) {
  for (const int threads : thread_counts()) {
    std::array<float, 6> c = {1, 2, 3, 4, 5, 6};
    run(kernel(), {1, 2, 3, 0},
        {dense<const float>(nullptr, 1, 2, 0), dense<const float>(nullptr, 1, 0, 3),
         dense(c.data(), 1, 2, 3)},
        {threads});
    EXPECT_EQ(c, (std::array<float, 6>{}));
  }
}

TEST_P(MatmulConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test();
  const std::vector<int> threads = thread_counts();
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const MatmulCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 4), *rc::gen::inRange<Index>(0, 80),
                    *rc::gen::inRange<Index>(0, 80), *rc::gen::inRange<Index>(0, 80),
                    *rc::gen::element(matmul::Layout::ab, matmul::Layout::abt)},
        .layout = {*rc::gen::inRange<Index>(0, 20), *rc::gen::inRange<Index>(0, 20),
                   *rc::gen::inRange<Index>(0, 20)},
        .shared_b = *rc::gen::arbitrary<bool>(),
    };
    const auto why = why_wrong(kernel(), c, {*rc::gen::elementOf(threads)});
    if (why) RC_FAIL(*why);
  }));
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : matmul::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, MatmulConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(MatmulFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : matmul::family()) {
    EXPECT_EQ(matmul::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(matmul::find("none such"), nullptr);
}

TEST(MatmulFamily, CodePathNamesTheForcedInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const auto path = matmul::find("simd")->prepare({1, 8, 8, 8}, {}, {})->code_path();
    const std::string expected = set == "scalar" ? "generic" : set + " ";
    EXPECT_EQ(path.value_or("").substr(0, expected.size()), expected);
  }
}

}  // namespace
}  // namespace crossover::kernels::test
