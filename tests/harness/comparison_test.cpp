#include "harness/results/comparison.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "harness/results/manifest.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

const std::string config =
    "[table]\nvariants = simd, simd_parallel[threads=2]\nagainst = simd\nsize = 64, 128\n"
    "launches = 8\n";

/// A stored run of a world in which every call takes `scale` times the usual.
StoredRun run_of(double scale, std::uint64_t seed, const std::string& text = config) {
  FakeRun run(text, [scale](const Arm& arm, const Problem& problem) {
    const auto n = static_cast<double>(extent(problem, "n"));
    return scale * 1e-9 * n * n * n / threads_of(arm);
  });
  run.host.random.seed(seed);
  run.run();
  Machine machine;
  machine.cpu = "Fake CPU";
  machine.cores = 2;
  StoredRun stored;
  stored.path = "run-" + std::to_string(seed);
  stored.manifest = make_manifest(run.plan, machine, {"1", "abc", "gcc", "-O3", {}}, {"crossover"},
                                  {"avx2"}, [](const Arm&) {
                                    return Placement{{1}, true, {}};
                                  });
  stored.sections = run.plan.sections;
  stored.evidence = run.runner.evidence();
  return stored;
}

TEST(Comparison, ArmsOfOneRunArePaired) {
  const StoredRun run = run_of(1, 1);
  const Comparison comparison = compare_arms(run, "simd", "simd_parallel[threads=2]");
  EXPECT_TRUE(comparison.paired);
  ASSERT_EQ(comparison.cells.size(), 2u);
  for (const ComparedCell& cell : comparison.cells) {
    EXPECT_EQ(cell.verdict, Verdict::faster);
    EXPECT_EQ(cell.launches_after, 8u);
    EXPECT_NEAR(cell.log_ratio, std::log(2), 0.005);
    EXPECT_LT(cell.ci->low, cell.ci->high);
    EXPECT_LT(cell.simultaneous.low, std::log(2));
    EXPECT_GT(cell.simultaneous.high, std::log(2));
  }
  EXPECT_NEAR(*comparison.geometric_mean, std::log(2), 0.005);
  ASSERT_TRUE(comparison.geometric_mean_ci);
}

TEST(Comparison, RunsAreMatchedByWhatACellIs) {
  const Comparison comparison = compare_runs(run_of(1, 1), run_of(1.5, 2));
  EXPECT_FALSE(comparison.paired);
  EXPECT_EQ(comparison.cells.size(), 4u);  // replicas left out
  for (const ComparedCell& cell : comparison.cells) {
    EXPECT_EQ(cell.verdict, Verdict::slower);
    EXPECT_NEAR(cell.log_ratio, -std::log(1.5), 0.01);
  }
  EXPECT_EQ(gate(comparison, 0.03), GateVerdict::regression);
  EXPECT_EQ(gate(comparison, 1.0), GateVerdict::pass);
}

TEST(Comparison, OtherSettingsAreOtherCells) {
  const StoredRun one = run_of(1, 1);
  const StoredRun other = run_of(1, 2, config + "cache = cold\n");
  const Comparison comparison = compare_runs(one, other);
  EXPECT_TRUE(comparison.cells.empty());
  EXPECT_EQ(comparison.only_before.size(), 4u);
  EXPECT_EQ(comparison.only_after.size(), 4u);
  EXPECT_FALSE(comparison.geometric_mean);
}

TEST(Comparison, ASettingThatOnlyOneVersionKnowsDoesNotCount) {
  const StoredRun old_run = run_of(1, 1);
  StoredRun new_run = run_of(1, 2);
  for (SectionPlan& section : new_run.sections) {
    for (Arm& arm : section.arms) arm.settings["prefetch"] = "none";
  }
  const Comparison comparison = compare_runs(old_run, new_run);
  EXPECT_EQ(comparison.cells.size(), 4u);
  EXPECT_NE(comparison.notes.at(2).find("only B has the setting prefetch (none throughout)"),
            std::string::npos);
  new_run.sections[0].arms[0].settings["prefetch"] = "far";
  EXPECT_EQ(compare_runs(old_run, new_run).cells.size(), 2u) << "the arms without it still match";
}

TEST(Comparison, TheMeanOfTwoRunsIsNoNarrowerThanItsCells) {
  const Comparison comparison = compare_runs(run_of(1, 1), run_of(1.2, 2));
  double narrowest = std::numeric_limits<double>::infinity();
  for (const ComparedCell& cell : comparison.cells) {
    narrowest = std::min(narrowest, cell.ci->high - cell.ci->low);
  }
  const Interval mean = *comparison.geometric_mean_ci;
  EXPECT_GE(mean.high - mean.low, narrowest);
}

TEST(Comparison, SimultaneousIntervalsAreWider) {
  const Comparison comparison = compare_runs(run_of(1, 1), run_of(1, 2));
  for (const ComparedCell& cell : comparison.cells) {
    EXPECT_LT(cell.simultaneous.low, cell.ci->low);
    EXPECT_GT(cell.simultaneous.high, cell.ci->high);
  }
}

TEST(Comparison, IdenticalRunsAreSeldomToldApart) {
  int decided = 0;
  int cells = 0;
  for (std::uint64_t pair = 0; pair < 60; ++pair) {
    const Comparison comparison = compare_runs(run_of(1, 2 * pair), run_of(1, 2 * pair + 1));
    for (const ComparedCell& cell : comparison.cells) {
      decided += cell.verdict == Verdict::faster || cell.verdict == Verdict::slower;
      ++cells;
    }
  }
  EXPECT_LE(decided, cells / 20);
}

TEST(Comparison, ALostCellKeepsAGateFromPassing) {
  Comparison comparison = compare_runs(run_of(1, 1), run_of(1, 2));
  ASSERT_EQ(gate(comparison, 0.5), GateVerdict::pass);
  comparison.only_before.push_back({"table: simd at m=1", "wrong: C[0]", true});
  EXPECT_EQ(gate(comparison, 0.5), GateVerdict::undecided);
  comparison.only_before.back().lost = false;
  EXPECT_EQ(gate(comparison, 0.5), GateVerdict::pass);
}

TEST(Comparison, TextsSayWhichTimeIsLess) {
  const Comparison comparison = compare_runs(run_of(1, 1), run_of(1.5, 2));
  const std::vector<Table> tables = comparison_tables(comparison, 0.03);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_NE(tables[0].title.find("unpaired: not interleaved"), std::string::npos);
  EXPECT_EQ(tables[0].rows[0].back(), "more time");
  const Json document = comparison_json(comparison, 0.03);
  EXPECT_EQ(document.at("pairing"), "unpaired: not interleaved");
  EXPECT_EQ(document.at("gate").at("verdict"), "regression");
  const Json& cell = document.at("cells").at(0);
  EXPECT_NEAR(cell.at("change"), 0.5, 0.02);
  EXPECT_NEAR(cell.at("ratio"), 1 / 1.5, 0.01);
  EXPECT_LT(cell.at("change_ci95").at(0), cell.at("change"));
  EXPECT_GT(cell.at("change_ci95").at(1), cell.at("change"));
}

TEST(Comparison, MachinesDifferInWhatMattersForTimes) {
  const Json one{{"machine", {{"cpu", "X"}, {"cores", 2}, {"kernel", "1"}}}};
  const Json other{{"machine", {{"cpu", "X"}, {"cores", 4}, {"kernel", "2"}}}};
  EXPECT_TRUE(machine_differences(one, one).empty());
  EXPECT_EQ(machine_differences(one, other), std::vector<std::string>{"cores: 2 and 4"});
  Json next = one;  // hypervisors give several generations one name
  next["machine"]["cpu_model"] = "family 26 model 2";
  EXPECT_EQ(machine_differences(one, next),
            std::vector<std::string>{R"(cpu_model: null and "family 26 model 2")"});
}

}  // namespace
}  // namespace crossover::harness
