#include "harness/results/export_plan.h"

#include <algorithm>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {

ExportPlan read_export_plan(const std::filesystem::path& run) {
  ExportPlan plan{read_manifest(run), {}, {}};
  try {
    plan.sections = sections_from(plan.manifest);
  } catch (const std::exception& error) {
    throw StorageError((run / "manifest.json").string() + ": damaged: " + error.what());
  }
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

CellIndex cell_index(const Json& row, const ExportPlan& plan) {
  const CellIndex cell{row.at("section"), row.at("arm"), row.at("problem")};
  plan.arm(cell);
  plan.problem(cell);
  return cell;
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
