#include "kernels/norm/norm.h"

#include <array>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>

#include "kernels/norm/reference.h"
#include "tests/kernels/norm_case.h"

namespace crossover::kernels::test {
namespace {

using norm::Args;
using norm::Kernel;
using norm::Kind;
using norm::Residual;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

bool guards_untouched(NormOperands& o) {
  return o.x.guards_untouched() && o.residual.guards_untouched() && o.h.guards_untouched() &&
         o.y.guards_untouched() && o.weight.untouched() && o.bias.untouched();
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(Kind kind, const Kernel& kernel, const NormCase& c,
                                     int threads) {
  NormOperands operands(c);
  const CopiedRows x(operands.x.rows());
  const CopiedRows residual(operands.residual.rows());
  run(kernel, operands.args(), c.problem.residual, threads);
  Args args = operands.args();
  args.x = x.rows();
  args.residual = residual.rows();
  std::optional<std::string> why = norm::why_wrong(kind, args, c.problem.residual);
  if (!why && !guards_untouched(operands)) why = "wrote beside its outputs";
  if (!why && c.aliasing == Aliasing::none && !operands.x.untouched()) why = "wrote to x";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), threads,
                     c.describe(), *why);
}

struct Entry {
  Kind kind;
  const Kernel* kernel;
};

// Every variant of both norms, found through the lists: a new one is tested without a change here.
class NormConformance : public testing::TestWithParam<Entry> {
 protected:
  static const Kernel& kernel() { return *GetParam().kernel; }
  static bool is_layer() { return GetParam().kind == Kind::layer; }

  static void expect_right(const NormCase& c, int threads = 1) {
    const auto why = why_wrong(GetParam().kind, kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }

  /// What a single row becomes with all weights 1.
  static std::vector<float> row(const std::vector<float>& x, float epsilon) {
    std::vector<float> y(x.size(), nan);
    const std::vector<float> ones(x.size(), 1);
    const auto cols = static_cast<Index>(x.size());
    Args args;
    args.x = dense_rows(x.data(), 1, cols);
    args.y = dense_rows(y.data(), 1, cols);
    args.weight = ones.data();
    args.epsilon = epsilon;
    run(kernel(), args, Residual::none);
    return y;
  }
};

constexpr std::array all_residuals = {Residual::none, Residual::fused, Residual::separate};

TEST_P(NormConformance, EdgesOfVectors) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Index cols : edge_cols) {
      for (const Layout& layout : row_layouts) {
        for (const Residual residual : all_residuals) {
          expect_right({{3, cols, residual}, layout});
          expect_right({.problem = {1, cols, residual}, .layout = layout, .has_bias = false});
        }
      }
    }
  }
}

TEST_P(NormConformance, InPlace) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const Index rows : {1, 5, 64}) {
        expect_right({{rows, 67, Residual::none}, {.row_padding = 3}, Aliasing::y_is_x}, threads);
        for (const Residual residual : {Residual::fused, Residual::separate}) {
          for (const Aliasing aliasing : {Aliasing::h_is_x, Aliasing::h_is_residual}) {
            expect_right({{rows, 67, residual}, {.row_padding = 3}, aliasing}, threads);
          }
        }
      }
    }
  }
}

TEST_P(NormConformance, ThreadsShareRowsAndCutThem) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const Index rows : {0, 1, 2, 3, 4, 7, 41}) {
        for (const Index cols : {0, 1, 15, 17, 100, 2100}) {
          for (const Residual residual : all_residuals) {
            expect_right({{rows, cols, residual}, {.row_padding = 5}}, threads);
          }
        }
      }
    }
  }
}

// One pass over sum and sum of squares would lose all digits of the variance; and without the
// correction, the rounding of the mean alone would exceed the bound.
TEST_P(NormConformance, MeansThatAreLargeBesideTheDeviations) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const float mean : {1e3F, -1e4F, 1e5F}) {
        for (const Index rows : {1, 6}) {
          for (const Residual residual : all_residuals) {
            expect_right({.problem = {rows, 768, residual}, .mean = mean}, threads);
          }
        }
      }
    }
  }
}

TEST_P(NormConformance, LargeAndSmallDeviations) {
  for (const float deviation : {1e-3F, 1e3F, 1e12F}) {
    for (const float epsilon : {1e-12F, 1e-5F, 1.0F}) {
      expect_right({.problem = {3, 300}, .mean = 0, .deviation = deviation, .epsilon = epsilon});
    }
  }
}

TEST_P(NormConformance, RowsOfZerosBecomeTheBias) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Residual residual : {Residual::none, Residual::separate}) {
      NormOperands o({.problem = {2, 37, residual}});
      o.x.fill([] { return 0.0F; });
      o.residual.fill([] { return 0.0F; });
      run(kernel(), o.args(), residual);
      for (Index j = 0; j < 37; ++j) {
        EXPECT_EQ(o.y.rows().row(1)[j], is_layer() ? o.bias.rows().data[j] : 0);
      }
    }
  }
  EXPECT_EQ(row(std::vector<float>(40, 3), 1e-5F)[7] == 0, is_layer());
}

TEST_P(NormConformance, NormsByHand) {
  if (is_layer()) {  // mean 5, variance 9
    EXPECT_EQ(row({2, 8, 2, 8}, 0), (std::vector<float>{-1, 1, -1, 1}));
    EXPECT_EQ(row({2, 8, 2, 8}, 27), (std::vector<float>{-0.5F, 0.5F, -0.5F, 0.5F}));
  } else {  // mean square 25
    EXPECT_EQ(row({5, -5, 5, 5}, 0), (std::vector<float>{1, -1, 1, 1}));
    EXPECT_EQ(row({1, 7, 1, -7}, 75), (std::vector<float>{0.1F, 0.7F, 0.1F, -0.7F}));
  }
}

// The same additions in the same order, so that they agree in every bit.
TEST_P(NormConformance, FusedAndSeparateAgree) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const Index rows : {1, 3, 10}) {
        NormOperands fused({.problem = {rows, 333, Residual::fused}});
        NormOperands separate({.problem = {rows, 333, Residual::separate}});
        run(kernel(), fused.args(), Residual::fused, threads);
        run(kernel(), separate.args(), Residual::separate, threads);
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < 333; ++j) {
            ASSERT_EQ(fused.h.rows().row(i)[j], separate.h.rows().row(i)[j]);
            ASSERT_EQ(fused.y.rows().row(i)[j], separate.y.rows().row(i)[j]);
          }
        }
      }
    }
  }
}

TEST_P(NormConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test(kernel().traits);
  const std::vector<int> threads = thread_counts(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const NormCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 20), *rc::gen::inRange<Index>(0, 300),
                    *rc::gen::elementOf(all_residuals)},
        .layout = {.row_padding = *rc::gen::inRange<Index>(0, 20),
                   .end_gap = *rc::gen::inRange<Index>(0, 20)},
        .has_bias = *rc::gen::arbitrary<bool>(),
        .mean = *rc::gen::element(0.0F, -3.0F, 1e4F),
        .deviation = *rc::gen::element(0.01F, 1.0F, 1e5F),
    };
    const auto why = why_wrong(GetParam().kind, kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

std::vector<Entry> all_entries() {
  std::vector<Entry> entries;
  for (const Kernel& kernel : norm::rms_norm.list()) entries.push_back({Kind::rms, &kernel});
  for (const Kernel& kernel : norm::layer_norm.list()) entries.push_back({Kind::layer, &kernel});
  return entries;
}

INSTANTIATE_TEST_SUITE_P(Families, NormConformance, testing::ValuesIn(all_entries()),
                         [](const auto& instance) {
                           const bool rms = instance.param.kind == Kind::rms;
                           return (rms ? "rms_" : "layer_") +
                                  std::string(instance.param.kernel->name);
                         });

TEST(NormFamilies, NamesAreUniqueAndFound) {
  for (const norm::Family& family : {norm::rms_norm, norm::layer_norm}) {
    for (const Kernel& kernel : family.list()) {
      EXPECT_EQ(family.find(kernel.name), &kernel);
      EXPECT_FALSE(kernel.source.empty());
    }
    EXPECT_EQ(family.find("none such"), nullptr);
  }
  EXPECT_NE(norm::rms_norm.find("simd")->run, norm::layer_norm.find("naive")->run);
}

TEST(NormFamilies, CodePathNamesInstructionSetAndCutRows) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    const std::string expected = set == "scalar" ? "generic" : set;
    for (const norm::Family& family : {norm::rms_norm, norm::layer_norm}) {
      EXPECT_EQ(family.find("simd")->prepare({8, 8}, {}, {})->code_path(), expected);
      const Kernel& team = *family.find("simd_parallel");
      EXPECT_EQ(team.prepare({8, 8}, {}, {2})->code_path(), expected);
      EXPECT_EQ(team.prepare({1, 8}, {}, {2})->code_path(), expected + " cut rows");
    }
  }
}

}  // namespace
}  // namespace crossover::kernels::test
