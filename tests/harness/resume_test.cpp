#include <cmath>
#include <gtest/gtest.h>
#include <set>

#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

double crossing_at_70(const Arm& arm, const Problem& problem) {
  const double n = static_cast<double>(extent(problem, "n"));
  const double serial = 1e-6 * n;
  return threads_of(arm) == 1 ? serial : serial * std::pow(n / 70, -0.4);
}

const std::string config =
    "[overtake]\nquestion = crossover\nvariants = simd_parallel[threads=2]\nagainst = simd\n"
    "size = 16..512*1.6\nlaunches = 6, 10\nsharpen = 5\n"
    "[table]\nvariants = naive, simd\nsize = 16, 64\nlaunches = 8\n";

/// What a run directory would hold of an interrupted run: facts, and the launches that were closed.
void store(const FakeRun& run, std::vector<Evidence>& evidence, std::vector<double>& elapsed) {
  elapsed.assign(run.plan.sections.size(), 0);
  evidence.clear();
  for (std::size_t i = 0; i < run.plan.sections.size(); ++i) {
    const SectionPlan& section = run.plan.sections[i];
    evidence.emplace_back(pairs_of(section));
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        const CellFacts* facts = run.runner.evidence(i).facts(arm, problem);
        if (facts != nullptr) evidence[i].set_facts(arm, problem, *facts);
      }
    }
  }
  std::size_t next = 0;
  for (const FakeObserver::ClosedEvent& closed : run.observer.closed) {
    for (; next < closed.samples; ++next) {
      const FakeObserver::SampleEvent& event = run.observer.samples[next];
      evidence[event.section].add(event.arm, event.problem, event.sample);
    }
    evidence[closed.section].close();
    elapsed[closed.section] = closed.elapsed_seconds;
  }
}

/// Samples by section, arm, problem and launch.
using Counts = std::map<std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>, int>;

Counts launches_of(const FakeRun& run) {
  Counts counts;
  for (std::size_t i = 0; i < run.plan.sections.size(); ++i) {
    const SectionPlan& section = run.plan.sections[i];
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        const Evidence& evidence = run.runner.evidence(i);
        counts[{i, arm, problem, evidence.launches(arm, problem)}] =
            static_cast<int>(evidence.totals(arm, problem).samples);
      }
    }
  }
  return counts;
}

class KilledAfter : public testing::TestWithParam<int> {};

TEST_P(KilledAfter, AResumedRunHasTheSameCellsAsAnUndisturbedOne) {
  FakeRun undisturbed(config, crossing_at_70);
  undisturbed.host.noise = 1e-4;
  undisturbed.run();

  FakeRun killed(config, crossing_at_70);
  killed.host.noise = 1e-4;
  int samples = 0;
  killed.host.on_sample = [&](const Cell&) {
    if (++samples == GetParam()) throw Interrupted();
  };
  EXPECT_THROW(killed.run(), Interrupted);

  std::vector<Evidence> evidence;
  std::vector<double> elapsed;
  store(killed, evidence, elapsed);
  FakeRun resumed(config, crossing_at_70);
  resumed.host.noise = 1e-4;
  resumed.plan = killed.plan;
  resumed.runner.resume(std::move(evidence), std::move(elapsed));
  resumed.run();

  ASSERT_FALSE(undisturbed.plan.sections[0].sharpenings.empty());
  EXPECT_EQ(resumed.plan.sections[0].problems, undisturbed.plan.sections[0].problems);
  EXPECT_EQ(launches_of(resumed), launches_of(undisturbed));
  EXPECT_LE(resumed.observer.samples.size() + killed.observer.samples.size(),
            undisturbed.observer.samples.size() + 2 * 8 * 3)
      << "only the launch of one problem is measured again";
}

INSTANTIATE_TEST_SUITE_P(Resume, KilledAfter, testing::Values(1, 5, 100, 777, 1500, 1800));

TEST(Resume, WhatEarlierProcessesSpentCountsAgainstTheBudget) {
  const std::string endless =
      "variants = naive, simd\nsize = 64\nlaunches = 8, 1000\nbudget = 20s\nhalf_width = 0.1%\n";
  FakeRun run(endless, [](const Arm&, const Problem&) { return 1e-2; });
  run.host.noise = 0.5;
  run.runner.resume({Evidence(pairs_of(run.plan.sections[0]))}, {19.9});
  run.run();
  EXPECT_EQ(run.runner.evidence(0).launches(0, 0), 8u);
}

}  // namespace
}  // namespace crossover::harness
