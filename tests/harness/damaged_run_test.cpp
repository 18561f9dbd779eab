#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <unistd.h>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"
#include "harness/results/summary.h"
#include "harness/results/tables.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

namespace fs = std::filesystem;

double crossing_at_70(const Arm& arm, const Problem& problem) {
  const double n = static_cast<double>(extent(problem, "n"));
  return threads_of(arm) == 1 ? 1e-6 * n : 1e-6 * n * std::pow(n / 70, -0.4);
}

/// One section for each question; the crossover's bracket is sharpened.
const std::string config =
    "[overtake]\nquestion = crossover\nvariants = simd_parallel[threads=2]\nagainst = simd\n"
    "size = 32..128*2\nlaunches = 6\nsharpen = 3\nquartets = 1\n"
    "[table]\nvariants = naive, simd\nsize = 16, 64\nlaunches = 6\nquartets = 1\n"
    "[line]\nquestion = cost\nvariants = simd\naxis = m\nm = 1, 4, 16\nn = 16\nk = 16\n"
    "launches = 6\nquartets = 1\n";

Json manifest_of(const Plan& plan) {
  Machine machine;
  machine.cpu = "Fake CPU";
  machine.cores = 2;
  machine.caches = {{3, "Unified", 1 << 20, 2}};
  return make_manifest(plan, machine, {"1", "abc", "gcc", "-O3", {}}, {"crossover"}, {"avx2"},
                       [](const Arm&) {
                         return Placement{{1}, true, {{"A", "b"}}};
                       });
}

Json row_of(const char* kind, std::size_t section, std::size_t arm, std::size_t problem,
            const Json& members) {
  Json row{{"row", kind}, {"cell", "x"}, {"section", section}, {"arm", arm}, {"problem", problem}};
  row.update(members);
  return row;
}

std::vector<Json> rows_of(const FakeRun& run) {
  std::vector<Json> rows{{{"row", "header"}, {"schema", schema_version}, {"experiment", "x"}}};
  for (std::size_t section = 0; section < run.plan.sections.size(); ++section) {
    const SectionPlan& plan = run.plan.sections[section];
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
        const CellFacts* facts = run.runner.evidence(section).facts(arm, problem);
        if (facts) rows.push_back(row_of("cell", section, arm, problem, to_json(*facts)));
      }
    }
  }
  std::size_t next = 0;
  for (const FakeObserver::ClosedEvent& closed : run.observer.closed) {
    for (; next < closed.samples; ++next) {
      const FakeObserver::SampleEvent& event = run.observer.samples[next];
      rows.push_back(
          row_of("sample", event.section, event.arm, event.problem, to_json(event.sample)));
    }
    rows.push_back({{"row", "closed"},
                    {"section", closed.section},
                    {"problem", closed.problem},
                    {"launch", closed.launch},
                    {"elapsed_seconds", closed.elapsed_seconds}});
  }
  return rows;
}

/// What a run directory holds.
struct Stored {
  Json manifest;
  std::vector<Json> rows;
};

const Stored& whole() {
  static const Stored stored = [] {
    FakeRun run(config, crossing_at_70);
    run.host.noise = 1e-4;
    run.run();
    return Stored{manifest_of(run.plan), rows_of(run)};
  }();
  return stored;
}

class DamagedRun : public testing::Test {
 protected:
  DamagedRun() { fs::create_directories(path_); }
  ~DamagedRun() override { fs::remove_all(path_); }

  void write(const Json& manifest, const std::vector<Json>& rows) const {
    std::ofstream(path_ / "manifest.json") << text_of(manifest);
    std::ofstream samples(path_ / "samples.jsonl");
    for (const Json& row : rows) samples << text_of(row) << "\n";
  }

  /// Reads the run as far as any command does. Empty where that works.
  std::string error_of_reading() const {
    try {
      const StoredRun run = read_run(path_);
      make_tables(summarise(run));
      plan_from(run);
    } catch (const StorageError& error) {
      return error.what();
    }
    return "";
  }

  std::string error_of(const Json& manifest) const {
    write(manifest, whole().rows);
    return error_of_reading();
  }

  /// With this instead of the first row of that kind.
  std::string error_of_row(const std::string& kind, const Json& members) const {
    std::vector<Json> rows = whole().rows;
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Json& one) { return one.at("row") == kind; });
    row->update(members);
    write(whole().manifest, rows);
    const std::string file = (path_ / "samples.jsonl").string();
    const std::string line = std::to_string(row - rows.begin() + 1);
    const std::string error = error_of_reading();
    const std::string start = file + ":" + line + ": damaged: ";
    return error.starts_with(start) ? error.substr(start.size()) : "elsewhere: " + error;
  }

  /// With this value at that place.
  std::string error_with(const std::string& place, const Json& value) const {
    Json manifest = whole().manifest;
    manifest[Json::json_pointer(place)] = value;
    const std::string error = error_of(manifest);
    const std::string start = (path_ / "manifest.json").string() + ": damaged: ";
    return error.starts_with(start) ? error.substr(start.size()) : "elsewhere: " + error;
  }

  fs::path path_ = fs::temp_directory_path() / ("crossover-damaged-" + std::to_string(getpid()));
};

TEST_F(DamagedRun, TheWholeOneIsRead) {
  EXPECT_EQ(error_of(whole().manifest), "");
  ASSERT_FALSE(whole().manifest.at("sections").at(0).at("sharpenings").empty());
}

TEST_F(DamagedRun, NamesOfSectionsAreFitForFiles) {
  for (const char* name : {"../../evil", "a/b", "a b", "", "env", "..", "(other)"}) {
    EXPECT_EQ(error_with("/sections/1/name", name),
              "sections[1].name = \"" + std::string(name) +
                  "\"; expected a name of letters, digits, _ and - that is not 'env'");
  }
  EXPECT_EQ(error_with("/sections/1/name", "overtake"),
            "sections[1].name = \"overtake\"; expected another name than those before it");
}

TEST_F(DamagedRun, IndicesAreOfSomething) {
  for (const Json& index : Json{77, -1, 1e300, nullptr, "0", 1.5, 18446744073709551615u}) {
    EXPECT_EQ(error_with("/sections/1/comparisons/0/variant", index),
              "sections[1].comparisons[0].variant = " + index.dump() +
                  "; expected a whole number in 0..2");
    for (const char* place :
         {"/sections/0/curves/0/problems/0", "/sections/0/aa_pairs/0/against",
          "/sections/0/sharpenings/0/curve", "/sections/0/sharpenings/0/problems/0",
          "/sections/0/sharpenings/0/against", "/sections/0/aa_problems/0"}) {
      EXPECT_NE(error_with(place, index).find(" = " + index.dump() + "; expected "),
                std::string::npos)
          << place;
    }
  }
}

TEST_F(DamagedRun, ListsThatBelongTogetherHaveTheSameLength) {
  EXPECT_EQ(error_with("/sections/0/curves/0/axis_values", Json::array()),
            "sections[0].curves[0].axis_values = []; expected one or more ascending sizes, as many "
            "as problems: 3");
  EXPECT_EQ(error_with("/sections/0/sharpenings/0/axis_values", {1}).find("sections[0].sharpen"),
            0u);
  EXPECT_EQ(error_with("/sections/0/curves/0/problems", {1, 0, 2}),
            "sections[0].curves[0].problems = [1,0,2]; expected ascending indices");
}

TEST_F(DamagedRun, NumbersOfAProtocolAreSuchAsAPlanMayHave) {
  const std::string protocol = "/sections/1/protocol/";
  EXPECT_EQ(error_with(protocol + "quartets", 0),
            "sections[1].protocol.quartets = 0; expected a whole number in 1..1000");
  EXPECT_EQ(error_with(protocol + "looks", Json::array()),
            "sections[1].protocol.looks = []; expected one or more ascending numbers of launches");
  EXPECT_NE(error_with(protocol + "looks", {8, 8}).find("ascending"), std::string::npos);
  EXPECT_NE(error_with(protocol + "budget_seconds", nullptr).find("above 0"), std::string::npos);
  EXPECT_NE(error_with(protocol + "equivalence_margin", 1).find("below 1"), std::string::npos);
  EXPECT_NE(error_with(protocol + "predicted_grid", 1).find("true or false"), std::string::npos);
}

TEST_F(DamagedRun, ExtentsHaveNamesThatColumnsMayHave) {
  const std::string problem = "/sections/1/problems/0";
  EXPECT_EQ(error_with(problem + "/m", -3),
            "sections[1].problems[0][\"m\"] = -3; expected a whole number in 0..1000000000000000");
  EXPECT_NE(error_with(problem, {{"m\" INTEGER); DROP TABLE run; --", 1}})
                .find("expected names of extents that are letters, digits and _"),
            std::string::npos);
  EXPECT_NE(error_with("/sections/1/problems/1", {{"rows", 3}})
                .find("expected the extents of sections[1].problems[0]: batch=1 m=16"),
            std::string::npos);
}

TEST_F(DamagedRun, RowsAreToldWithTheirLineAndMember) {
  EXPECT_EQ(error_of_row("sample", {{"seconds", nullptr}}),
            "seconds = null; expected a finite number above 0");
  EXPECT_EQ(error_of_row("sample", {{"seconds", -1}}),
            "seconds = -1; expected a finite number above 0");
  EXPECT_EQ(error_of_row("sample", {{"seconds", 0}}),
            "seconds = 0; expected a finite number above 0");
  EXPECT_EQ(error_of_row("sample", {{"problem", -5}}).find("problem = -5; expected a whole"), 0u);
  EXPECT_EQ(error_of_row("sample", {{"iterations", -5}}),
            "iterations = -5; expected a whole number, 1 or more");
  EXPECT_EQ(error_of_row("sample", {{"launch", -1}}),
            "launch = -1; expected a whole number, 0 or more");
  EXPECT_EQ(error_of_row("header", {{"schema", 2}}), "schema = 2; expected 1");
  EXPECT_EQ(error_of_row("cell", {{"call_seconds", nullptr}}),
            "call_seconds = null; expected a finite number above 0");
  EXPECT_EQ(error_of_row("cell", {{"status", "odd"}}),
            "status = \"odd\"; expected measured, unsupported, wrong, failed or skipped");
  EXPECT_EQ(error_of_row("closed", {{"section", 9}}),
            "section = 9; expected a whole number in 0..2");
  EXPECT_EQ(error_of_row("closed", {{"row", "shut"}}),
            "row = \"shut\"; expected header, cell, sample, closed or discarded");
}

TEST_F(DamagedRun, ASampleNeedsARowOfItsCell) {
  std::vector<Json> rows;
  for (const Json& row : whole().rows) {
    if (row.at("row") != "cell") rows.push_back(row);
  }
  write(whole().manifest, rows);
  EXPECT_NE(error_of_reading().find(":2: damaged: a sample of a cell without a row of its own"),
            std::string::npos);
}

/// All values of a document, itself included.
void collect(Json& value, std::vector<Json*>& values) {
  values.push_back(&value);
  for (Json& member : value) {
    if (value.is_structured()) collect(member, values);
  }
}

/// Puts something hostile in the place of some value of the document, or takes a member away.
std::string damage(Json& document, std::mt19937_64& random) {
  static const std::vector<Json> hostile{nullptr,
                                         -1,
                                         0,
                                         1,
                                         1e300,
                                         -1e300,
                                         1e-300,
                                         0.5,
                                         "",
                                         "../../evil",
                                         "m\"; --",
                                         Json::array(),
                                         Json::object(),
                                         77,
                                         9'223'372'036'854'775'807,
                                         18446744073709551615u,
                                         true,
                                         {{1, {2}}},
                                         {{"a", {{"b", nullptr}}}},
                                         {1, 2, 3}};
  std::vector<Json*> values;
  collect(document, values);
  Json& value = *values[random() % values.size()];
  const std::string before = value.dump();
  const bool is_root = &value == &document;  // a document of another type is no row at all
  if (value.is_structured() && !value.empty() && (is_root || random() % 4 == 0)) {
    auto victim = value.begin();
    std::advance(victim, random() % value.size());
    value.erase(victim);
  } else {
    value = hostile[random() % hostile.size()];
  }
  return before.substr(0, 200) + " became " + value.dump().substr(0, 200);
}

/// CROSSOVER_DAMAGE_SEEDS asks for more than what every run of the tests looks at.
int seeds() {
  const char* asked = std::getenv("CROSSOVER_DAMAGE_SEEDS");
  return asked != nullptr ? std::atoi(asked) : 200;
}

TEST_F(DamagedRun, WhateverAManifestSaysIsReadOrToldAsDamage) {
  for (int seed = 0; seed < seeds(); ++seed) {
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    Json manifest = whole().manifest;
    const std::string what = damage(manifest, random);
    std::string error;
    ASSERT_NO_THROW(error = error_of(manifest)) << "seed " << seed << ": " << what;
    const std::string file = (path_ / "manifest.json").string();
    const std::string samples = (path_ / "samples.jsonl").string();
    EXPECT_TRUE(error.empty() || error.starts_with(file) || error.starts_with(samples))
        << "seed " << seed << ": " << what << ": " << error;
    EXPECT_EQ(error.find("json.exception"), std::string::npos)
        << "seed " << seed << ": " << what << ": " << error;
  }
}

TEST_F(DamagedRun, WhateverRowsSayIsReadOrToldAsDamage) {
  for (int seed = 0; seed < seeds(); ++seed) {
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    std::vector<Json> rows = whole().rows;
    const std::size_t row = random() % rows.size();
    const std::string what = damage(rows[row], random);
    write(whole().manifest, rows);
    std::string error;
    ASSERT_NO_THROW(error = error_of_reading()) << "seed " << seed << ": " << what;
    const std::string place = (path_ / "samples.jsonl").string() + ":";
    EXPECT_TRUE(error.empty() || error.starts_with(place))
        << "seed " << seed << ": " << what << ": " << error;
    EXPECT_EQ(error.find("json.exception"), std::string::npos)
        << "seed " << seed << ": " << what << ": " << error;
  }
}

}  // namespace
}  // namespace crossover::harness
