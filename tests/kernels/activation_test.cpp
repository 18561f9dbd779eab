#include "kernels/activation/activation.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck.h>

#include "kernels/activation/reference.h"
#include "tests/kernels/row_operands.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using activation::Args;
using activation::Function;
using activation::Gated;
using activation::Kernel;
using activation::Problem;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr std::array all_functions = {Function::gelu, Function::gelu_tanh, Function::silu};
constexpr std::array both_gates = {Gated::none, Gated::mul};

enum class Aliasing { none, y_is_x, y_is_up };

struct ActivationCase {
  Problem problem;
  Layout layout = {};
  Aliasing aliasing = Aliasing::none;
  float spread = 6;

  std::string describe() const {
    return fmt::format("{} x {}, function {}, gated {}, padding {}, end gap {}, aliasing {}, to {}",
                       problem.rows, problem.cols, static_cast<int>(problem.function),
                       static_cast<int>(problem.gated), layout.row_padding, layout.end_gap,
                       static_cast<int>(aliasing), spread);
  }
};

void run(const Kernel& kernel, const Args& args, Function function, Gated gated, int threads = 1) {
  const Problem problem{args.x.rows, args.x.cols, function, gated};
  const ParallelPolicy policy{threads};
  const auto prepared = kernel.prepare(problem, {}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const ActivationCase& c, int threads) {
  const auto& [rows, cols, function, gated] = c.problem;
  GuardedRows x(rows, cols, c.layout);
  GuardedRows up(rows, cols, c.layout);
  GuardedRows y(rows, cols, c.layout);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> value(-c.spread, c.spread);
  x.fill([&] { return value(random); });
  up.fill_random(2);
  const CopiedRows x_before(x.rows());
  const CopiedRows up_before(up.rows());
  GuardedRows& written = c.aliasing == Aliasing::y_is_x    ? x
                         : c.aliasing == Aliasing::y_is_up ? up
                                                           : y;
  run(kernel, {x.rows(), up.rows(), written.rows()}, function, gated, threads);
  std::optional<std::string> why =
      activation::why_wrong({x_before.rows(), up_before.rows(), written.rows()}, function, gated);
  if (!why && !written.guards_untouched()) why = "wrote beside y";
  if (!why && c.aliasing == Aliasing::none && !(x.untouched() && up.untouched())) {
    why = "wrote to its input";
  }
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), threads,
                     c.describe(), *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class ActivationConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(const ActivationCase& c, int threads = 1) {
    const auto why = why_wrong(kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }

  static std::vector<float> values(Function function, const std::vector<float>& x) {
    std::vector<float> y(x.size(), nan);
    const auto cols = static_cast<Index>(x.size());
    run(kernel(), {dense_rows(x.data(), 1, cols), {}, dense_rows(y.data(), 1, cols)}, function,
        Gated::none);
    return y;
  }
};

TEST_P(ActivationConformance, EdgesOfVectors) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Function function : all_functions) {
      for (const Gated gated : both_gates) {
        for (const Index cols : edge_cols) {
          for (const Layout& layout : row_layouts) {
            expect_right({{3, cols, function, gated}, layout});
          }
        }
      }
    }
  }
}

TEST_P(ActivationConformance, InPlaceAndThreaded) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts(kernel().traits)) {
      for (const Index rows : {0, 1, 2, 3, 7, 40}) {
        for (const Index cols : {0, 1, 17, 300}) {
          for (const Index padding : {0, 5}) {
            const Layout layout{.row_padding = padding};
            expect_right({{rows, cols, Function::silu, Gated::mul}, layout}, threads);
            expect_right({{rows, cols, Function::gelu}, layout, Aliasing::y_is_x}, threads);
            expect_right({{rows, cols, Function::silu, Gated::mul}, layout, Aliasing::y_is_x},
                         threads);
            expect_right({{rows, cols, Function::gelu_tanh, Gated::mul}, layout, Aliasing::y_is_up},
                         threads);
          }
        }
      }
    }
  }
}

// The tails, where the functions become 0 or the identity, and the neighbourhood of 0.
TEST_P(ActivationConformance, SmallAndLargeArguments) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Function function : all_functions) {
      for (const float spread : {1e-30F, 1e-3F, 1.0F, 20.0F, 120.0F, 1e5F, 1e15F, 1.5e38F}) {
        expect_right({.problem = {1, 4000, function}, .spread = spread});
      }
    }
  }
}

TEST_P(ActivationConformance, ValuesByHand) {
  const std::vector<float> x = {0, 1, -1, 3, -3, 50};
  const std::vector<float> gelu = {0, 0.84134475F, -0.15865525F, 2.9959503F, -0.00404969F, 50};
  const std::vector<float> tanh = {0, 0.84119199F, -0.15880801F, 2.9963627F, -0.00363739F, 50};
  const std::vector<float> silu = {0, 0.73105858F, -0.26894142F, 2.8577224F, -0.14227762F, 50};
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(values(Function::gelu, x)[i], gelu[i], 2e-6);
    EXPECT_NEAR(values(Function::gelu_tanh, x)[i], tanh[i], 2e-6);
    EXPECT_NEAR(values(Function::silu, x)[i], silu[i], 2e-6);
  }
}

TEST_P(ActivationConformance, NanStaysAndInfinityPasses) {
  for (const std::string& set : instruction_sets_to_test(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const Function function : all_functions) {
      const std::vector<float> y = values(function, {nan, infinity, 2});
      EXPECT_TRUE(std::isnan(y[0]));
      EXPECT_EQ(y[1], infinity);
      EXPECT_FALSE(std::isnan(y[2]));
    }
  }
}

TEST_P(ActivationConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test(kernel().traits);
  const std::vector<int> threads = thread_counts(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const ActivationCase c = {
        .problem = {*rc::gen::inRange<Index>(0, 20), *rc::gen::inRange<Index>(0, 300),
                    *rc::gen::elementOf(all_functions), *rc::gen::elementOf(both_gates)},
        .layout = {.row_padding = *rc::gen::inRange<Index>(0, 20),
                   .end_gap = *rc::gen::inRange<Index>(0, 20)},
        .aliasing = *rc::gen::element(Aliasing::none, Aliasing::y_is_x),
        .spread = *rc::gen::element(1e-3F, 3.0F, 100.0F),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

// Gate and up as the halves of one matrix, as a fused projection leaves them.
TEST_P(ActivationConformance, HalvesOfOneMatrix) {
  GuardedRows both(6, 200, {});
  GuardedRows y(6, 100, {.row_padding = 2});
  both.fill_random(1);
  const Rows<float> all = both.rows();
  const Args args{{all.data, 6, 100, 200}, {all.data + 100, 6, 100, 200}, y.rows()};
  run(kernel(), args, Function::silu, Gated::mul);
  const auto why = activation::why_wrong(args, Function::silu, Gated::mul);
  EXPECT_EQ(why, std::nullopt) << *why;
  EXPECT_TRUE(both.untouched());
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : activation::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, ActivationConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(ActivationFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : activation::family()) {
    EXPECT_EQ(activation::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(activation::find("none such"), nullptr);
}

TEST(ActivationFamily, CodePathNamesTheForcedInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    EXPECT_EQ(activation::find("simd")->prepare({8, 8}, {}, {})->code_path(),
              set == "scalar" ? "generic" : set);
  }
  EXPECT_EQ(activation::find("naive")->prepare({8, 8}, {}, {})->code_path(), std::nullopt);
}

// The verdict on right values after `spoil` had its way with them.
std::optional<std::string> verdict(Function function,
                                   const std::function<void(const Args&)>& spoil) {
  GuardedRows x(5, 70, {});
  GuardedRows up(5, 70, {});
  GuardedRows y(5, 70, {});
  std::mt19937 random(1);
  std::uniform_real_distribution<float> value(-4, 4);
  x.fill([&] { return value(random); });
  up.fill_random(2);
  const Args args{x.rows(), up.rows(), y.rows()};
  run(*activation::find("simd"), args, function, Gated::mul);
  spoil(args);
  return activation::why_wrong(args, function, Gated::mul);
}

TEST(ActivationReference, AcceptsWhatIsRight) {
  for (const Function function : all_functions) {
    const auto why = verdict(function, [](const Args&) {});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
}

TEST(ActivationReference, CatchesOneValueThatIsSlightlyWrong) {
  for (const Function function : all_functions) {
    for (Index j = 0; j < 70; ++j) {
      const auto why = verdict(function, [j](const Args& args) {
        args.y.row(j % 5)[j] += 2e-6F * args.x.row(j % 5)[j] * args.up.row(j % 5)[j];
      });
      EXPECT_TRUE(why && why->starts_with(fmt::format("row {}, col {}:", j % 5, j)))
          << why.value_or("accepted");
    }
  }
}

TEST(ActivationReference, CatchesAnotherFunctionOrAMissingGate) {
  for (const Function function : all_functions) {
    for (const Function other : all_functions) {
      const bool accepted = !verdict(function, [other](const Args& args) {
        run(*activation::find("naive"), args, other, Gated::mul);
      });
      EXPECT_EQ(accepted, function == other);
    }
    EXPECT_TRUE(verdict(function, [function](const Args& args) {
      run(*activation::find("naive"), args, function, Gated::none);
    }));
    EXPECT_TRUE(verdict(function, [](const Args& args) { args.y.row(4)[69] = nan; }));
  }
}

}  // namespace
}  // namespace crossover::kernels::test
