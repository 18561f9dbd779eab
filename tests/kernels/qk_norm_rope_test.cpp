#include "kernels/qk_norm_rope/qk_norm_rope.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>
#include <set>

#include "kernels/core/execution_counters.h"
#include "kernels/core/rope_table.h"
#include "kernels/qk_norm_rope/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using qk_norm_rope::Args;
using qk_norm_rope::Kernel;
using qk_norm_rope::Problem;

constexpr std::array pairings = {Pairing::halves, Pairing::interleaved};

Problem make_problem(Index rows, Index heads, Index kv_heads, Index head_dim, Index rotary_dim,
                     Pairing pairing, Index first = 0) {
  Problem problem{rows, heads, kv_heads, head_dim, {}, {first, rows}};
  problem.rotation.rotary_dim = rotary_dim;
  problem.rotation.pairing = pairing;
  return problem;
}

/// One call with operands of its own.
struct QkCase {
  Problem problem;
  Layout layout = {};
  std::vector<std::int32_t> each = {};
  bool in_place = false;
  float epsilon = 1e-6F;

  std::string describe() const {
    return fmt::format(
        "rows {} heads {} + {} head_dim {} rotary_dim {} {}, position {}{}{}", problem.rows,
        problem.heads, problem.kv_heads, problem.head_dim, problem.rotation.rotary_dim,
        problem.rotation.pairing == Pairing::halves ? "halves" : "interleaved",
        problem.positions.first, each.empty() ? "" : " and others", in_place ? ", in place" : "");
  }
};

struct Operands {
  explicit Operands(const QkCase& c)
      : q(1, c.problem.rows, c.problem.heads * c.problem.head_dim, c.layout),
        k(1, c.problem.rows, c.problem.kv_heads * c.problem.head_dim, c.layout),
        q_out(1, c.problem.rows, q.view().cols, c.layout),
        k_out(1, c.problem.rows, k.view().cols, c.layout),
        q_weight(1, 1, c.problem.head_dim, c.layout),
        k_weight(1, 1, c.problem.head_dim, c.layout) {
    q.fill_random(1);
    k.fill_random(2);
    q_weight.fill_random(3);
    k_weight.fill_random(4);
    if (c.in_place) {
      q_out.fill_random(1);
      k_out.fill_random(2);
    }
    args.q = {q.view(), q_out.view(), q_weight.view().data, c.problem.heads};
    args.k = {k.view(), k_out.view(), k_weight.view().data, c.problem.kv_heads};
    args.positions = {c.problem.positions.first, c.each};
    args.rotation = c.problem.rotation;
    args.head_dim = c.problem.head_dim;
    args.epsilon = c.epsilon;
  }

  GuardedMatrix q;
  GuardedMatrix k;
  GuardedMatrix q_out;
  GuardedMatrix k_out;
  GuardedMatrix q_weight;
  GuardedMatrix k_weight;
  Args args;
};

void run(const Kernel& kernel, const Problem& problem, const Args& args,
         const ParallelPolicy& policy, const RopeTable* table = nullptr) {
  const auto prepared = kernel.prepare(problem, {table}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

std::optional<std::string> why_wrong(const Kernel& kernel, const QkCase& c,
                                     const ParallelPolicy& policy) {
  Operands operands(c);
  Args call = operands.args;
  if (c.in_place) {
    call.q.x = operands.q_out.view();
    call.k.x = operands.k_out.view();
  }
  run(kernel, c.problem, call, policy);
  std::optional<std::string> why = qk_norm_rope::why_wrong(operands.args);
  if (!why && !(operands.q_out.guards_untouched() && operands.k_out.guards_untouched())) {
    why = "wrote beside y";
  }
  if (!why && !(operands.q.untouched() && operands.k.untouched() && operands.q_weight.untouched() &&
                operands.k_weight.untouched())) {
    why = "wrote to x or to a weight";
  }
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), policy.threads,
                     c.describe(), *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class QkNormRopeConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static std::vector<std::string> instruction_sets_to_test() {
    if (kernel().traits.simd == Simd::none) return {instruction_sets().front()};
    return instruction_sets();
  }

  static std::vector<int> thread_counts() {
    if (kernel().traits.threading == Threading::none) return {1};
    return {1, 2, 3, 5};
  }

  static void expect_right(const QkCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, {threads});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

TEST_P(QkNormRopeConformance, EdgesOfVectorsAndGroupsOfHeads) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Pairing pairing : pairings) {
      for (const Index head_dim : {0, 1, 2, 8, 14, 16, 18, 32, 34, 62, 64, 66, 129, 257}) {
        for (const Index rotary_dim : {Index{0}, head_dim / 4 * 2, head_dim / 2 * 2}) {
          for (const auto& [heads, kv_heads] :
               {std::pair<Index, Index>{0, 0}, {1, 0}, {0, 2}, {3, 1}, {8, 17}}) {
            const Problem problem =
                make_problem(2, heads, kv_heads, head_dim, rotary_dim, pairing, 3);
            const bool padded = heads % 2 == 1;
            expect_right({.problem = problem,
                          .layout = padded ? Layout{3, 0, 17} : Layout{},
                          .in_place = padded},
                         1);
          }
        }
      }
    }
  }
}

TEST_P(QkNormRopeConformance, RowsThreadsAndPackedPositions) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Index rows : {0, 1, 2, 3, 7, 33}) {
        for (const Pairing pairing : pairings) {
          QkCase c = {.problem = make_problem(rows, 3, 2, 48, 40, pairing, 100'000),
                      .layout = {5, 0, 1}};
          expect_right(c, threads);
          c.in_place = true;
          expect_right(c, threads);
          for (Index row = 0; row < rows; ++row) {
            c.each.push_back(static_cast<std::int32_t>(9 + row * 5 % 7));
          }
          c.problem.positions = {9, 7};
          expect_right(c, threads);
        }
      }
    }
  }
}

TEST_P(QkNormRopeConformance, HeadsOfModels) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Pairing pairing : pairings) {
        expect_right({.problem = make_problem(40, 3, 1, 256, 256, pairing)}, threads);
        expect_right({.problem = make_problem(5, 32, 8, 128, 128, pairing)}, threads);
      }
    }
  }
}

// One projection of both leaves Q and K side by side in one matrix.
TEST_P(QkNormRopeConformance, ColumnsOfOneMatrixInPlace) {
  for (const int threads : thread_counts()) {
    const QkCase c = {.problem = make_problem(6, 3, 1, 32, 32, Pairing::halves, 5)};
    Operands operands(c);
    GuardedMatrix both(1, 6, 4 * 32, {7, 0, 1});
    const auto q = both.view().block(0, 0, 6, 96);
    const auto k = both.view().block(0, 96, 6, 32);
    for (Index row = 0; row < 6; ++row) {
      std::copy_n(operands.q.view().row(0, row), 96, q.row(0, row));
      std::copy_n(operands.k.view().row(0, row), 32, k.row(0, row));
    }
    Args call = operands.args;
    call.q.x = q;
    call.q.y = q;
    call.k.x = k;
    call.k.y = k;
    run(kernel(), c.problem, call, {threads});
    operands.args.q.y = q;
    operands.args.k.y = k;
    const auto why = qk_norm_rope::why_wrong(operands.args);
    EXPECT_EQ(why, std::nullopt) << *why;
    EXPECT_TRUE(both.guards_untouched());
  }
}

// x = (3, 4): the mean square is 12.5; weights 2 and 1; a quarter turn makes (a, b) to (-b, a).
TEST_P(QkNormRopeConformance, NormAndQuarterTurnByHand) {
  const std::array<float, 2> x = {3, 4};
  const std::array<float, 2> weight = {2, 1};
  std::array<float, 2> y = {};
  Problem problem = make_problem(1, 1, 0, 2, 2, Pairing::halves, 2);
  problem.rotation.base = 1;
  problem.rotation.scale = std::acos(0.0) / 2;
  Args args;
  args.q = {dense(x.data(), 1, 1, 2), dense(y.data(), 1, 1, 2), weight.data(), 1};
  args.k = {dense<const float>(nullptr, 1, 1, 0), dense<float>(nullptr, 1, 1, 0), weight.data(), 0};
  args.positions = {2, {}};
  args.rotation = problem.rotation;
  args.head_dim = 2;
  args.epsilon = 3.5F;  // 12.5 + 3.5 = 4 * 4
  run(kernel(), problem, args, {1});
  EXPECT_NEAR(y[0], -1.0F, 1e-6F);
  EXPECT_NEAR(y[1], 1.5F, 1e-6F);
}

TEST_P(QkNormRopeConformance, ZerosStayZeros) {
  const QkCase c = {.problem = make_problem(2, 3, 1, 40, 40, Pairing::halves, 5)};
  Operands operands(c);
  for (const MatrixBatch<float>& x : {operands.q.view(), operands.k.view()}) {
    for (Index row = 0; row < 2; ++row) std::fill_n(x.row(0, row), x.cols, 0.0F);
  }
  run(kernel(), c.problem, operands.args, {1});
  for (Index row = 0; row < 2; ++row) {
    for (Index col = 0; col < 120; ++col) EXPECT_EQ(operands.q_out.view().row(0, row)[col], 0.0F);
  }
}

// The scale of x cancels but for epsilon.
TEST_P(QkNormRopeConformance, LargeAndSmallHeads) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const float scale : {1e-25F, 1e-18F, 1e-3F, 1e15F}) {
      const QkCase c = {.problem = make_problem(2, 2, 1, 70, 64, Pairing::interleaved, 5)};
      Operands operands(c);
      for (Index row = 0; row < 2; ++row) {
        for (Index col = 0; col < 140; ++col) operands.q.view().row(0, row)[col] *= scale;
      }
      run(kernel(), c.problem, operands.args, {1});
      const auto why = qk_norm_rope::why_wrong(operands.args);
      EXPECT_EQ(why, std::nullopt) << scale << ": " << *why;
    }
  }
}

TEST_P(QkNormRopeConformance, SharedTableGivesTheSameBits) {
  const QkCase c = {.problem = make_problem(6, 3, 1, 50, 48, Pairing::halves, 10)};
  const RopeTable table(c.problem.rotation, {0, 100});
  Operands own(c);
  Operands shared(c);
  run(kernel(), c.problem, own.args, {1});
  run(kernel(), c.problem, shared.args, {1}, &table);
  for (Index row = 0; row < 6; ++row) {
    for (Index col = 0; col < 150; ++col) {
      EXPECT_EQ(own.q_out.view().row(0, row)[col], shared.q_out.view().row(0, row)[col]);
    }
  }
}

TEST_P(QkNormRopeConformance, DeclinesWhatCannotTurn) {
  EXPECT_EQ(kernel().why_unsupported(make_problem(1, 1, 1, 8, 8, Pairing::halves)), std::nullopt);
  EXPECT_NE(kernel().why_unsupported(make_problem(1, 1, 1, 8, 7, Pairing::halves)), std::nullopt);
}

TEST_P(QkNormRopeConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test();
  const std::vector<int> threads = thread_counts();
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const Index head_dim = *rc::gen::inRange<Index>(0, 150);
    const QkCase c = {
        .problem = make_problem(*rc::gen::inRange<Index>(0, 12), *rc::gen::inRange<Index>(0, 9),
                                *rc::gen::inRange<Index>(0, 5), head_dim,
                                *rc::gen::inRange<Index>(0, head_dim / 2 + 1) * 2,
                                *rc::gen::element(Pairing::halves, Pairing::interleaved),
                                *rc::gen::inRange<Index>(0, 200'000)),
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .in_place = *rc::gen::arbitrary<bool>(),
        .epsilon = *rc::gen::element(1e-6F, 1e-12F, 0.5F),
    };
    const auto why = why_wrong(kernel(), c, {*rc::gen::elementOf(threads)});
    if (why) RC_FAIL(*why);
  }));
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : qk_norm_rope::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, QkNormRopeConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(QkNormRopeFamily, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Kernel& kernel : qk_norm_rope::family()) {
    EXPECT_EQ(qk_norm_rope::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
    names.insert(kernel.name);
  }
  EXPECT_EQ(names.size(), qk_norm_rope::family().size());
  EXPECT_EQ(qk_norm_rope::find("none such"), nullptr);
}

TEST(QkNormRopeFamily, SeparateKernelsAreTwoRegionsAndFusedOnesAreOne) {
  const QkCase c = {.problem = make_problem(8, 3, 1, 64, 64, Pairing::halves)};
  for (const auto& [name, regions] :
       {std::pair{"separate_simd_parallel", 2U}, {"fused_simd_parallel", 1U}}) {
    Operands operands(c);
    const Kernel& kernel = *qk_norm_rope::find(name);
    const auto prepared = kernel.prepare(c.problem, {}, {2});
    reset_execution_counters();
    kernel.run(operands.args, *prepared, {}, {2});
    EXPECT_EQ(read_execution_counters().parallel_regions, regions) << name;
    EXPECT_EQ(read_execution_counters().threads_used, 2U) << name;
  }
}

// Both sides of the comparison that the family is for compute the same.
TEST(QkNormRopeFamily, FusedAndSeparateAgree) {
  const QkCase c = {.problem = make_problem(20, 3, 1, 256, 256, Pairing::halves, 77)};
  for (const auto& [fused, separate] :
       {std::pair{"fused", "separate"}, {"fused_simd", "separate_simd"}}) {
    Operands one(c);
    Operands two(c);
    run(*qk_norm_rope::find(fused), c.problem, one.args, {1});
    run(*qk_norm_rope::find(separate), c.problem, two.args, {1});
    for (Index row = 0; row < 20; ++row) {
      for (Index col = 0; col < 768; ++col) {
        ASSERT_NEAR(one.q_out.view().row(0, row)[col], two.q_out.view().row(0, row)[col], 2e-6F);
      }
    }
  }
}

/// The verdict on a right result after `spoil` had its way with it.
std::optional<std::string> verdict(const std::function<void(const Args&)>& spoil) {
  const QkCase c = {.problem = make_problem(5, 3, 2, 20, 16, Pairing::halves, 100),
                    .layout = {3, 0, 1}};
  Operands operands(c);
  run(*qk_norm_rope::find("fused_simd"), c.problem, operands.args, {1});
  spoil(operands.args);
  return qk_norm_rope::why_wrong(operands.args);
}

TEST(QkNormRopeReference, AcceptsWhatIsRight) {
  EXPECT_EQ(verdict([](const Args&) {}), std::nullopt);
}

TEST(QkNormRopeReference, NamesThePlace) {
  const auto in_q = verdict([](const Args& args) { args.q.y.row(0, 3)[20 + 7] += 1e-5F; });
  EXPECT_TRUE(in_q.value_or("").starts_with("Q, row 3, head 1, dim 7: value")) << in_q.value_or("");
  const auto in_k = verdict(
      [](const Args& args) { args.k.y.row(0, 4)[39] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_TRUE(in_k.value_or("").starts_with("K, row 4, head 1, dim 19: value"))
      << in_k.value_or("");
}

TEST(QkNormRopeReference, CatchesAnotherEpsilonWeightAndPosition) {
  const auto spoil_with = [](const std::function<void(Args&)>& change) {
    return verdict([&](const Args& args) {
      Args wrong = args;
      change(wrong);
      const Index first = wrong.positions.first;
      run(*qk_norm_rope::find("separate"), make_problem(5, 3, 2, 20, 16, Pairing::halves, first),
          wrong, {1});
    });
  };
  EXPECT_NE(spoil_with([](Args& args) { args.epsilon = 1e-4F; }), std::nullopt);
  EXPECT_NE(spoil_with([](Args& args) { args.k.weight = args.q.weight; }), std::nullopt);
  EXPECT_NE(spoil_with([](Args& args) { args.positions.first = 99; }), std::nullopt);
}

}  // namespace
}  // namespace crossover::kernels::test
