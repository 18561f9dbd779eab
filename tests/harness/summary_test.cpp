#include "harness/results/summary.h"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"
#include "harness/results/tables.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

Json manifest_of(const Plan& plan) {
  Machine machine;
  machine.cpu = "Fake CPU";
  machine.cores = 2;
  return make_manifest(plan, machine, {"1", "abc", "gcc", "-O3", {}}, {"crossover"}, {"avx2"},
                       [](const Arm&) {
                         return Placement{{1}, true, {{"A", "b"}}};
                       });
}

Json summary_of(const FakeRun& run) {
  return summarise(manifest_of(run.plan), run.runner.evidence());
}

double halved_by_threads(const Arm& arm, const Problem& problem) {
  const double n = static_cast<double>(extent(problem, "n"));
  return 1e-9 * n * n * n / threads_of(arm);
}

const std::string table_config =
    "[table]\nvariants = simd, simd_parallel[threads=2]\nagainst = simd\nsize = 64, 128\n"
    "launches = 8\n";

TEST(Summary, CellsAndComparisonsOfAKnownWorld) {
  FakeRun run(table_config, halved_by_threads);
  run.run();
  const Json summary = summary_of(run);
  const Json& cell = summary.at("cells").at(0);
  EXPECT_EQ(cell.at("section"), "table");
  EXPECT_EQ(cell.at("variant"), "simd");
  EXPECT_EQ(cell.at("problem"), (Json{{"batch", 1}, {"m", 64}, {"n", 64}, {"k", 64}}));
  EXPECT_EQ(cell.at("status"), "measured");
  EXPECT_EQ(cell.at("launches"), 8);
  EXPECT_EQ(cell.at("samples"), 64);
  EXPECT_NEAR(cell.at("seconds").at("median"), 1e-9 * 64 * 64 * 64, 2e-6);
  EXPECT_LE(cell.at("seconds").at("ci95").at(0), cell.at("seconds").at("median"));
  const Json& comparison = summary.at("comparisons").at(0);
  EXPECT_NEAR(comparison.at("ratio"), 2.0, 0.02);
  EXPECT_EQ(comparison.at("verdict"), "faster");
  EXPECT_EQ(comparison.at("label"), "simd_parallel[threads=2]");
  EXPECT_EQ(comparison.at("against_label"), "simd");
  EXPECT_LT(comparison.at("ci95").at(0), 2.0);
  EXPECT_GT(comparison.at("ci95").at(1), 2.0);
}

// The share of the peak is one of the section's own arithmetic, also after a manifest was read
// back.
TEST(Summary, ShareOfThePeakIsThatOfTheFamily) {
  Plan plan;
  plan.sections.emplace_back();
  EXPECT_EQ(plan.sections.front().peak, "fma_f32");
  plan.sections.front().peak = "int8_dot";
  Json manifest = manifest_of(plan);
  EXPECT_EQ(sections_from(manifest).front().peak, "int8_dot");
  manifest.at("sections").at(0).erase("peak");  // as runs were stored before families had peaks
  EXPECT_EQ(sections_from(manifest).front().peak, "fma_f32");
}

TEST(Summary, CrossoverHasPointsIntervalsAndASentence) {
  FakeRun run(
      "[overtake]\nquestion = crossover\nvariants = simd_parallel[threads=2]\n"
      "against = simd\nsize = 16..256*1.4\n",
      [](const Arm& arm, const Problem& problem) {
        const double overhead = threads_of(arm) == 1 ? 0 : 0.5e-9 * 70 * 70 * 70;
        return halved_by_threads(arm, problem) + overhead;
      });
  run.run();
  const Json crossover = summary_of(run).at("crossovers").at(0);
  EXPECT_EQ(crossover.at("outcome"), "crossing");
  EXPECT_EQ(crossover.at("axis"), "size");
  const Json& interval = crossover.at("intervals").at(0);
  EXPECT_LT(interval.at(0), 70);
  EXPECT_GT(interval.at(1), 70);
  EXPECT_EQ(crossover.at("points").size(), run.plan.sections[0].curves[0].problems.size());
  EXPECT_EQ(crossover.at("sentence"),
            "simd_parallel[threads=2] overtakes simd between size " + interval.at(0).dump() +
                " and " + interval.at(1).dump() +
                fmt::format(", sharper {:.4g} to {:.4g}", crossover.at("sharp").at(0).get<double>(),
                            crossover.at("sharp").at(1).get<double>()));
}

TEST(Summary, AKernelThatIgnoresItsThreadsIsFoundOut) {
  // FakeWorker counts one task and no region whatever the arm's threads are: an A/A sold as A/B.
  FakeRun run(table_config, [](const Arm&, const Problem&) { return 1e-5; });
  run.run();
  const Json warnings = summary_of(run).at("comparisons").at(0).at("warnings");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings.at(0), "the switch changed nothing that was counted");
}

TEST(Summary, ASwitchThatActedIsNotAccused) {
  FakeRun run(table_config, halved_by_threads);
  run.run();
  Evidence evidence = run.runner.evidence(0);
  for (std::size_t problem = 0; problem < 2; ++problem) {
    const SectionPlan& plan = run.plan.sections[0];
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      if (evidence.facts(arm, problem) == nullptr) continue;
      CellFacts facts = *evidence.facts(arm, problem);
      facts.counts.execution.tasks = threads_of(plan.arms[arm]);
      evidence.set_facts(arm, problem, facts);
    }
  }
  const Json summary = summarise(manifest_of(run.plan), {evidence});
  EXPECT_TRUE(summary.at("comparisons").at(0).at("warnings").empty());
}

TEST(Summary, NoiseFloorComesFromTheReplicas) {
  FakeRun run(table_config, halved_by_threads);
  run.run();
  const Json floor = summary_of(run).at("noise_floor");
  EXPECT_NEAR(floor.at("ratio"), 1.0, 0.002);
  EXPECT_GE(floor.at("pairs").size(), 2u);
}

/// Everything that a run tells its observer, as the rows of samples.jsonl.
void write_rows(const FakeRun& run, RunDirectory& directory) {
  const SectionPlan& plan = run.plan.sections[0];
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
      const CellFacts* facts = run.runner.evidence(0).facts(arm, problem);
      if (facts == nullptr) continue;
      Json row{{"row", "cell"}, {"section", 0}, {"arm", arm}, {"problem", problem}};
      row.update(to_json(*facts));
      directory.append(row);
    }
  }
  for (const auto& event : run.observer.samples) {
    Json row{{"row", "sample"}, {"section", 0}, {"arm", event.arm}, {"problem", event.problem}};
    row.update(to_json(event.sample));
    directory.append(row);
  }
  directory.flush();
}

TEST(Summary, CanBeRebuiltFromManifestAndSamples) {
  FakeRun run(table_config, halved_by_threads);
  run.run();
  const auto base =
      std::filesystem::temp_directory_path() / ("rebuilt-" + std::to_string(getpid()));
  const Json manifest = manifest_of(run.plan);
  {
    RunDirectory directory(base, "experiment", "host");
    directory.write("manifest.json", text_of(manifest, 1));
    write_rows(run, directory);
    const StoredRun stored = read_run(directory.path());
    EXPECT_EQ(summarise(stored.manifest, stored.evidence),
              summarise(manifest, run.runner.evidence()));
  }
  std::filesystem::remove_all(base);
}

TEST(Summary, BelowTwoLaunchesThereIsNoIntervalButNull) {
  FakeRun run(
      "[overtake]\nquestion = crossover\nvariants = simd_parallel[threads=2]\n"
      "against = simd\nsize = 16, 64\nlaunches = 1\n",
      halved_by_threads);
  run.run();
  const Json crossover = summary_of(run).at("crossovers").at(0);
  EXPECT_EQ(crossover.at("outcome"), "unresolved");
  EXPECT_TRUE(crossover.at("points").at(0).at("ci").is_null());
  EXPECT_EQ(make_tables(summary_of(run)).at(0).rows.size(), 2u);
}

TEST(Summary, TextThatIsNotUtf8DoesNotStopIt) {
  EXPECT_EQ(text_of(Json{{"words", "caf\xe9"}}), "{\"words\":\"caf\xef\xbf\xbd\"}");
}

TEST(Tables, SayWhatWasSkippedAndWhy) {
  FakeRun run("[table]\nvariants = simd, naive\nsize = 64\nlaunches = 8\n", halved_by_threads);
  run.host.facts_of = [](const Cell& cell) {
    CellFacts facts;
    if (cell.arm.variant == "naive") {
      facts.status = Status::wrong;
      facts.reason = "element [0,0], 1 and \"2\"";
    }
    return facts;
  };
  run.run();
  const Table table = make_tables(summary_of(run)).at(0);
  EXPECT_NE(as_text(table).find("wrong: element [0,0]"), std::string::npos) << as_text(table);
  EXPECT_NE(as_csv(table).find("\"element [0,0], 1 and \"\"2\"\"\""), std::string::npos)
      << as_csv(table);
  EXPECT_NE(as_markdown(table).find("| m=n=k |"), std::string::npos) << as_markdown(table);
}

TEST(Tables, EveryCsvLineHasAsManyFieldsAsTheHeader) {
  FakeRun run(table_config, halved_by_threads);
  run.run();
  const Table table = make_tables(summary_of(run)).at(0);
  EXPECT_EQ(table.rows.size(), 4u);
  for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size());
  for (const auto& row : table.data) EXPECT_EQ(row.size(), table.data_columns.size());
}

TEST(ProblemColumns, JoinExtentsThatAreAlwaysEqual) {
  const ProblemColumns squares(
      {{{"batch", 1}, {"m", 8}, {"n", 8}, {"k", 8}}, {{"batch", 1}, {"m", 9}, {"n", 9}, {"k", 9}}});
  EXPECT_EQ(squares.names, (std::vector<std::string>{"m=n=k"}));
  const ProblemColumns layers({{{"batch", 1}, {"m", 1}, {"n", 768}, {"k", 768}},
                               {{"batch", 1}, {"m", 4}, {"n", 256}, {"k", 768}}});
  EXPECT_EQ(layers.names, (std::vector<std::string>{"m", "n", "k"}));
}

}  // namespace
}  // namespace crossover::harness
