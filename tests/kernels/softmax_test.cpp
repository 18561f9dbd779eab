#include "kernels/softmax/softmax.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck.h>

#include "kernels/softmax/reference.h"
#include "tests/kernels/row_operands.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using softmax::Args;
using softmax::Kernel;
using softmax::Problem;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct SoftmaxCase {
  Problem problem;
  Layout layout = {};
  bool in_place = false;
  float scale = 1;
  float spread = 10;
  double masked = 0.1;  // share of the entries

  std::string describe() const {
    return fmt::format("{} x {}, padding {}, end gap {}, scale {}, spread {}, masked {}{}",
                       problem.rows, problem.cols, layout.row_padding, layout.end_gap, scale,
                       spread, masked, in_place ? ", in place" : "");
  }
};

void run(const Kernel& kernel, const Args& args, int threads = 1) {
  const Problem problem{args.x.rows, args.x.cols};
  const ParallelPolicy policy{threads};
  const auto prepared = kernel.prepare(problem, {}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const SoftmaxCase& c, int threads) {
  GuardedRows x(c.problem.rows, c.problem.cols, c.layout);
  GuardedRows y(c.problem.rows, c.problem.cols, c.layout);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> score(-c.spread, c.spread);
  std::bernoulli_distribution is_masked(c.masked);
  x.fill([&] { return is_masked(random) ? -infinity : score(random); });
  const CopiedRows copy(x.rows());
  GuardedRows& written = c.in_place ? x : y;
  run(kernel, {x.rows(), written.rows(), c.scale}, threads);
  std::optional<std::string> why = softmax::why_wrong({copy.rows(), written.rows(), c.scale});
  if (!why && !written.guards_untouched()) why = "wrote beside y";
  if (!why && !c.in_place && !x.untouched()) why = "wrote to x";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), threads,
                     c.describe(), *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class SoftmaxConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(const SoftmaxCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }

  /// What a single row becomes.
  static std::vector<float> row(const std::vector<float>& x, float scale = 1, int threads = 1) {
    std::vector<float> y(x.size(), nan);
    const auto cols = static_cast<Index>(x.size());
    run(kernel(), {dense_rows(x.data(), 1, cols), dense_rows(y.data(), 1, cols), scale}, threads);
    return y;
  }
};

TEST_P(SoftmaxConformance, EdgesOfVectors) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Index cols : edge_cols) {
      for (const Layout& layout : row_layouts) {
        for (const bool in_place : {false, true}) {
          expect_right({{3, cols}, layout, in_place}, 1);
          expect_right({{1, cols}, layout, in_place, 0.125F, 100}, 1);
        }
      }
    }
  }
}

TEST_P(SoftmaxConformance, EdgesOfBlocks) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Index cols : {4095, 4096, 4097, 8192, 8195, 20'000}) {
      for (const bool in_place : {false, true}) {
        expect_right({{2, cols}, {.row_padding = 1}, in_place, 0.5F, 60}, 1);
      }
    }
  }
}

TEST_P(SoftmaxConformance, ThreadsShareRowsAndCutThem) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const Index rows : {0, 1, 2, 3, 4, 7, 41}) {
        for (const Index cols : {0, 1, 15, 17, 100, 2100, 9000}) {
          expect_right({{rows, cols}, {.row_padding = 5}, false, 2}, threads);
          expect_right({{rows, cols}, {}, true}, threads);
        }
      }
    }
  }
}

// A piece of a cut row, or a block, of which everything is masked or far below the rest.
TEST_P(SoftmaxConformance, PiecesThatWeighNothing) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const float low : {-infinity, -1000.0F}) {
        for (const std::size_t high_end : {1, 100, 9'000}) {
          std::vector<float> x(10'000, low);
          std::fill(x.end() - static_cast<std::ptrdiff_t>(high_end), x.end(), 3.0F);
          const std::vector<float> y = row(x, 1, threads);
          const auto cols = static_cast<Index>(x.size());
          const auto why = softmax::why_wrong(
              {dense_rows(x.data(), 1, cols), dense_rows(const_cast<float*>(y.data()), 1, cols)});
          EXPECT_EQ(why, std::nullopt) << *why;
          EXPECT_EQ(y.front(), 0);
        }
      }
    }
  }
}

TEST_P(SoftmaxConformance, WeightsByHand) {
  const std::vector<float> y = row({std::log(1.0F), -infinity, std::log(3.0F), std::log(4.0F)});
  EXPECT_NEAR(y[0], 0.125, 1e-7);
  EXPECT_EQ(y[1], 0);
  EXPECT_NEAR(y[2], 0.375, 1e-7);
  EXPECT_NEAR(y[3], 0.5, 1e-7);
  EXPECT_EQ(row({7}), (std::vector<float>{1}));
  EXPECT_EQ(row({5, 5, 5, 5}), (std::vector<float>(4, 0.25F)));
  const std::vector<float> scaled = row({0, 2}, 0.5F * std::log(3.0F));
  EXPECT_NEAR(scaled[0], 0.25, 1e-7);
}

TEST_P(SoftmaxConformance, MaskedRowsBecomeZeros) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const std::size_t cols : {1, 17, 5000}) {
        EXPECT_EQ(row(std::vector<float>(cols, -infinity), 1, threads), std::vector<float>(cols));
        EXPECT_EQ(row(std::vector<float>(cols, -infinity), 3, threads), std::vector<float>(cols));
      }
    }
  }
}

TEST_P(SoftmaxConformance, NanAndInfinityTakeTheWholeRow) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const float poison : {nan, infinity}) {
        for (const std::size_t cols : {3, 40, 9000}) {
          for (const std::size_t place : {std::size_t{0}, cols / 2, cols - 1}) {
            std::vector<float> x(cols, 1.0F);
            x[place] = poison;
            for (const float value : row(x, 1, threads)) ASSERT_TRUE(std::isnan(value)) << place;
          }
        }
      }
    }
  }
}

TEST_P(SoftmaxConformance, NothingOverflows) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(row({largest, largest}), (std::vector<float>{0.5F, 0.5F}));
  EXPECT_EQ(row({-largest, largest, -largest}), (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(row({-largest, -infinity}), (std::vector<float>{1, 0}));
}

TEST_P(SoftmaxConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test(kernel().traits);
  const std::vector<int> threads = thread_counts(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const SoftmaxCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 20), *rc::gen::inRange<Index>(0, 300)},
        .layout = {.row_padding = *rc::gen::inRange<Index>(0, 20),
                   .end_gap = *rc::gen::inRange<Index>(0, 20)},
        .in_place = *rc::gen::arbitrary<bool>(),
        .scale = *rc::gen::element(0.01F, 1.0F, 7.0F),
        .spread = *rc::gen::element(0.0F, 1.0F, 30.0F, 1e6F),
        .masked = *rc::gen::element(0.0, 0.5, 0.98),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : softmax::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, SoftmaxConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(SoftmaxFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : softmax::family()) {
    EXPECT_EQ(softmax::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(softmax::find("none such"), nullptr);
}

TEST(SoftmaxFamily, CodePathNamesInstructionSetAndCutRows) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const std::string expected = set == "scalar" ? "generic" : set;
    EXPECT_EQ(softmax::find("simd")->prepare({8, 8}, {}, {})->code_path(), expected);
    const Kernel& team = *softmax::find("simd_parallel");
    EXPECT_EQ(team.prepare({8, 8}, {}, {2})->code_path(), expected);
    EXPECT_EQ(team.prepare({1, 8}, {}, {2})->code_path(), expected + " cut rows");
  }
}

// The verdict on the right weights after `spoil` had its way with them.
std::optional<std::string> verdict(const std::function<void(const Args&)>& spoil) {
  GuardedRows x(5, 70, {});
  GuardedRows y(5, 70, {});
  x.fill_random(1);
  const Args args{x.rows(), y.rows(), 3};
  run(*softmax::find("simd"), args);
  spoil(args);
  return softmax::why_wrong(args);
}

TEST(SoftmaxReference, AcceptsWhatIsRight) {
  const auto why = verdict([](const Args&) {});
  EXPECT_EQ(why, std::nullopt) << *why;
}

TEST(SoftmaxReference, CatchesOneWeightThatIsSlightlyWrong) {
  for (Index j = 0; j < 70; ++j) {
    const auto why = verdict([j](const Args& args) { args.y.row(j % 5)[j] *= 1.0001F; });
    EXPECT_TRUE(why && why->starts_with(fmt::format("row {}, col {}:", j % 5, j)))
        << why.value_or("accepted");
  }
}

TEST(SoftmaxReference, CatchesWhatIsNotDoneOrDoneOtherwise) {
  const auto for_all = [](const Args& args, const auto& change) {
    for (Index i = 0; i < args.y.rows; ++i) {
      for (Index j = 0; j < args.y.cols; ++j) change(args.y.row(i)[j], args.x.row(i)[j]);
    }
  };
  EXPECT_TRUE(verdict([](const Args& args) { args.y.row(4)[69] = nan; }));
  EXPECT_TRUE(verdict([](const Args& args) { args.y.row(4)[69] = 0; }));
  EXPECT_TRUE(verdict([](const Args& args) { std::swap(args.y.row(0)[3], args.y.row(0)[4]); }));
  EXPECT_TRUE(verdict([&](const Args& args) {  // never divided
    for_all(args, [](float& y, float x) { y = std::exp(3 * (x - 1)); });
  }));
  EXPECT_TRUE(verdict([&](const Args& args) {  // a sum without its last term
    for (Index i = 0; i < args.y.rows; ++i) {
      const float last = args.y.row(i)[69];
      for (Index j = 0; j < 70; ++j) args.y.row(i)[j] /= 1 - last;
    }
  }));
  EXPECT_TRUE(verdict([](const Args& args) {  // without the scale
    run(*softmax::find("naive"), {args.x, args.y, 1});
  }));
}

}  // namespace
}  // namespace crossover::kernels::test
