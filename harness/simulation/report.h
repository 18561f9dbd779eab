#pragma once

#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/results/tables.h"
#include "harness/simulation/property.h"

namespace crossover::harness {

/// One row of the report of a simulation.
struct ScenarioFinding {
  std::string scenario;
  std::string description;
  Finding finding;
};

/// How many findings have a target and miss it.
std::size_t missed(const std::vector<ScenarioFinding>& findings);

/// One row per finding, for as_text and as_markdown; the last note counts the missed targets.
Table simulation_table(const std::vector<ScenarioFinding>& findings, std::size_t repetitions,
                       std::uint64_t seed);

/// {"repetitions", "seed", "missed", "findings": [{"scenario", "description", "property", "kind",
/// "target": {"at_least", "at_most"}, "value", "ci95", "count", "met"}]}; an infinite median is
/// null.
Json simulation_json(const std::vector<ScenarioFinding>& findings, std::size_t repetitions,
                     std::uint64_t seed);

}  // namespace crossover::harness
