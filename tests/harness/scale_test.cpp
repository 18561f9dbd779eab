#include <ctime>
#include <gtest/gtest.h>
#include <malloc.h>
#include <string>

#include "harness/results/manifest.h"
#include "harness/results/summary.h"
#include "harness/results/tables.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

/// Bytes of the heap in use; 0 under a sanitizer, which brings a heap of its own.
std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

bool heap_is_known() { return heap_bytes() > 0; }

/// Other processes do not count towards the CPU time.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class Call>
double cpu_seconds_of(const Call& call) {
  const double start = cpu_seconds();
  call();
  return cpu_seconds() - start;
}

/// Two arms on as many problems as make `cells` cells, and three A/A cells.
std::string wide_config(std::size_t cells, int quartets = 1) {
  return "family = matmul\nquestion = sweep\nvariants = naive, simd\nagainst = naive\nn = 8\n"
         "k = 8\nlaunches = 6\nbudget = 1000h\nm = 1.." +
         std::to_string(cells / 2) + "+1\nquartets = " + std::to_string(quartets) + "\n";
}

/// As many curves as make `cells` cells, of ten sizes each.
std::string many_curves_config(std::size_t cells) {
  return "family = matmul\nquestion = crossover\nvariants = simd\nagainst = naive\nm = 1..10+1\n"
         "axis = m\nk = 8\nn = 1.." +
         std::to_string(cells / 20) + "+1\n";
}

/// Keeps nothing of what it is told.
class Unobserved : public RunObserver {
 public:
  void on_cell(std::size_t, std::size_t, std::size_t, const CellFacts&) override {}
  void on_sample(std::size_t, std::size_t, std::size_t, const Sample&) override { ++samples; }
  void on_flush() override {}
  void on_closed(std::size_t, std::size_t, int, double) override {}
  void on_plan_changed() override {}
  void on_progress(std::size_t, const std::string&, std::optional<double>) override {}

  std::size_t samples = 0;
};

/// A whole run by fake workers, of which only the runner's memory stays.
struct WideRun {
  Plan plan;
  FakeHost host;
  Unobserved observer;
  Runner runner;

  explicit WideRun(const std::string& config)
      : plan(plan_of(config)),
        runner(plan, {host, observer, [this] { return host.clock; }, 1e12, {measurable_matmul()}}) {
    host.seconds_of = [](const Arm& arm, const Problem& problem) {
      return (arm.variant == "naive" ? 2e-8 : 1e-8) * static_cast<double>(extent(problem, "m"));
    };
  }

  void run() {
    runner.check(0);
    runner.measure(0);
  }
};

Json manifest_of(const Plan& plan) {
  Machine machine;
  machine.cpu = "Fake CPU";
  machine.cores = 2;
  return make_manifest(plan, machine, {"0.1.0", "1a2b3c", "gcc", "-O3", {}}, {"crossover"}, {},
                       [](const Arm&) { return Placement{}; });
}

// Five times as much work, so that a quadratic step would take 25 times as long; what a small plan
// takes is too short to be told exactly.
constexpr std::size_t few_cells = 20'000;
constexpr std::size_t many_cells = 100'000;
constexpr double largest_growth = 12;
constexpr double shortest_seconds = 0.02;

TEST(Scale, PlanningGrowsWithTheNumberOfCellsAndNotItsSquare) {
  for (const auto config :
       {+[](std::size_t cells) { return wide_config(cells); }, &many_curves_config}) {
    const double few = cpu_seconds_of([&] { plan_of(config(few_cells)); });
    Plan plan;
    const double many = cpu_seconds_of([&] { plan = plan_of(config(many_cells)); });
    EXPECT_EQ(plan.sections.front().problems.size(), many_cells / 2);
    EXPECT_LT(many, largest_growth * std::max(few, shortest_seconds));
  }
}

TEST(Scale, ARunTakesTimeAndMemoryInProportionToItsCells) {
  constexpr std::size_t fewer = few_cells / 5;
  WideRun small(wide_config(fewer));
  const double small_seconds = cpu_seconds_of([&] { small.run(); });
  const std::size_t before = heap_bytes();
  WideRun run(wide_config(few_cells));
  const double seconds = cpu_seconds_of([&] { run.run(); });
  const std::size_t bytes = heap_bytes() - before;
  EXPECT_GE(run.observer.samples, few_cells * 6 * 2);
  EXPECT_LT(seconds, largest_growth * std::max(small_seconds, shortest_seconds));
  RecordProperty("seconds_per_cell", std::to_string(seconds / few_cells));
  RecordProperty("bytes_per_cell", static_cast<int>(bytes / few_cells));
  if (!heap_is_known()) GTEST_SKIP() << "the heap's size is not known";
  constexpr std::size_t most_bytes_per_cell = 3000;
  EXPECT_LT(bytes, most_bytes_per_cell * few_cells);
}

TEST(Scale, SummaryAndTablesGrowWithTheNumberOfCellsAndNotItsSquare) {
  const auto seconds_for = [](const std::string& config) {
    WideRun run(config);
    run.run();
    const Json manifest = manifest_of(run.plan);
    return cpu_seconds_of([&] { make_tables(summarise(manifest, run.runner.evidence())); });
  };
  for (const std::string question : {"", "question = crossover\naxis = m\n"}) {
    const auto config = [&](std::size_t cells) {
      std::string text = wide_config(cells);
      if (!question.empty()) text.replace(text.find("question = sweep\n"), 17, question);
      return text;
    };
    const double small = seconds_for(config(1000));
    EXPECT_LT(seconds_for(config(5000)), largest_growth * std::max(small, shortest_seconds));
  }
}

/// Bytes that stay of closed launches of two arms with so many samples each.
std::size_t evidence_bytes(int samples) {
  const std::size_t before = heap_bytes();
  Evidence evidence({{1, 0}});
  for (int launch = 0; launch < 100; ++launch) {
    for (int i = 0; i < samples; ++i) {
      for (const std::size_t arm : {0, 1}) {
        Sample sample;
        sample.launch = launch;
        sample.block = i / 2;
        sample.iterations = 1;
        sample.seconds = 1e-3;
        evidence.add(arm, 0, sample);
      }
    }
  }
  evidence.close();
  EXPECT_EQ(evidence.totals(0, 0).samples, static_cast<std::size_t>(100 * samples));
  return heap_bytes() - before;
}

TEST(Scale, EvidenceKeepsAsMuchOfALongLaunchAsOfAShortOne) {
  if (!heap_is_known()) GTEST_SKIP() << "the heap's size is not known";
  const std::size_t few = evidence_bytes(2);
  const std::size_t many = evidence_bytes(200);
  EXPECT_GT(few, 0u);
  // A heap keeps small pieces for reuse; all of the samples are about 5 MB.
  constexpr std::size_t rounding = 20'000;
  EXPECT_LT(many, few + rounding);
}

TEST(Scale, MoreSamplesPerLaunchTakeNoMoreMemoryOfARun) {
  if (!heap_is_known()) GTEST_SKIP() << "the heap's size is not known";
  const auto bytes_for = [](int quartets) {
    const std::size_t before = heap_bytes();
    WideRun run(wide_config(1000, quartets));
    run.run();
    return heap_bytes() - before;
  };
  bytes_for(1);
  const double few = static_cast<double>(bytes_for(1));
  EXPECT_LT(static_cast<double>(bytes_for(16)), 1.2 * few);
}

}  // namespace
}  // namespace crossover::harness
