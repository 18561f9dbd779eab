#include <fmt/format.h>
#include <map>
#include <set>

#include "harness/results/csv.h"
#include "harness/results/export.h"
#include "harness/results/export_plan.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

using Fields = std::vector<std::string>;

const Fields arm_columns{"section", "question", "family",  "variant",
                         "label",   "replica",  "threads", "settings"};
const Fields counter_columns{"parallel_regions", "tasks",       "threads_used",
                             "code_path",        "allocations", "allocated_bytes"};
const Fields calibration_columns{"call_seconds", "prepare_seconds", "setup_seconds"};
const Fields sample_columns{"launch",
                            "block",
                            "place",
                            "iterations",
                            "seconds",
                            "cpu_seconds",
                            "voluntary_switches",
                            "involuntary_switches",
                            "steal_seconds",
                            "foreign_seconds",
                            "others_ran",
                            "cycles",
                            "instructions",
                            "cache_misses"};

void append(Fields& fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
}

/// A JSON value as a field; missing is empty.
std::string field(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : text_of(value);
}

Fields members(const Json& object, const Fields& names) {
  Fields fields;
  for (const std::string& name : names) {
    const auto found = object.find(name);
    fields.push_back(found == object.end() ? "" : field(*found));
  }
  return fields;
}

Fields header(const ExportPlan& plan) {
  Fields others = arm_columns;
  append(others, {"cell", "status", "reason"});
  append(others, counter_columns);
  append(others, {"flops", "bytes"});
  append(others, calibration_columns);
  append(others, sample_columns);
  const Fields extents = extent_columns(plan, others);
  others.insert(others.begin() + static_cast<std::ptrdiff_t>(arm_columns.size()), extents.begin(),
                extents.end());
  return others;
}

/// The columns before the sample's, as text that ends in a comma: once per cell, not per sample.
std::string cell_prefix(const ExportPlan& plan, const CellIndex& cell, const Json& row) {
  const SectionPlan& section = plan.section(cell);
  const Arm& arm = plan.arm(cell);
  const Json& facts =
      plan.manifest.at("sections").at(cell[0]).at("arms").at(cell[1]);  // for the label
  Fields fields{section.name,
                field(plan.manifest.at("sections").at(cell[0]).at("question")),
                arm.family,
                arm.variant,
                field(facts.at("label")),
                std::to_string(arm.replica),
                std::to_string(threads_of(arm)),
                text_of(to_json(arm.settings))};
  append(fields, members(to_json(plan.problem(cell)), plan.extents));
  append(fields, members(row, {"cell", "status", "reason"}));
  append(fields, members(row.at("counters"), counter_columns));
  const Json& work = row.at("work");
  append(fields, members(work.is_null() ? Json::object() : work, {"flops", "bytes"}));
  append(fields, members(row, calibration_columns));
  std::string line = csv_line(fields);
  line.resize(line.size() - 2);
  return line + ",";
}

/// What is known of the cells at the end of the run: a later row of a cell replaces the earlier.
struct CellRows {
  std::map<CellIndex, std::string> prefixes;
  std::set<CellIndex> sampled;
};

CellRows read_cells(const std::filesystem::path& run, const ExportPlan& plan) {
  CellRows cells;
  for_each_kept_row(run, plan, [&](const Json& row) {
    const Json& kind = row.at("row");
    if (kind == "cell") {
      const CellIndex cell = cell_index(row);
      cells.prefixes[cell] = cell_prefix(plan, cell, row);
    } else if (kind == "sample") {
      cells.sampled.insert(cell_index(row));
    }
  });
  return cells;
}

void write(std::ostream& out, const std::string& text) {
  out << text;
  if (!out) throw StorageError("cannot write the CSV: the disk is full or the reader has gone");
}

}  // namespace

void export_csv(const std::filesystem::path& run, std::ostream& out) {
  const ExportPlan plan = read_export_plan(run);
  const CellRows cells = read_cells(run, plan);
  const std::string empty_sample = csv_line(Fields(sample_columns.size()));
  write(out, csv_line(header(plan)));
  for_each_kept_row(run, plan, [&](const Json& row) {
    if (row.at("row") != "sample") return;
    const auto prefix = cells.prefixes.find(cell_index(row));
    if (prefix == cells.prefixes.end()) {
      throw StorageError("a sample of a cell without a row of its own");
    }
    write(out, prefix->second + csv_line(members(row, sample_columns)));
  });
  for (const auto& [cell, prefix] : cells.prefixes) {
    if (!cells.sampled.contains(cell)) write(out, prefix + empty_sample);
  }
  out.flush();
  write(out, "");
}

}  // namespace crossover::harness
