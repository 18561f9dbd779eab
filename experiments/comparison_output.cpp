#include "experiments/comparison_output.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <iostream>

namespace crossover::experiments {
namespace {

/// "3%" as 0.03.
double margin_from(const std::string& text) {
  double percent = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, percent);
  const bool whole = error == std::errc() && std::string_view(rest, end) == "%";
  if (!whole || !std::isfinite(percent) || percent < 0) {
    throw UsageError(fmt::format("--gate = {}; expected a percentage such as 3%", text));
  }
  return percent / 100;
}

}  // namespace

void add_gate_option(Options& options) {
  options.add()("gate", boost::program_options::value<std::string>(),
                "largest tolerated increase of time, e.g. 3%: exit 1 regression, 3 undecided, 0 "
                "pass");
}

std::optional<double> gate_margin(const Options& options) {
  if (!options.has("gate")) return std::nullopt;
  return margin_from(options.text("gate"));
}

void print_comparison(const harness::Comparison& comparison, std::optional<double> margin,
                      const std::string& format) {
  if (format == "json") {
    std::cout << harness::text_of(harness::comparison_json(comparison, margin), 1) << "\n";
    return;
  }
  const std::vector<harness::Table> tables = harness::comparison_tables(comparison, margin);
  if (tables.empty()) return;
  if (format == "csv") {
    // One table: the columns are the same in every section.
    harness::Table all = tables.front();
    for (std::size_t i = 1; i < tables.size(); ++i) {
      all.data.insert(all.data.end(), tables[i].data.begin(), tables[i].data.end());
    }
    std::cout << harness::as_csv(all);
    // What no column holds: warnings, the mean, the gate.
    for (const std::string& note : tables.back().notes) std::cerr << note << "\n";
    return;
  }
  for (const harness::Table& table : tables) {
    std::cout << (format == "markdown" ? harness::as_markdown(table) : harness::as_text(table))
              << "\n";
  }
}

int gate_status(const harness::Comparison& comparison, std::optional<double> margin) {
  if (!margin) return exit_done;
  switch (harness::gate(comparison, *margin)) {
    case harness::GateVerdict::regression:
      return exit_regression;
    case harness::GateVerdict::undecided:
      return exit_undecided;
    default:
      return exit_done;
  }
}

}  // namespace crossover::experiments
