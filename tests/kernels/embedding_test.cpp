#include "kernels/embedding/embedding.h"

#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>

#include "kernels/embedding/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/what_to_test.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using embedding::Kernel;
using embedding::Problem;
using Ids = std::vector<TokenId>;

/// One lookup with operands of its own.
struct LookupCase {
  Problem problem;
  Layout layout;
  float scale = 1;
};

Ids random_ids(const Problem& problem, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Ids ids(static_cast<std::size_t>(problem.tokens));
  const auto rows = static_cast<std::uint64_t>(problem.vocabulary);
  for (TokenId& id : ids) id = static_cast<TokenId>(random() % rows);
  return ids;
}

struct LookupOperands {
  explicit LookupOperands(const LookupCase& c)
      : table(1, c.problem.vocabulary, c.problem.dim, c.layout),
        ids(random_ids(c.problem, 7)),
        out(1, c.problem.tokens, c.problem.dim, c.layout),
        scale(c.scale) {
    table.fill_random(1);
  }

  embedding::Args args() const { return {table.view(), ids, out.view(), scale}; }

  GuardedMatrix table;
  Ids ids;
  GuardedMatrix out;
  float scale;
};

void run(const Kernel& kernel, const Problem& problem, const embedding::Args& args, int threads) {
  const auto prepared = kernel.prepare(problem, {}, {threads});
  const Workspace workspace(kernel.workspace_bytes(problem, {threads}));
  kernel.run(args, *prepared, workspace.span(), {threads});
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const LookupCase& c, int threads) {
  LookupOperands operands(c);
  run(kernel, c.problem, operands.args(), threads);
  std::optional<std::string> why = embedding::why_wrong(operands.args());
  if (!why && !operands.out.guards_untouched()) why = "wrote beside out";
  if (!why && !operands.table.untouched()) why = "wrote to the table";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}] vocabulary {} dim {} tokens {}, padding {}: {}",
                     kernel.name, instruction_set(), threads, c.problem.vocabulary, c.problem.dim,
                     c.problem.tokens, c.layout.row_padding, *why);
}

// Every variant, found through the list: a new one is tested without a change here.
class LookupConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(const LookupCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, threads);
    EXPECT_EQ(why, std::nullopt) << *why;
  }
};

TEST_P(LookupConformance, EveryDimAroundVectorsAndUnrolledSteps) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (Index dim = 0; dim <= 140; ++dim) {
      expect_right({.problem = {5, dim, 3}, .layout = {}}, 1);
      expect_right({.problem = {5, dim, 3}, .layout = {3, 0, 1}, .scale = 1.7F}, 1);
    }
  }
}

TEST_P(LookupConformance, ThreadsAndEmptyExtents) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts_of(kernel().traits)) {
      for (const Index tokens : {0, 1, 2, 7, 40}) {
        for (const Index dim : {0, 17, 769}) {
          expect_right({.problem = {tokens + 1, dim, tokens}, .layout = {5, 0, 3}}, threads);
          expect_right({.problem = {1, dim, tokens}, .layout = {}, .scale = -3}, threads);
        }
      }
      expect_right({.problem = {0, 10, 0}, .layout = {}}, threads);
    }
  }
}

TEST_P(LookupConformance, ValueByHand) {
  const std::array<float, 6> table = {1, 2, 3, 4, 5, 6};
  const Ids ids = {2, 0, 2, 1};
  std::array<float, 8> out = {};
  for (const int threads : thread_counts_of(kernel().traits)) {
    out.fill(-1);
    run(kernel(), {3, 2, 4}, {dense(table.data(), 1, 3, 2), ids, dense(out.data(), 1, 4, 2), 10},
        threads);
    EXPECT_EQ(out, (std::array<float, 8>{50, 60, 10, 20, 50, 60, 30, 40}));
  }
}

TEST_P(LookupConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_of(kernel().traits);
  const std::vector<int> threads = thread_counts_of(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const LookupCase c = {
        .problem = {*rc::gen::inRange<Index>(1, 60), *rc::gen::inRange<Index>(0, 200),
                    *rc::gen::inRange<Index>(0, 60)},
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .scale = *rc::gen::element(1.0F, 27.7128F, -0.3F),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

INSTANTIATE_TEST_SUITE_P(Family, LookupConformance,
                         testing::ValuesIn(pointers_to(embedding::family())), NameOfKernel());

TEST(LookupFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : embedding::family()) {
    EXPECT_EQ(embedding::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(embedding::find("none such"), nullptr);
}

TEST(LookupFamily, SaysWhatIdsCannotNumber) {
  for (const Kernel& kernel : embedding::family()) {
    EXPECT_EQ(kernel.why_unsupported({0, 8, 0}), std::nullopt);
    EXPECT_NE(kernel.why_unsupported({0, 8, 1}), std::nullopt);
    EXPECT_EQ(kernel.why_unsupported({Index{1} << 31, 8, 1}), std::nullopt);
    EXPECT_NE(kernel.why_unsupported({(Index{1} << 31) + 1, 8, 1}), std::nullopt);
  }
}

TEST(TokenIds, OutOfRangeAreFoundWithTheirPlace) {
  EXPECT_EQ(why_ids_invalid({}, 0), std::nullopt);
  EXPECT_EQ(why_ids_invalid(Ids{0, 3, 1}, 4), std::nullopt);
  EXPECT_EQ(why_ids_invalid(Ids{0, 4, -1}, 4), "id 4 at place 1; expected 0..3");
  EXPECT_EQ(why_ids_invalid(Ids{0, 3, -1}, 4), "id -1 at place 2; expected 0..3");
}

#ifndef NDEBUG
TEST(LookupContract, AnIdOutOfRangeIsAsserted) {
  const std::array<float, 2> table = {1, 2};
  std::array<float, 2> out = {};
  const Ids ids = {1};
  const embedding::Args args = {dense(table.data(), 1, 1, 2), ids, dense(out.data(), 1, 1, 2)};
  for (const Kernel& kernel : embedding::family()) {
    EXPECT_DEATH(run(kernel, {1, 2, 1}, args, 1), "is_valid");
  }
}
#endif

TEST(LookupReference, CatchesWrongRowsScalesAndPoison) {
  const LookupCase c = {.problem = {20, 33, 12}, .layout = {2, 0, 1}, .scale = 1.3F};
  const auto verdict = [&](const auto& spoil) {
    const LookupOperands operands(c);
    run(*embedding::find("simd"), c.problem, operands.args(), 1);
    spoil(operands.out.view());
    return embedding::why_wrong(operands.args());
  };
  using View = MatrixBatch<float>;
  EXPECT_EQ(verdict([](const View&) {}), std::nullopt);
  const auto off = verdict(
      [](const View& out) { out.row(0, 3)[32] = std::nextafter(out.row(0, 3)[32], 10.0F); });
  EXPECT_EQ(off.value_or("").rfind("token 3 (id ", 0), 0U) << off.value_or("accepted");
  EXPECT_NE(off.value_or("").find("col 32:"), std::string::npos);
  EXPECT_NE(verdict([](const View& out) {
              std::swap_ranges(out.row(0, 0), out.row(0, 0) + 33, out.row(0, 1));
            }),
            std::nullopt);
  EXPECT_NE(
      verdict([](const View& out) { out.row(0, 11)[0] = std::numeric_limits<float>::quiet_NaN(); }),
      std::nullopt);
}

}  // namespace
}  // namespace crossover::kernels::test
