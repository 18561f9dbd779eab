#include "harness/run/gate_stopping.h"

#include <cmath>
#include <gtest/gtest.h>

#include "harness/plan/live_plan.h"
#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

constexpr double margin = 0.03;

SectionPlan two_sizes() {
  return make_live_plan(plan_of("family=matmul\nvariants=simd\nsize=4,8\n")).sections.front();
}

/// Adds launches in which B takes `factors[launch]` times as long as A.
void add_launches(Evidence& evidence, std::size_t problem, const std::vector<double>& factors) {
  for (std::size_t launch = 0; launch < factors.size(); ++launch) {
    for (const std::size_t arm : {0, 1, 1, 0}) {
      Sample sample;
      sample.launch = static_cast<int>(launch);
      sample.iterations = 1;
      sample.seconds = arm == 0 ? 1e-3 : 1e-3 * factors[launch];
      evidence.add(arm, problem, sample);
    }
    evidence.close();
  }
}

const std::vector<double> steady{1.000, 1.001, 0.999, 1.000, 1.001, 0.999, 1.000, 1.001};
const std::vector<double> unsteady{1.0, 1.2, 0.9, 1.1, 1.0, 1.2, 0.9, 1.1};

std::vector<double> times(std::vector<double> factors, double factor) {
  for (double& value : factors) value *= factor;
  return factors;
}

std::vector<bool> wanted(const std::vector<double>& first, const std::vector<double>& second) {
  const SectionPlan section = two_sizes();
  Evidence evidence(section.comparisons);
  add_launches(evidence, 0, first);
  add_launches(evidence, 1, second);
  return gate_stopping(gate_cells(std::vector{section}), margin)(section, evidence);
}

using Flags = std::vector<bool>;

TEST(GateStopping, WantsMoreOfWhatIsUndecided) {
  EXPECT_EQ(wanted(steady, unsteady), (Flags{false, true}));
  EXPECT_EQ(wanted(unsteady, steady), (Flags{true, false}));
}

TEST(GateStopping, StopsWhereEachCellIsDecidedEitherWay) {
  EXPECT_EQ(wanted(steady, times(steady, 1.5)), (Flags{false, false}));
  EXPECT_EQ(wanted(steady, times(unsteady, 3)), (Flags{false, false}));
  EXPECT_EQ(wanted(times(steady, 0.5), steady), (Flags{false, false}));
}

TEST(GateStopping, WantsMoreAtTheMargin) {
  EXPECT_EQ(wanted(times(steady, 1 + margin), steady), (Flags{true, false}));
}

TEST(GateStopping, WantsNothingOfWhatCannotBeMeasured) {
  EXPECT_EQ(wanted({}, unsteady), (Flags{false, true}));
}

TEST(GateCells, AreComparisonsTimesProblemsOfAllSections) {
  const Plan plan = make_live_plan(plan_of(
      "family=matmul\n[a]\nvariants=simd,eigen\nsize=4,8,16\n[b]\nvariants=simd\nsize=4\n"));
  EXPECT_EQ(gate_cells(plan.sections), 2u * 3 + 1);
}

}  // namespace
}  // namespace crossover::harness
