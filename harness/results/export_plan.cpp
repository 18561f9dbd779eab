#include "harness/results/export_plan.h"

#include <algorithm>
#include <map>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/sample_rows.h"

namespace crossover::harness {
namespace {

/// The samples of one section whose launch may still be given up.
struct OpenLaunch {
  std::vector<Json> rows;

  bool has(const Json& sample) const {
    return !rows.empty() && rows.back().at("problem") == sample.at("problem") &&
           rows.back().at("launch") == sample.at("launch");
  }

  void close(const std::function<void(const Json&)>& use) {
    for (const Json& row : rows) use(row);
    rows.clear();
  }
};

}  // namespace

ExportPlan read_export_plan(const std::filesystem::path& run) {
  ExportPlan plan{read_manifest(run), {}, {}};
  plan.sections = read_sections(run, plan.manifest);
  for (const SectionPlan& section : plan.sections) {
    if (section.problems.empty()) continue;
    for (const auto& [name, value] : section.problems.front()) {
      if (std::find(plan.extents.begin(), plan.extents.end(), name) == plan.extents.end()) {
        plan.extents.push_back(name);
      }
    }
  }
  return plan;
}

CellIndex cell_index(const Json& row) {
  return {row.at("section"), row.at("arm"), row.at("problem")};
}

void for_each_kept_row(const std::filesystem::path& run, const ExportPlan& plan,
                       const std::function<void(const Json&)>& use) {
  std::map<std::size_t, OpenLaunch> sections;
  for_each_row(run, [&](const Json& row) {
    stored_row_from(row, plan.sections);  // here, where the line of an error is known
    const std::string kind = row.at("row");
    if (kind == "cell") use(row);
    if (kind == "header" || kind == "cell") return;
    OpenLaunch& open = sections[row.at("section")];
    if (kind == "sample") {
      if (!open.has(row)) open.close(use);
      open.rows.push_back(row);
    } else if (kind == "closed") {
      open.close(use);
    } else if (kind == "discarded") {
      open.rows.clear();
    }
  });
  for (auto& [section, open] : sections) open.close(use);
}

std::vector<std::string> extent_columns(const ExportPlan& plan,
                                        const std::vector<std::string>& taken) {
  std::vector<std::string> columns;
  for (const std::string& extent : plan.extents) {
    const bool is_taken = std::find(taken.begin(), taken.end(), extent) != taken.end();
    columns.push_back(is_taken ? "problem_" + extent : extent);
  }
  return columns;
}

}  // namespace crossover::harness
