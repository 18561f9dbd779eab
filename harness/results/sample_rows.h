#pragma once

#include <variant>
#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"

namespace crossover::harness {

/// What a row of samples.jsonl may be. Indices are of the sections of the manifest, and of the arms
/// and problems there.
struct HeaderRow {};

struct CellRow {
  std::size_t section = 0;
  std::size_t arm = 0;
  std::size_t problem = 0;
  CellFacts facts;
};

struct SampleRow {
  std::size_t section = 0;
  std::size_t arm = 0;
  std::size_t problem = 0;
  Sample sample;
};

struct ClosedRow {
  std::size_t section = 0;
  double elapsed_seconds = 0;
};

struct DiscardedRow {
  std::size_t section = 0;
};

using StoredRow = std::variant<HeaderRow, CellRow, SampleRow, ClosedRow, DiscardedRow>;

/// Throws std::invalid_argument about the first member that is missing, of another type or out of
/// range: "seconds = 0; expected a finite number above 0".
StoredRow stored_row_from(const Json& row, const std::vector<SectionPlan>& sections);

}  // namespace crossover::harness
