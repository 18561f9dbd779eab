#include "harness/results/prediction.h"

#include <algorithm>
#include <fmt/format.h>

#include "harness/results/ceilings.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

/// Whether the thread pools of two arms are set up alike.
bool same_team(const Arm& one, const Arm& other) {
  const auto of_team = [](const Arm& arm) {
    Settings settings;
    for (const auto& [key, value] : arm.settings) {
      if (key == "pin" || key.starts_with("env.")) settings[key] = value;
    }
    settings.try_emplace("pin", "cores");
    return settings;
  };
  return threads_of(one) == threads_of(other) && of_team(one) == of_team(other);
}

/// The bandwidth of the arm's team, or of the largest one measured that is no larger: more threads
/// than cores read no faster.
std::optional<double> bytes_per_second(const SectionPlan& ceilings, const Evidence& evidence,
                                       int threads) {
  std::optional<double> best;
  int best_threads = 0;
  for (std::size_t arm = 0; arm < ceilings.arms.size(); ++arm) {
    const int measured = threads_of(ceilings.arms[arm]);
    if (ceilings.arms[arm].variant != "stream_read") continue;
    if (measured > threads || measured < best_threads) continue;
    const std::vector<double> medians = evidence.launch_medians(arm, 0);
    const CellFacts* facts = evidence.facts(arm, 0);
    if (medians.empty() || facts == nullptr) continue;
    best = facts->work.bytes / median(medians);
    best_threads = measured;
  }
  return best;
}

/// The variant of the pair on one thread, with all its other settings, where the section has it.
std::optional<std::size_t> arm_on_one_thread(const SectionPlan& section, std::size_t variant) {
  Arm wanted = section.arms[variant];
  wanted.settings["threads"] = "1";
  const auto found = std::find(section.arms.begin(), section.arms.end(), wanted);
  if (found == section.arms.end()) return std::nullopt;
  return static_cast<std::size_t>(found - section.arms.begin());
}

/// The facts of a cell that the untimed pass found right; a size that a prediction left out
/// afterwards is one, so that predicting again gives the same.
const CellFacts* checked_facts(const Evidence& evidence, std::size_t arm, std::size_t problem) {
  const CellFacts* facts = evidence.facts(arm, problem);
  if (facts == nullptr || !facts->call_seconds) return nullptr;
  return facts->status == Status::measured || facts->status == Status::skipped ? facts : nullptr;
}

std::optional<double> calibrated_seconds(const Evidence& evidence, std::size_t arm,
                                         std::size_t problem) {
  const CellFacts* facts = checked_facts(evidence, arm, problem);
  return facts == nullptr ? std::nullopt : facts->call_seconds;
}

/// One pair on one curve.
class PairModel {
 public:
  PairModel(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
            const ModelMachine& machine)
      : section_(section),
        evidence_(evidence),
        pair_(pair),
        kernel_arm_(arm_on_one_thread(section, pair.variant).value_or(pair.against)),
        machine_(machine) {}

  const Arm& variant() const { return section_.arms[pair_.variant]; }
  const Arm& base() const { return section_.arms[pair_.against]; }
  bool kernel_is_that_of_base() const { return kernel_arm_ == pair_.against; }

  /// Nullopt where one of the arms does not run that problem here.
  std::optional<ModelPoint> point(double axis_value, std::size_t problem) const {
    const auto base_seconds = calibrated_seconds(evidence_, pair_.against, problem);
    const auto kernel_seconds = calibrated_seconds(evidence_, kernel_arm_, problem);
    const CellFacts* facts = checked_facts(evidence_, pair_.variant, problem);
    if (!base_seconds || !kernel_seconds || facts == nullptr) return std::nullopt;
    const ExecutionCounts& counts = facts->counts.execution;
    if (!counts.parallel_regions) return std::nullopt;
    ModelPoint point{axis_value, *base_seconds, *kernel_seconds, 0, std::nullopt, std::nullopt};
    point.regions = static_cast<double>(*counts.parallel_regions);
    if (counts.tasks) {
      point.tiles = static_cast<double>(*counts.tasks) / std::max(1.0, point.regions);
    }
    const double cache = machine_.last_level_cache_bytes;
    const bool beyond_cache = cache > 0 && facts->work.bytes > cache;
    if (is_cold(variant()) || beyond_cache) point.memory_bytes = facts->work.bytes;
    return point;
  }

  /// Whether the variant ran somewhere and its regions could not be counted there, or were not
  /// those of a team that stays.
  bool regions_unknown(const Curve& curve) const {
    return std::any_of(curve.problems.begin(), curve.problems.end(), [&](std::size_t problem) {
      const CellFacts* facts = checked_facts(evidence_, pair_.variant, problem);
      if (facts == nullptr) return false;
      const ExecutionCounts& counts = facts->counts.execution;
      return !counts.parallel_regions || counts.threads_started.value_or(0) > 0;
    });
  }

 private:
  const SectionPlan& section_;
  const Evidence& evidence_;
  const Pair& pair_;
  std::size_t kernel_arm_;
  const ModelMachine& machine_;
};

CrossoverPrediction refused(const std::string& reason) {
  CrossoverPrediction prediction;
  prediction.reason = reason;
  return prediction;
}

CrossoverPrediction prediction_from(const ModelCrossover& model, const Curve& curve) {
  CrossoverPrediction prediction;
  prediction.band = model.band;
  switch (model.outcome) {
    case ModelOutcome::crossing:
      prediction.value = model.changes.front();
      break;
    case ModelOutcome::below:
      prediction.reason =
          fmt::format("the model has it win at every size from {} on", curve.axis_values.front());
      break;
    case ModelOutcome::above:
      prediction.reason =
          fmt::format("the model has it win at no size up to {}", curve.axis_values.back());
      break;
    case ModelOutcome::several:
      prediction.reason =
          fmt::format("the model has the faster one change {} times, from {:.4g} on",
                      model.changes.size(), model.changes.front());
      break;
  }
  return prediction;
}

/// Why the model does not apply to the pair, whatever was measured.
std::optional<std::string> why_not(const PairModel& model, const Curve& curve) {
  if (threads_of(model.variant()) < 2) return "the variant runs on one thread";
  if (threads_of(model.base()) > 1) return "the base is not serial";
  if (model.regions_unknown(curve)) {
    return fmt::format("{} brings its own threads, whose fork and join cost is not known",
                       model.variant().variant);
  }
  return std::nullopt;
}

/// The largest data cache of the highest level.
double last_level_bytes(const std::vector<Cache>& caches) {
  Cache last;
  for (const Cache& cache : caches) {
    if (cache.type != "Instruction" && cache.level >= last.level) last = cache;
  }
  return static_cast<double>(last.bytes);
}

}  // namespace

ModelMachine model_machine(const Machine& machine) {
  return {machine.cores, last_level_bytes(machine.caches)};
}

ModelMachine model_machine(const Json& json) {
  const StoredValue machine(json, "machine");
  std::vector<Cache> caches;
  for (const StoredValue& cache : machine.at("caches").elements()) {
    caches.push_back({cache.at("level").small(0), cache.at("type").text(),
                      cache.at("bytes").count(), cache.at("shared_by").small(0)});
  }
  return {machine.at("cores").small(0), last_level_bytes(caches)};
}

std::optional<RegionCost> region_cost(const SectionPlan& ceilings, const Evidence& evidence,
                                      const Arm& arm) {
  for (std::size_t i = 0; i < ceilings.arms.size(); ++i) {
    const Arm& probe = ceilings.arms[i];
    if (probe.variant != "parallel_region" || !same_team(probe, arm)) continue;
    std::vector<double> seconds = evidence.launch_medians(i, 0);
    if (seconds.empty()) return std::nullopt;
    const auto constructs = static_cast<double>(
        std::max<std::int64_t>(1, extent(ceilings.problems.front(), "constructs")));
    for (double& value : seconds) value /= constructs;
    const auto [low, high] = std::minmax_element(seconds.begin(), seconds.end());
    const auto estimate = median_interval(seconds);
    return RegionCost{median(seconds), estimate ? estimate->ci : Interval{*low, *high}};
  }
  return std::nullopt;
}

CrossoverPrediction predict(const SectionPlan& ceilings, const Evidence& ceilings_evidence,
                            const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                            const Curve& curve, const ModelMachine& machine) {
  const PairModel model(section, evidence, pair, machine);
  if (const auto reason = why_not(model, curve)) return refused(*reason);
  const auto cost = region_cost(ceilings, ceilings_evidence, model.variant());
  if (!cost) return refused("the cost of a parallel region was not measured for such a team");
  std::vector<ModelPoint> points;
  for (std::size_t i = 0; i < curve.problems.size(); ++i) {
    if (const auto point =
            model.point(static_cast<double>(curve.axis_values[i]), curve.problems[i])) {
      points.push_back(*point);
    }
  }
  if (points.size() < 2) return refused("fewer than two sizes ran on both sides");
  const int threads = threads_of(model.variant());
  ModelTeam team;
  team.threads = threads;
  team.cores = machine.cores;
  team.fork_join_seconds = cost->seconds;
  team.fork_join_range = cost->range;
  team.bytes_per_second = bytes_per_second(ceilings, ceilings_evidence, threads);
  CrossoverPrediction prediction = prediction_from(model_crossover(points, team), curve);
  if (model.kernel_is_that_of_base()) {
    prediction.assumption = fmt::format("the kernel of {} is as fast on one thread as {}",
                                        model.variant().variant, model.base().variant);
  }
  return prediction;
}

}  // namespace crossover::harness
