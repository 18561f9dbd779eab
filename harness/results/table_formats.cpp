#include <algorithm>
#include <fmt/format.h>

#include "harness/results/csv.h"
#include "harness/results/tables.h"

namespace crossover::harness {
namespace {

using Row = std::vector<std::string>;

std::vector<std::size_t> widths(const Table& table) {
  std::vector<std::size_t> result;
  for (const std::string& column : table.columns) result.push_back(column.size());
  for (const Row& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      // A reason fills the rest of its row and must not stretch its column.
      const bool last_text = i + 1 == row.size() || row[i + 1].empty();
      if (!last_text || i + 1 == row.size()) result[i] = std::max(result[i], row[i].size());
    }
  }
  return result;
}

std::string markdown_field(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string markdown_line(const Row& row) {
  std::string line = "|";
  for (const std::string& text : row) line += " " + markdown_field(text) + " |";
  return line + "\n";
}

}  // namespace

std::string as_text(const Table& table) {
  const std::vector<std::size_t> width = widths(table);
  std::string text = table.title + "\n\n";
  const auto add = [&](const Row& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}  ", row[i], i + 1 < row.size() ? width[i] : 0);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(table.columns);
  for (const Row& row : table.rows) add(row);
  text += "\n";
  for (const std::string& note : table.notes) text += note + "\n";
  return text;
}

std::string markdown_rows(const Row& columns, const std::vector<Row>& rows) {
  std::string text = markdown_line(columns) + markdown_line(Row(columns.size(), "---"));
  for (const Row& row : rows) text += markdown_line(row);
  return text;
}

std::string as_markdown(const Table& table) {
  std::string text = "## " + table.title + "\n\n" + markdown_rows(table.columns, table.rows);
  for (const std::string& note : table.notes) text += "\n" + note + "\n";
  return text;
}

std::string as_csv(const Table& table) {
  std::string text = csv_line(table.data_columns);
  for (const Row& row : table.data) text += csv_line(row);
  return text;
}

}  // namespace crossover::harness
