#include "kernels/embedding_gradient/embedding_gradient.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>

#include "kernels/embedding/embedding.h"
#include "kernels/embedding_gradient/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/what_to_test.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {
namespace {

using embedding_gradient::Args;
using embedding_gradient::Kernel;
using embedding_gradient::OtherRows;
using embedding_gradient::Problem;
using Ids = std::vector<TokenId>;

/// How ids repeat.
enum class Repeats { some, most, all };

/// One call with operands of its own.
struct GradientCase {
  Problem problem;
  Layout layout;
  Repeats repeats = Repeats::some;

  std::string describe() const {
    return fmt::format("vocabulary {} dim {} tokens {}, padding {}, end gap {}, repeats {}{}",
                       problem.vocabulary, problem.dim, problem.tokens, layout.row_padding,
                       layout.end_gap, static_cast<int>(repeats),
                       problem.other_rows == OtherRows::kept ? ", other rows kept" : "");
  }
};

Ids random_ids(const GradientCase& c) {
  std::mt19937_64 random(7);
  Ids ids(static_cast<std::size_t>(c.problem.tokens));
  const auto rows = static_cast<std::uint64_t>(c.problem.vocabulary);
  for (TokenId& id : ids) {
    const bool repeats =
        c.repeats == Repeats::all || (c.repeats == Repeats::most && random() % 4 != 0);
    id = static_cast<TokenId>(repeats ? rows / 2 : random() % rows);
  }
  return ids;
}

struct GradientOperands {
  explicit GradientOperands(const GradientCase& c)
      : upstream(1, c.problem.tokens, c.problem.dim, c.layout),
        ids(random_ids(c)),
        gradient(1, c.problem.vocabulary, c.problem.dim, c.layout),
        other_rows(c.problem.other_rows) {
    upstream.fill_random(1);
  }

  Args args() const { return {upstream.view(), ids, gradient.view(), other_rows}; }

  GuardedMatrix upstream;
  Ids ids;
  GuardedMatrix gradient;  // poisoned until it is written
  OtherRows other_rows;
};

void run(const Kernel& kernel, const Problem& problem, const Args& args, int threads) {
  const auto prepared = kernel.prepare(problem, {}, {threads});
  const Workspace workspace(kernel.workspace_bytes(problem, {threads}));
  kernel.run(args, *prepared, workspace.span(), {threads});
}

/// Whether every row that no id names still holds the poison.
bool others_are_kept(const GradientOperands& operands) {
  const MatrixBatch<float>& gradient = operands.gradient.view();
  for (Index row = 0; row < gradient.rows; ++row) {
    const bool named = std::count(operands.ids.begin(), operands.ids.end(), row) > 0;
    for (Index j = 0; j < gradient.cols; ++j) {
      if (!named && !std::isnan(gradient.row(0, row)[j])) return false;
    }
  }
  return true;
}

/// What is wrong with the kernel on this case, or nullopt.
std::optional<std::string> why_wrong(const Kernel& kernel, const GradientCase& c, int threads) {
  GradientOperands operands(c);
  run(kernel, c.problem, operands.args(), threads);
  std::optional<std::string> why = embedding_gradient::why_wrong(operands.args());
  if (!why && !operands.gradient.guards_untouched()) why = "wrote beside the gradient";
  if (!why && !operands.upstream.untouched()) why = "wrote to upstream";
  if (!why && c.problem.other_rows == OtherRows::kept && !others_are_kept(operands)) {
    why = "wrote to a row that no id names";
  }
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}] {}: {}", kernel.name, instruction_set(), threads,
                     c.describe(), *why);
}

std::vector<float> elements(const MatrixBatch<float>& matrix) {
  std::vector<float> values;
  for (Index i = 0; i < matrix.rows; ++i) {
    values.insert(values.end(), matrix.row(0, i), matrix.row(0, i) + matrix.cols);
  }
  return values;
}

// Every variant, found through the list: a new one is tested without a change here.
class GradientConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static void expect_right(GradientCase c, int threads) {
    for (const OtherRows other_rows : {OtherRows::zeroed, OtherRows::kept}) {
      c.problem.other_rows = other_rows;
      const auto why = why_wrong(kernel(), c, threads);
      EXPECT_EQ(why, std::nullopt) << *why;
    }
  }
};

TEST_P(GradientConformance, EveryDimAroundVectors) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (Index dim = 0; dim <= 70; ++dim) {
      expect_right({.problem = {6, dim, 13}, .layout = {}}, 1);
      expect_right({.problem = {6, dim, 13}, .layout = {3, 0, 1}, .repeats = Repeats::most}, 1);
    }
  }
}

// Groups of every size around the rows that are summed at a time.
TEST_P(GradientConformance, EveryNumberOfTokensOfOneId) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (Index tokens = 0; tokens <= 14; ++tokens) {
      expect_right({.problem = {3, 37, tokens}, .layout = {}, .repeats = Repeats::all}, 1);
    }
  }
}

// Vocabularies of one to three digits of the sort, and pieces of rows and columns.
TEST_P(GradientConformance, ThreadsAndVocabularies) {
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts_of(kernel().traits)) {
      for (const Index vocabulary : {2, 257}) {
        for (const Index dim : {1, 129, 200}) {
          expect_right({.problem = {vocabulary, dim, 150}, .layout = {5, 0, 3}}, threads);
          expect_right({.problem = {vocabulary, dim, 60}, .layout = {}, .repeats = Repeats::most},
                       threads);
        }
      }
      expect_right({.problem = {66'000, 3, 200}, .layout = {}}, threads);
      expect_right({.problem = {9, 0, 5}, .layout = {}}, threads);
      expect_right({.problem = {9, 5, 0}, .layout = {}}, threads);
      expect_right({.problem = {0, 5, 0}, .layout = {}}, threads);
    }
  }
}

TEST_P(GradientConformance, ValueByHand) {
  const std::array<float, 8> upstream = {1, 2, 3, 4, 5, 6, 7, 8};
  const Ids ids = {2, 0, 2, 2};
  for (const int threads : thread_counts_of(kernel().traits)) {
    std::array<float, 8> gradient = {9, 9, 9, 9, 9, 9, 9, 9};
    Args args = {dense(upstream.data(), 1, 4, 2), ids, dense(gradient.data(), 1, 4, 2)};
    for (int call = 0; call < 2; ++call) {  // a second one adds nothing to the first
      run(kernel(), {4, 2, 4}, args, threads);
      EXPECT_EQ(gradient, (std::array<float, 8>{3, 4, 0, 0, 13, 16, 0, 0}));
    }
    gradient.fill(9);
    args.other_rows = OtherRows::kept;
    run(kernel(), {4, 2, 4, OtherRows::kept}, args, threads);
    EXPECT_EQ(gradient, (std::array<float, 8>{3, 4, 9, 9, 13, 16, 9, 9}));
  }
}

TEST_P(GradientConformance, GivesTheBitsOfNaive) {
  if (kernel().name == "atomic") GTEST_SKIP() << "its order depends on timing";
  const GradientCase c = {.problem = {40, 300, 500}, .layout = {}, .repeats = Repeats::most};
  const GradientOperands expected(c);
  run(*embedding_gradient::find("naive"), c.problem, expected.args(), 1);
  for (const std::string& set : instruction_sets_of(kernel().traits)) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts_of(kernel().traits)) {
      const GradientOperands operands(c);
      run(kernel(), c.problem, operands.args(), threads);
      EXPECT_EQ(elements(operands.gradient.view()), elements(expected.gradient.view()));
    }
  }
}

// The loss of a table: sum over tokens and columns of weight * out^2 / 2, in double precision.
double loss_of(const MatrixBatch<const float>& table, const Ids& ids, const std::vector<float>& w) {
  std::vector<float> out(w.size());
  const auto tokens = static_cast<Index>(ids.size());
  const embedding::Problem problem = {table.rows, table.cols, tokens};
  const embedding::Kernel& lookup = *embedding::find("simd");
  lookup.run({table, ids, dense(out.data(), 1, tokens, table.cols)},
             *lookup.prepare(problem, {}, {}), {}, {});
  double loss = 0;
  for (std::size_t i = 0; i < w.size(); ++i) loss += 0.5 * w[i] * out[i] * out[i];
  return loss;
}

// A quadratic loss has no error of truncation, and short numbers none of rounding.
TEST_P(GradientConformance, AgreesWithFiniteDifferencesThroughTheLookup) {
  constexpr Index vocabulary = 7;
  constexpr Index dim = 5;
  const Ids ids = {3, 0, 3, 6, 3, 1, 0};
  const auto tokens = static_cast<Index>(ids.size());
  GuardedMatrix table(1, vocabulary, dim, {});
  GuardedMatrix weights(1, tokens, dim, {});
  table.fill_coarse(1);
  weights.fill_coarse(2);
  const std::vector<float> w = elements(weights.view());
  std::vector<float> upstream(w);  // d loss / d out = weight * out
  for (std::size_t i = 0; i < w.size(); ++i) {
    upstream[i] *= table.view().row(0, ids[i / dim])[i % dim];
  }
  std::array<float, std::size_t{vocabulary}* dim> gradient = {};
  run(kernel(), {vocabulary, dim, tokens},
      {dense<const float>(upstream.data(), 1, tokens, dim), ids,
       dense(gradient.data(), 1, vocabulary, dim)},
      thread_counts_of(kernel().traits).back());
  constexpr float step = 0x1p-6;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    float& parameter = table.view().row(0, static_cast<Index>(i) / dim)[i % dim];
    const float value = parameter;
    parameter = value + step;
    const double above = loss_of(table.view(), ids, w);
    parameter = value - step;
    const double below = loss_of(table.view(), ids, w);
    parameter = value;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-12) << i;
  }
}

TEST_P(GradientConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_of(kernel().traits);
  const std::vector<int> threads = thread_counts_of(kernel().traits);
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const GradientCase c = {
        .problem = {*rc::gen::inRange<Index>(1, 600), *rc::gen::inRange<Index>(0, 200),
                    *rc::gen::inRange<Index>(0, 100),
                    *rc::gen::element(OtherRows::zeroed, OtherRows::kept)},
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .repeats = *rc::gen::element(Repeats::some, Repeats::most, Repeats::all),
    };
    const auto why = why_wrong(kernel(), c, *rc::gen::elementOf(threads));
    if (why) RC_FAIL(*why);
  }));
}

INSTANTIATE_TEST_SUITE_P(Family, GradientConformance,
                         testing::ValuesIn(pointers_to(embedding_gradient::family())),
                         NameOfKernel());

TEST(GradientFamily, NamesAreUniqueAndFound) {
  for (const Kernel& kernel : embedding_gradient::family()) {
    EXPECT_EQ(embedding_gradient::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
  }
  EXPECT_EQ(embedding_gradient::find("none such"), nullptr);
}

template <class Spoil>
std::optional<std::string> verdict(const GradientCase& c, const Spoil& spoil) {
  const GradientOperands operands(c);
  run(*embedding_gradient::find("naive"), c.problem, operands.args(), 1);
  spoil(operands);
  return embedding_gradient::why_wrong(operands.args());
}

TEST(GradientReference, CatchesALostToken) {
  const GradientCase c = {.problem = {9, 21, 400}, .layout = {2, 0, 1}, .repeats = Repeats::most};
  EXPECT_EQ(verdict(c, [](const GradientOperands&) {}), std::nullopt);
  const auto why = verdict(c, [](const GradientOperands& operands) {
    float* row = operands.gradient.view().row(0, operands.ids[50]);
    for (Index j = 0; j < 21; ++j) row[j] -= operands.upstream.view().row(0, 50)[j];
  });
  EXPECT_EQ(why.value_or("").rfind("row ", 0), 0U) << why.value_or("accepted");
}

TEST(GradientReference, CatchesWhatOtherRowsHoldUnlessTheyAreKept) {
  GradientCase c = {.problem = {9, 21, 4}, .layout = {}, .repeats = Repeats::all};
  const auto spoil = [](const GradientOperands& operands) {
    operands.gradient.view().row(0, 8)[20] = 1e-30F;
  };
  EXPECT_EQ(verdict(c, spoil).value_or("").rfind("row 8 (0 tokens), col 20:", 0), 0U);
  c.problem.other_rows = OtherRows::kept;
  EXPECT_EQ(verdict(c, spoil), std::nullopt);
}

TEST(GradientReference, CatchesPoisonThatSurvived) {
  const GradientCase c = {.problem = {9, 21, 30}, .layout = {}};
  const auto why = verdict(c, [](const GradientOperands& operands) {
    operands.gradient.view().row(0, 0)[3] = std::numeric_limits<float>::quiet_NaN();
  });
  EXPECT_NE(why, std::nullopt);
}

}  // namespace
}  // namespace crossover::kernels::test
