#include "harness/results/sample_rows.h"

#include "harness/results/run_directory.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

HeaderRow header_from(const StoredValue& row) {
  row.at("schema").whole(schema_version, schema_version);
  return {};
}

/// Sets the indices of a row that is about a cell.
template <class Row>
Row in_cell(const StoredValue& row, const std::vector<SectionPlan>& sections) {
  Row place;
  place.section = row.at("section").index(sections.size());
  place.arm = row.at("arm").index(sections[place.section].arms.size());
  place.problem = row.at("problem").index(sections[place.section].problems.size());
  return place;
}

}  // namespace

StoredRow stored_row_from(const Json& object, const std::vector<SectionPlan>& sections) {
  const StoredValue row(object);
  const StoredValue kind = row.at("row");
  const std::string name = kind.text();
  if (name == "sample") {
    SampleRow stored = in_cell<SampleRow>(row, sections);
    stored.sample = sample_from(object);
    return stored;
  }
  if (name == "cell") {
    CellRow stored = in_cell<CellRow>(row, sections);
    stored.facts = cell_facts_from(object);
    return stored;
  }
  if (name == "closed") {
    return ClosedRow{row.at("section").index(sections.size()),
                     row.at("elapsed_seconds").not_negative()};
  }
  if (name == "discarded") return DiscardedRow{row.at("section").index(sections.size())};
  if (name == "header") return header_from(row);
  kind.refuse("header, cell, sample, closed or discarded");
}

}  // namespace crossover::harness
