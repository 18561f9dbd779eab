#include "harness/results/summary.h"

#include <algorithm>
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

TEST(Summary, CostsAreSplitIntoAFixedPartAndOnePerUnit) {
  FakeRun run(
      "[split]\nquestion = cost\nvariants = simd, naive\nm = 8, 64, 256\nn = 1\nk = 1\n"
      "launches = 6\n",
      [](const Arm& arm, const Problem& problem) {
        const double fixed = arm.variant == "simd" ? 1e-3 : 4e-3;
        return fixed + 1e-4 * static_cast<double>(extent(problem, "m"));
      });
  run.run();
  const Json summary = summary_of(run);
  ASSERT_EQ(summary.at("costs").size(), 2u);  // the replica has no row
  for (const Json& cost : summary.at("costs")) {
    const double fixed = cost.at("variant") == "simd" ? 1e-3 : 4e-3;
    EXPECT_NEAR(cost.at("fixed_seconds").at("value"), fixed, 0.05 * fixed);
    EXPECT_LE(cost.at("fixed_seconds").at("ci95").at(0), cost.at("fixed_seconds").at("value"));
    EXPECT_NEAR(cost.at("seconds_per_unit").at("value"), 1e-4, 2e-6);
    EXPECT_NEAR(cost.at("worst_error").at("relative"), 0, 0.02);
    EXPECT_EQ(cost.at("launches"), 6);
    EXPECT_EQ(cost.at("axis"), "m");
    EXPECT_EQ(cost.at("fixed"), (Json{{"batch", 1}, {"n", 1}, {"k", 1}}));
    const std::string sentence = cost.at("sentence");
    EXPECT_TRUE(sentence.starts_with(cost.at("label").get<std::string>() + ": ")) << sentence;
    EXPECT_NE(sentence.find(" per unit of m; the line is "), std::string::npos) << sentence;
  }
  const std::vector<std::string> notes = make_tables(summary).front().notes;
  const std::string first = summary.at("costs").at(0).at("sentence").get<std::string>() + ".";
  EXPECT_NE(std::find(notes.begin(), notes.end(), first), notes.end());
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

/// A measured section, turned into one of a probe of memory at 16 and 256 KiB that goes through
/// a megabyte in each call, and a table that it bounds.
Json summary_of_what_memory_bounds() {
  FakeRun run("[probe]\nvariants = simd\nsize = 16, 32\nlaunches = 8\n" + table_config,
              halved_by_threads);
  run.host.facts_of = [](const Cell& cell) {
    CellFacts facts;
    const auto m = extent(cell.problem, "m");
    facts.work.bytes = m < 64 ? 1e6 : m == 64 ? 20.0 * 1024 : 300.0 * 1024;
    return facts;
  };
  run.run();
  SectionPlan& probe = run.plan.sections.front();
  probe.name = bandwidth_section;
  probe.family = "probe";
  probe.arms = {{"probe", "stream_copy", {{"threads", "1"}}, 0}};
  probe.aa_pairs.clear();
  probe.problems = {{{"kib", 16}}, {{"kib", 256}}};
  run.plan.sections.back().ceiling = "stream_copy";
  return summary_of(run);
}

TEST(Summary, CellsBoundedByMemoryAreJudgedByTheLevelWhereTheyLive) {
  const Json summary = summary_of_what_memory_bounds();
  EXPECT_EQ(summary.at("sections").size(), 1u);
  const Json& entries = summary.at("ceilings").at("stream_copy");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries.at(1).at("kib"), 256);
  EXPECT_NEAR(entries.at(1).at("bytes_per_second"), 1e6 / 32.8e-6, 1e9);
  for (const Json& cell : summary.at("cells")) {
    if (cell.at("replica") != 0 || cell.at("threads") != 1) continue;
    const bool small = cell.at("problem").at("m") == 64;
    const double rate = 1e6 / (small ? 4.096e-6 : 32.768e-6);
    const double reached = small ? 20 * 1024 / 262e-6 : 300 * 1024 / 2097e-6;
    EXPECT_EQ(cell.at("ceiling").at("probe"), "stream_copy");
    EXPECT_EQ(cell.at("ceiling").at("kib"), small ? 16 : 256);
    EXPECT_NEAR(cell.at("percent_of_peak"), 100 * reached / rate, 2 * reached / rate);
  }
}

TEST(Tables, OfWhatMemoryBoundsAreInBytesPerSecond) {
  const Table table = make_tables(summary_of_what_memory_bounds()).at(0);
  const std::string text = as_text(table);
  EXPECT_NE(text.find("GB/s"), std::string::npos) << text;
  EXPECT_NE(text.find("% of bandwidth"), std::string::npos) << text;
  EXPECT_EQ(text.find("GFLOP/s"), std::string::npos) << text;
  EXPECT_NE(text.find("Bandwidth of stream_copy"), std::string::npos) << text;
  EXPECT_NE(text.find("1 thread: 16 KiB 24"), std::string::npos) << text;
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
