#pragma once

#include <string>
#include <vector>

#include "harness/json.h"

namespace crossover::harness {

/// One section's results, ready to be shown. Cells of `rows` are for people (three digits, units),
/// `data` holds the same facts as raw SI numbers for CSV.
struct Table {
  std::string section;
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> data_columns;
  std::vector<std::vector<std::string>> data;
  std::vector<std::string> notes;  // outcome sentences, warnings, noise floor
};

/// One table per section of a summary.
std::vector<Table> make_tables(const Json& summary);

/// Aligned columns for a terminal; Markdown; RFC 4180 CSV of `data`.
std::string as_text(const Table& table);
std::string as_markdown(const Table& table);
std::string as_csv(const Table& table);

/// A Markdown table of these columns and rows, without a heading.
std::string markdown_rows(const std::vector<std::string>& columns,
                          const std::vector<std::vector<std::string>>& rows);

/// The names and values of the extents that tell a section's problems apart, extents that are
/// always equal joined: {"m=n=k"} and {"64"}. Problems as in a summary.
struct ProblemColumns {
  std::vector<std::string> names;
  std::vector<std::string> extents;  // one representative extent per name

  explicit ProblemColumns(const std::vector<Json>& problems);
  std::vector<std::string> values(const Json& problem) const;
};

/// The members of a list of a summary that belong to that section.
std::vector<Json> of_section(const Json& list, const std::string& section);

}  // namespace crossover::harness
