#include <fmt/format.h>
#include <map>

#include "harness/results/export.h"
#include "harness/results/export_database.h"
#include "harness/results/export_file.h"
#include "harness/results/export_plan.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

// The rows of problems come with one column per extent, so that table is made apart.
constexpr const char* tables = R"(
CREATE TABLE run (
  schema INTEGER, experiment TEXT, version TEXT, git TEXT, started TEXT, finished TEXT, state TEXT,
  machine TEXT, cpu TEXT, cores INTEGER, seed INTEGER, config_path TEXT, config TEXT,
  command_line TEXT, manifest TEXT);
CREATE TABLE sections (
  section_id INTEGER PRIMARY KEY, name TEXT, question TEXT, family TEXT, axis TEXT);
CREATE TABLE arms (
  arm_id INTEGER PRIMARY KEY, section_id INTEGER REFERENCES sections, family TEXT, variant TEXT,
  label TEXT, replica INTEGER, threads INTEGER, settings TEXT, environment TEXT, cpus TEXT);
CREATE TABLE cells (
  cell_id INTEGER PRIMARY KEY, cell TEXT, arm_id INTEGER REFERENCES arms,
  problem_id INTEGER REFERENCES problems, status TEXT, reason TEXT, iterations INTEGER,
  call_seconds REAL, prepare_seconds REAL, setup_seconds REAL, flops REAL, bytes REAL,
  parallel_regions INTEGER, tasks INTEGER, threads_used INTEGER, code_path TEXT,
  allocations INTEGER, allocated_bytes INTEGER);
CREATE TABLE samples (
  cell_id INTEGER REFERENCES cells, launch INTEGER, block INTEGER, place INTEGER,
  iterations INTEGER, seconds REAL, cpu_seconds REAL, voluntary_switches INTEGER,
  involuntary_switches INTEGER, steal_seconds REAL, foreign_seconds REAL, others_ran INTEGER,
  cycles INTEGER, instructions INTEGER, cache_misses INTEGER);
)";

// The middle one of an odd number of values, the mean of the middle two of an even number.
constexpr const char* views = R"(
CREATE INDEX samples_by_cell ON samples (cell_id, launch);
CREATE VIEW launch_medians AS
  SELECT cell_id, launch, avg(seconds) AS seconds, samples
  FROM (SELECT cell_id, launch, seconds,
               row_number() OVER (PARTITION BY cell_id, launch ORDER BY seconds) AS rank,
               count(*) OVER (PARTITION BY cell_id, launch) AS samples
        FROM samples)
  WHERE rank IN ((samples + 1) / 2, samples / 2 + 1)
  GROUP BY cell_id, launch;
CREATE VIEW cell_medians AS
  SELECT cells.cell_id, sections.name AS section, arms.family, arms.variant, arms.label,
         arms.replica, arms.threads, problems.problem, cells.status, cells.reason,
         medians.seconds, cells.flops / medians.seconds * 1e-9 AS gflops, medians.launches
  FROM cells JOIN arms USING (arm_id) JOIN sections USING (section_id)
  JOIN problems USING (problem_id)
  LEFT JOIN (SELECT cell_id, avg(seconds) AS seconds, launches
             FROM (SELECT cell_id, seconds,
                          row_number() OVER (PARTITION BY cell_id ORDER BY seconds) AS rank,
                          count(*) OVER (PARTITION BY cell_id) AS launches
                   FROM launch_medians)
             WHERE rank IN ((launches + 1) / 2, launches / 2 + 1)
             GROUP BY cell_id) AS medians USING (cell_id);
CREATE VIEW labelled_samples AS
  SELECT sections.name AS section, arms.family, arms.variant, arms.label, arms.replica,
         arms.threads, problems.problem, cells.status, samples.*
  FROM samples JOIN cells USING (cell_id) JOIN arms USING (arm_id)
  JOIN sections USING (section_id) JOIN problems USING (problem_id);
)";

constexpr std::size_t run_columns = 15;
constexpr std::size_t section_columns = 5;
constexpr std::size_t arm_columns = 10;
constexpr std::size_t cell_columns = 18;
constexpr std::size_t sample_columns = 15;
const std::vector<std::string> problem_columns{"problem_id", "section_id", "problem"};

Json member(const Json& object, const char* name) { return object.value(name, Json(nullptr)); }

/// As an identifier of SQL, whatever characters it has.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char character : name) {
    if (character == '"') text += '"';
    text += character;
  }
  return text + "\"";
}

/// Numbers the arms and problems of all sections.
struct Numbers {
  explicit Numbers(const ExportPlan& plan) {
    std::size_t arms = 0;
    std::size_t problems = 0;
    for (const SectionPlan& section : plan.sections) {
      first_arm.push_back(arms);
      first_problem.push_back(problems);
      arms += section.arms.size();
      problems += section.problems.size();
    }
  }

  std::size_t arm(const CellIndex& cell) const { return first_arm[cell[0]] + cell[1]; }
  std::size_t problem(const CellIndex& cell) const { return first_problem[cell[0]] + cell[2]; }

  std::vector<std::size_t> first_arm;
  std::vector<std::size_t> first_problem;
};

/// One run on its way into a database.
class SqliteExport {
 public:
  SqliteExport(Database& database, const ExportPlan& plan)
      : database_(database), plan_(plan), numbers_(plan) {}

  void write(const std::filesystem::path& run) {
    // Nobody sees the file before it is complete, so that there is nothing to roll back.
    database_.execute("PRAGMA journal_mode = OFF; BEGIN;");
    database_.execute(tables);
    make_problems();
    write_run();
    for (std::size_t section = 0; section < plan_.sections.size(); ++section) {
      write_section(section);
    }
    write_rows(run);
    database_.execute(views);
    database_.execute("COMMIT;");
  }

 private:
  void make_problems() {
    std::string columns =
        "problem_id INTEGER PRIMARY KEY, section_id INTEGER REFERENCES sections, problem TEXT";
    for (const std::string& extent : extent_columns(plan_, problem_columns)) {
      columns += fmt::format(", {} INTEGER", quoted(extent));
    }
    database_.execute(fmt::format("CREATE TABLE problems ({});", columns));
  }

  void write_run() {
    const Json& manifest = plan_.manifest;
    const Json& machine = manifest.at("machine");
    Json row = Json::array();
    for (const char* name :
         {"schema", "experiment", "version", "git", "started", "finished", "state"}) {
      row.push_back(member(manifest, name));
    }
    for (const char* name : {"name", "cpu", "cores"}) row.push_back(member(machine, name));
    for (const char* name : {"seed", "config_path", "config", "command_line"}) {
      row.push_back(member(manifest, name));
    }
    row.push_back(manifest);
    Insertion(database_, "run", run_columns).insert(row);
  }

  void write_section(std::size_t index) {
    const SectionPlan& section = plan_.sections[index];
    const Json& stored = plan_.manifest.at("sections").at(index);
    Insertion(database_, "sections", section_columns)
        .insert({index, section.name, stored.at("question"), section.family, section.axis});
    Insertion arms(database_, "arms", arm_columns);
    for (std::size_t i = 0; i < section.arms.size(); ++i) {
      const Arm& arm = section.arms[i];
      const Json& facts = stored.at("arms").at(i);
      arms.insert({numbers_.first_arm[index] + i, index, arm.family, arm.variant, facts.at("label"),
                   arm.replica, threads_of(arm), to_json(arm.settings),
                   member(facts, "environment"), member(facts, "cpus")});
    }
    Insertion problems(database_, "problems", problem_columns.size() + plan_.extents.size());
    for (std::size_t i = 0; i < section.problems.size(); ++i) {
      const Json problem = to_json(section.problems[i]);
      Json row{numbers_.first_problem[index] + i, index, label(section.problems[i])};
      for (const std::string& extent : plan_.extents)
        row.push_back(member(problem, extent.c_str()));
      problems.insert(row);
    }
  }

  /// A cell keeps its number when a later row replaces its facts.
  std::size_t number_of(const CellIndex& cell) {
    return cells_.emplace(cell, cells_.size()).first->second;
  }

  Json cell_row(const Json& row) {
    const CellIndex cell = cell_index(row);
    const Json no_work{{"flops", nullptr}, {"bytes", nullptr}};
    const Json& work = row.at("work").is_null() ? no_work : row.at("work");
    const Json& counters = row.at("counters");
    Json values{number_of(cell), row.at("cell"), numbers_.arm(cell), numbers_.problem(cell)};
    for (const char* name :
         {"status", "reason", "iterations", "call_seconds", "prepare_seconds", "setup_seconds"}) {
      values.push_back(member(row, name));
    }
    for (const char* name : {"flops", "bytes"}) values.push_back(member(work, name));
    for (const char* name : {"parallel_regions", "tasks", "threads_used", "code_path",
                             "allocations", "allocated_bytes"}) {
      values.push_back(member(counters, name));
    }
    return values;
  }

  Json sample_row(const Json& row) const {
    const auto cell = cells_.find(cell_index(row));
    if (cell == cells_.end()) throw StorageError("a sample of a cell without a row of its own");
    Json values{cell->second};
    for (const char* name :
         {"launch", "block", "place", "iterations", "seconds", "cpu_seconds", "voluntary_switches",
          "involuntary_switches", "steal_seconds", "foreign_seconds", "others_ran", "cycles",
          "instructions", "cache_misses"}) {
      values.push_back(member(row, name));
    }
    return values;
  }

  void write_rows(const std::filesystem::path& run) {
    Insertion cells(database_, "cells", cell_columns);
    Insertion samples(database_, "samples", sample_columns);
    for_each_kept_row(run, plan_, [&](const Json& row) {
      const Json& kind = row.at("row");
      if (kind == "cell") cells.insert(cell_row(row));
      if (kind == "sample") samples.insert(sample_row(row));
    });
  }

  Database& database_;
  const ExportPlan& plan_;
  Numbers numbers_;
  std::map<CellIndex, std::size_t> cells_;
};

}  // namespace

void export_sqlite(const std::filesystem::path& run, const std::filesystem::path& file) {
  const ExportPlan plan = read_export_plan(run);
  ExportFile unfinished(file);
  Database database(unfinished.unfinished());
  SqliteExport(database, plan).write(run);
  database.close();
  unfinished.commit();
}

}  // namespace crossover::harness
