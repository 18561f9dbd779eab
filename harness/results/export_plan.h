#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"

namespace crossover::harness {

/// Which cell a row of samples.jsonl belongs to: indices of section, arm and problem.
using CellIndex = std::array<std::size_t, 3>;

/// What the rows of a stored run refer to.
struct ExportPlan {
  Json manifest;
  std::vector<SectionPlan> sections;
  std::vector<std::string> extents;  // of all sections, in order of appearance

  const SectionPlan& section(const CellIndex& cell) const { return sections.at(cell[0]); }
  const Arm& arm(const CellIndex& cell) const { return section(cell).arms.at(cell[1]); }
  const Problem& problem(const CellIndex& cell) const { return section(cell).problems.at(cell[2]); }
};

/// Throws StorageError where the manifest is missing, damaged or of another schema version.
ExportPlan read_export_plan(const std::filesystem::path& run);

/// The cell of a kept row.
CellIndex cell_index(const Json& row);

/// Calls `use` for the cell and sample rows of a stored run, checked, without the samples of
/// launches that were given up and measured again. Within a section the order is kept; samples are
/// held back until their launch is complete. Throws StorageError.
void for_each_kept_row(const std::filesystem::path& run, const ExportPlan& plan,
                       const std::function<void(const Json&)>& use);

/// The names of the extents as columns beside `taken`: an extent of a taken name gets the prefix
/// "problem_".
std::vector<std::string> extent_columns(const ExportPlan& plan,
                                        const std::vector<std::string>& taken);

}  // namespace crossover::harness
