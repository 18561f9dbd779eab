#include "harness/run/runner.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "harness/run/stopping.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

/// Serial time n^3 ns; parallel half of that plus an overhead: equal at the given size.
double crossing_at(double size, const Arm& arm, const Problem& problem) {
  const double n = static_cast<double>(extent(problem, "n"));
  const double serial = 1e-9 * n * n * n;
  const double overhead = 0.5e-9 * size * size * size;
  return threads_of(arm) == 1 ? serial : serial / 2 + overhead;
}

const std::string crossover_config =
    "question = crossover\nvariants = simd_parallel[threads=2]\nagainst = simd\n"
    "size = 16..256*1.4\n";

CrossoverResult result_of(const FakeRun& run) {
  const SectionPlan& plan = run.plan.sections[0];
  const auto points = curve_points(run.runner.evidence(0), plan.comparisons[0], plan.curves[0]);
  return locate_crossover(points, plan.protocol.looks.size(), plan.protocol.equivalence_margin);
}

TEST(Runner, FindsAKnownCrossover) {
  FakeRun run(crossover_config,
              [](const Arm& arm, const Problem& p) { return crossing_at(70, arm, p); });
  run.run();
  const CrossoverResult result = result_of(run);
  ASSERT_EQ(result.outcome, Outcome::crossing);
  EXPECT_LT(result.crossings[0].from, 70);
  EXPECT_GT(result.crossings[0].to, 70);
  EXPECT_EQ(run.host.alive, 0) << "a launch ends its workers";
}

TEST(Runner, EveryLaunchStartsFreshWorkers) {
  FakeRun run(crossover_config + "launches = 6\nsharpen = off\n",
              [](const Arm& arm, const Problem& p) { return crossing_at(70, arm, p); });
  run.run();
  const int arms = static_cast<int>(run.plan.sections[0].arms.size());
  const int checked = 2;  // replicas are not checked again
  EXPECT_EQ(run.host.started, checked + 6 * arms);
}

TEST(Runner, BlocksArePalindromesOverAllArms) {
  FakeRun run("variants = naive, simd, blocked\nsize = 16, 32\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  run.run();
  std::map<std::tuple<std::size_t, int, int>, std::vector<std::size_t>> blocks;
  for (const auto& event : run.observer.samples) {
    blocks[{event.problem, event.sample.launch, event.sample.block}].push_back(event.arm);
  }
  EXPECT_EQ(blocks.size(), 2u * 6 * 4);
  for (const auto& [key, arms] : blocks) {
    EXPECT_TRUE(std::equal(arms.begin(), arms.end(), arms.rbegin()));
    const std::set<std::size_t> distinct(arms.begin(), arms.end());
    EXPECT_EQ(arms.size(), 2 * distinct.size());
  }
}

TEST(Runner, StopsAtTheFirstLookWhenPrecise) {
  FakeRun run("variants = naive, simd\nsize = 64\nlaunches = 8, 20\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  run.host.noise = 1e-4;
  run.run();
  EXPECT_EQ(run.runner.evidence(0).launches(0, 0), 8u);
}

TEST(Runner, GoesOnToTheLastLookWhenNoisy) {
  FakeRun run("variants = naive, simd\nsize = 64\nlaunches = 8, 20\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  run.host.noise = 0.2;
  run.run();
  EXPECT_EQ(run.runner.evidence(0).launches(0, 0), 20u);
}

TEST(Runner, OnlyUndecidedSizesGetMoreLaunches) {
  // Far from the crossing everything is clear at once; at 70 the arms are equal but for noise.
  FakeRun run(
      "question = crossover\nvariants = simd_parallel[threads=2]\nagainst = simd\n"
      "size = 16, 70, 256\nlaunches = 6, 12\n",
      [](const Arm& arm, const Problem& p) { return crossing_at(70, arm, p); });
  run.host.noise = 0.05;
  run.run();
  const Evidence& evidence = run.runner.evidence(0);
  EXPECT_EQ(evidence.launches(0, 0), 6u);
  EXPECT_EQ(evidence.launches(0, 1), 12u);
  EXPECT_EQ(evidence.launches(0, 2), 6u);
}

TEST(Runner, EndsWithTheBudgetThoughUndecided) {
  FakeRun run("variants = naive, simd\nsize = 64\nlaunches = 8, 1000\nbudget = 20s\n",
              [](const Arm&, const Problem&) { return 1e-2; });
  run.host.noise = 0.5;
  run.run();
  const std::size_t launches = run.runner.evidence(0).launches(0, 0);
  EXPECT_GE(launches, 8u);
  EXPECT_LT(launches, 100u);
  EXPECT_LT(run.host.clock, 22);
}

TEST(Runner, SkipsWhatTheBudgetCannotPayAndSaysHowMuchItWouldTake) {
  FakeRun run("variants = simd, naive\nsize = 16, 64, 256\nlaunches = 6\nbudget = 10s\n",
              [](const Arm& arm, const Problem& p) {
                const double n = static_cast<double>(extent(p, "n"));
                return (arm.variant == "naive" ? 1e-7 : 1e-10) * n * n * n;
              });
  run.run();
  const Evidence& evidence = run.runner.evidence(0);
  EXPECT_EQ(evidence.facts(0, 2)->status, Status::measured);
  ASSERT_EQ(evidence.facts(1, 2)->status, Status::skipped);
  EXPECT_NE(evidence.facts(1, 2)->reason->find("would take about 38.6 s"), std::string::npos)
      << *evidence.facts(1, 2)->reason;
  EXPECT_EQ(evidence.totals(1, 2).samples, 0u);
}

TEST(Runner, SkipsWhatDoesNotFitMemory) {
  FakeRun run(
      "variants = simd, naive\nsize = 16, 1000\nlaunches = 6\n",
      [](const Arm&, const Problem&) { return 1e-5; }, 1e6);
  run.run();
  const CellFacts& facts = *run.runner.evidence(0).facts(0, 1);
  EXPECT_EQ(facts.status, Status::skipped);
  EXPECT_NE(facts.reason->find("memory"), std::string::npos);
  EXPECT_EQ(run.runner.evidence(0).facts(0, 0)->status, Status::measured);
}

TEST(Runner, WrongCellsAreNotTimed) {
  FakeRun run("variants = simd, naive\nsize = 16, 64\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  run.host.facts_of = [](const Cell& cell) {
    CellFacts facts;
    if (cell.arm.variant == "simd" && extent(cell.problem, "n") == 64) {
      facts.status = Status::wrong;
      facts.reason = "row 0";
    }
    return facts;
  };
  run.run();
  for (const auto& event : run.observer.samples) {
    EXPECT_FALSE(run.plan.sections[0].arms[event.arm].variant == "simd" && event.problem == 1);
  }
  EXPECT_GT(run.runner.evidence(0).totals(1, 1).samples, 0u) << "the others are measured";
}

TEST(Runner, ACrashWhileMeasuringCostsOneCell) {
  FakeRun run("variants = simd, naive\nsize = 16, 64\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  int samples = 0;
  run.host.on_sample = [&](const Cell& cell) {
    const bool chosen = cell.arm.variant == "simd" && cell.arm.replica == 0;
    if (chosen && extent(cell.problem, "n") == 64 && ++samples == 10) {
      throw WorkerFailure("crashed with signal 11");
    }
  };
  run.run();
  const Evidence& evidence = run.runner.evidence(0);
  EXPECT_EQ(evidence.facts(0, 1)->status, Status::failed);
  EXPECT_EQ(evidence.facts(0, 1)->reason, "crashed with signal 11");
  EXPECT_EQ(evidence.totals(0, 1).samples, 9u) << "what was measured stays";
  EXPECT_EQ(evidence.launches(0, 0), 6u) << "the arm's other cells go on";
  EXPECT_EQ(evidence.launches(1, 1), 6u);
}

TEST(Runner, InterruptionKeepsWhatWasMeasured) {
  FakeRun run("variants = simd, naive\nsize = 16, 64\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  int samples = 0;
  run.host.on_sample = [&](const Cell&) {
    if (++samples == 40) throw Interrupted();
  };
  EXPECT_THROW(run.run(), Interrupted);
  EXPECT_EQ(run.observer.samples.size(), 39u);
  EXPECT_EQ(run.host.alive, 0);
}

TEST(Runner, SlowCallsGetOneBlockPerLaunch) {
  FakeRun run("variants = simd, naive\nsize = 64\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 0.06; });
  run.run();
  EXPECT_EQ(run.runner.evidence(0).totals(0, 0).samples, 6u * 2);
}

TEST(Runner, ReplicasAreMeasuredOnTheirProblemsOnly) {
  FakeRun run("variants = simd, naive\nsize = 16, 32, 64, 128, 256\nlaunches = 6\n",
              [](const Arm&, const Problem&) { return 1e-5; });
  run.run();
  const SectionPlan& plan = run.plan.sections[0];
  ASSERT_FALSE(plan.aa_pairs.empty());
  for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
    const bool expected = std::count(plan.aa_problems.begin(), plan.aa_problems.end(), problem) > 0;
    EXPECT_EQ(run.runner.evidence(0).totals(plan.aa_pairs[0].variant, problem).samples > 0,
              expected);
  }
}

TEST(Runner, TheSeedDecidesTheOrder) {
  const auto order = [](const std::string& seed) {
    FakeRun run("seed = " + seed + "\nvariants = simd, naive\nsize = 16, 32, 64\nlaunches = 6\n",
                [](const Arm&, const Problem&) { return 1e-5; });
    run.run();
    std::vector<std::size_t> arms;
    for (const auto& event : run.observer.samples) arms.push_back(10 * event.problem + event.arm);
    return arms;
  };
  EXPECT_EQ(order("1"), order("1"));
  EXPECT_NE(order("1"), order("2"));
}

}  // namespace
}  // namespace crossover::harness
