#pragma once

#include <optional>
#include <string>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/statistics/cost_model.h"
#include "harness/worker/machine.h"

namespace crossover::harness {

/// Where the cost model expects a crossover, from what was measured before the arms were compared.
struct CrossoverPrediction {
  std::optional<double> value;            // on the axis; null unless there is exactly one change
  std::optional<Interval> band;           // of all changes, cut to the sizes of the curve
  std::optional<std::string> reason;      // why there is no value
  std::optional<std::string> assumption;  // what had to be taken for something unknown
};

/// What the model must know of the machine.
struct ModelMachine {
  int cores = 1;
  double last_level_cache_bytes = 0;  // 0: not known; then only cold caches count as memory
};

ModelMachine model_machine(const Machine& machine);

/// From the member `machine` of a manifest. Throws nlohmann::json::exception where members are
/// missing.
ModelMachine model_machine(const Json& machine);

/// The cost of one parallel region for a team like that of the arm: as many threads, pinned alike
/// and with the same environment. `range` is the order-statistic interval over launches, or from
/// the smallest to the largest launch where there are too few for one. Nullopt where the ceilings
/// have no such team.
struct RegionCost {
  double seconds = 0;
  Interval range;
};
std::optional<RegionCost> region_cost(const SectionPlan& ceilings, const Evidence& evidence,
                                      const Arm& arm);

/// Applies the cost model to one pair on one curve of a section. Uses only what is known before the
/// section's launches: the calibrated seconds of the base (and of the variant's kernel on one
/// thread, where the section has such an arm), counted regions and tasks, and the ceilings so far.
CrossoverPrediction predict(const SectionPlan& ceilings, const Evidence& ceilings_evidence,
                            const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                            const Curve& curve, const ModelMachine& machine);

}  // namespace crossover::harness
