#include "harness/results/summary_files.h"

#include "harness/results/run_directory.h"

namespace crossover::harness {

std::vector<Table> write_summary(const std::filesystem::path& run, const Json& summary) {
  write_file(run / "summary.json", text_of(summary, 1) + "\n");
  std::vector<Table> tables = make_tables(summary);
  for (const Table& table : tables) {
    write_file(run / "tables" / (table.section + ".md"), as_markdown(table));
    write_file(run / "tables" / (table.section + ".csv"), as_csv(table));
  }
  return tables;
}

}  // namespace crossover::harness
