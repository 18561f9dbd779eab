#include "harness/simulation/report.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace crossover::harness {
namespace {

bool is_rate(const Finding& finding) { return finding.kind == Property::Kind::rate; }

std::string value_text(const Finding& finding, double value) {
  if (!std::isfinite(value)) return "never";
  return is_rate(finding) ? fmt::format("{:.1f}%", 100 * value) : fmt::format("{:.0f}", value);
}

std::string target_text(const Finding& finding) {
  const auto bound = [&](double value) {
    return is_rate(finding) ? fmt::format("{:.0f}%", 100 * value) : fmt::format("{:.0f}", value);
  };
  const Target& target = finding.target;
  if (target.at_least && target.at_most) {
    return bound(*target.at_least) + " to " + bound(*target.at_most);
  }
  if (target.at_least) return ">= " + bound(*target.at_least);
  return target.at_most ? "<= " + bound(*target.at_most) : "";
}

std::string result_text(const Finding& finding) {
  if (!finding.value) return "did not arise";
  std::string text = value_text(finding, *finding.value);
  if (finding.ci) {
    text += fmt::format(" [{}, {}]", value_text(finding, finding.ci->low),
                        value_text(finding, finding.ci->high));
  }
  return text;
}

std::string verdict_text(const Finding& finding) {
  if (!finding.target.at_least && !finding.target.at_most) return "";
  if (!finding.met) return "unknown";
  return *finding.met ? "met" : "MISSED";
}

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace

std::size_t missed(const std::vector<ScenarioFinding>& findings) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [](const ScenarioFinding& row) { return row.finding.met == false; }));
}

Table simulation_table(const std::vector<ScenarioFinding>& findings, std::size_t repetitions,
                       std::uint64_t seed) {
  Table table;
  table.title =
      fmt::format("Error rates in {} repetitions per scenario, seed {}", repetitions, seed);
  table.columns = {"scenario", "truth", "property", "target", "result [95%]", "of", "verdict"};
  std::string last;
  for (const ScenarioFinding& row : findings) {
    const Finding& finding = row.finding;
    const bool again = row.scenario == last;
    last = row.scenario;
    table.rows.push_back({again ? "" : row.scenario, again ? "" : row.description, finding.property,
                          target_text(finding), result_text(finding), std::to_string(finding.count),
                          verdict_text(finding)});
  }
  const std::size_t misses = missed(findings);
  table.notes.push_back(fmt::format("{} target{} missed.", misses, misses == 1 ? "" : "s"));
  return table;
}

Json simulation_json(const std::vector<ScenarioFinding>& findings, std::size_t repetitions,
                     std::uint64_t seed) {
  Json rows = Json::array();
  for (const ScenarioFinding& row : findings) {
    const Finding& finding = row.finding;
    Json ci = nullptr;
    if (finding.ci) {
      ci = {nullable(finite(finding.ci->low)), nullable(finite(finding.ci->high))};
    }
    rows.push_back({{"scenario", row.scenario},
                    {"description", row.description},
                    {"property", finding.property},
                    {"kind", is_rate(finding) ? "rate" : "median"},
                    {"target",
                     {{"at_least", nullable(finding.target.at_least)},
                      {"at_most", nullable(finding.target.at_most)}}},
                    {"value", nullable(finite(finding.value))},
                    {"ci95", ci},
                    {"count", finding.count},
                    {"met", nullable(finding.met)}});
  }
  return {{"repetitions", repetitions},
          {"seed", seed},
          {"missed", missed(findings)},
          {"findings", rows}};
}

}  // namespace crossover::harness
