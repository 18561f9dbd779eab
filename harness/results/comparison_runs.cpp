#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <set>

#include "harness/results/comparison_cells.h"
#include "harness/results/manifest.h"
#include "harness/results/summary.h"
#include "harness/statistics/unpaired.h"

namespace crossover::harness {
namespace {

// Ceilings of one machine agree within this; beyond, the machine itself was another one.
constexpr double usual_ceiling_difference = 0.02;
constexpr double family_alpha = 0.05;

/// Where the cells of one run are, by their identity.
struct CellPlace {
  std::size_t section = 0;
  std::size_t arm = 0;
  std::size_t problem = 0;
};

/// The values of every setting of a run, by key.
std::map<std::string, std::set<std::string>> setting_values(const StoredRun& run) {
  std::map<std::string, std::set<std::string>> values;
  for (const SectionPlan& section : run.sections) {
    if (measures_machine(section.name)) continue;
    for (const Arm& arm : section.arms) {
      for (const auto& [key, value] : arm.settings) values[key].insert(value);
    }
  }
  return values;
}

/// Settings that the other run's program did not know, as long as they have one value throughout:
/// a setting that a later version added does not make other cells of all cells.
Settings added_settings(const StoredRun& run, const StoredRun& other) {
  const auto known = setting_values(other);
  Settings added;
  for (const auto& [key, values] : setting_values(run)) {
    if (values.size() == 1 && !known.contains(key)) added[key] = *values.begin();
  }
  return added;
}

/// One run as one side of a comparison.
class Side {
 public:
  /// Settings in `ignored` do not count for the identity of cells.
  Side(const StoredRun& run, const Settings& ignored) : run_(run) {
    for (std::size_t section = 0; section < run.sections.size(); ++section) {
      const SectionPlan& plan = run.sections[section];
      if (measures_machine(plan.name)) continue;
      add_aa_effects(plan, run.evidence[section]);
      for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
        for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
          if (plan.arms[arm].replica != 0) continue;
          const std::string id = identity(plan, arm, problem, ignored);
          if (places_.emplace(id, CellPlace{section, arm, problem}).second) order_.push_back(id);
        }
      }
    }
  }

  /// The identities of all cells, in the order of the plan.
  const std::vector<std::string>& order() const { return order_; }
  const CellPlace* find(const std::string& id) const {
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : &found->second;
  }

  const SectionPlan& plan(const CellPlace& place) const { return run_.sections[place.section]; }
  const Evidence& evidence(const CellPlace& place) const { return run_.evidence[place.section]; }
  bool measured(const CellPlace& place) const {
    return evidence(place).launches(place.arm, place.problem) > 0;
  }
  std::vector<double> launch_medians(const CellPlace& place) const {
    return evidence(place).launch_medians(place.arm, place.problem);
  }
  const std::vector<double>& aa_effects() const { return aa_effects_; }

  UnmatchedCell unmatched(const CellPlace& place) const {
    return unmatched_cell(plan(place), evidence(place), place.arm, place.problem);
  }

 private:
  static std::string identity(const SectionPlan& plan, std::size_t arm, std::size_t problem,
                              const Settings& ignored) {
    Arm reduced = plan.arms[arm];
    for (const auto& [key, value] : ignored) reduced.settings.erase(key);
    return cell_id({plan.name, reduced, plan.problems[problem]});
  }

  void add_aa_effects(const SectionPlan& plan, const Evidence& evidence) {
    for (const Pair& pair : plan.aa_pairs) {
      for (const std::size_t problem : plan.aa_problems) {
        const std::vector<double> effects = evidence.effects(pair, problem).primary();
        if (!effects.empty()) aa_effects_.push_back(median(effects));
      }
    }
  }

  const StoredRun& run_;
  std::map<std::string, CellPlace> places_;
  std::vector<std::string> order_;
  std::vector<double> aa_effects_;  // one per A/A pair and problem
};

std::vector<double> logarithms(std::vector<double> values) {
  for (double& value : values) value = std::log(value);
  return values;
}

/// The cells that both runs measured.
class MatchedCells {
 public:
  MatchedCells(const Side& before, const Side& after) : before_(before), after_(after) {}

  void add_to(Comparison& comparison) const {
    std::vector<std::pair<CellPlace, CellPlace>> matched;
    for (const std::string& id : before_.order()) {
      const CellPlace& here = *before_.find(id);
      const CellPlace* there = after_.find(id);
      if (!before_.measured(here)) continue;
      if (there != nullptr && after_.measured(*there)) {
        matched.emplace_back(here, *there);
      } else {
        comparison.only_before.push_back(there == nullptr ? absent(before_.unmatched(here))
                                                          : after_.unmatched(*there));
      }
    }
    for (const std::string& id : after_.order()) {
      const CellPlace& here = *after_.find(id);
      const CellPlace* there = before_.find(id);
      if (!after_.measured(here) || (there != nullptr && before_.measured(*there))) continue;
      comparison.only_after.push_back(there == nullptr ? absent(after_.unmatched(here))
                                                       : before_.unmatched(*there));
      comparison.only_after.back().lost = false;
    }
    for (const auto& [here, there] : matched) {
      comparison.cells.push_back(cell(here, there, matched.size()));
    }
  }

 private:
  static UnmatchedCell absent(UnmatchedCell cell) {
    cell.reason = "not planned";
    cell.lost = false;
    return cell;
  }

  ComparedCell cell(const CellPlace& here, const CellPlace& there, std::size_t cells) const {
    const SectionPlan& plan = before_.plan(here);
    const std::vector<double> before = before_.launch_medians(here);
    const std::vector<double> after = after_.launch_medians(there);
    const std::vector<double> log_before = logarithms(before);
    const std::vector<double> log_after = logarithms(after);
    const StoredCell a{log_before, before_.aa_effects()};
    const StoredCell b{log_after, after_.aa_effects()};
    ComparedCell cell;
    cell.section = plan.name;
    cell.label = label(plan.arms[here.arm], plan.varying);
    cell.problem = plan.problems[here.problem];
    cell.before_seconds = median(before);
    cell.after_seconds = median(after);
    cell.launches_before = before.size();
    cell.launches_after = after.size();
    cell.log_ratio = std::log(cell.before_seconds / cell.after_seconds);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    cell.simultaneous = {-infinity, infinity};
    if (const auto estimate = unpaired_interval(a, b, family_alpha)) {
      cell.log_ratio = estimate->value;
      cell.ci = estimate->ci;
      cell.verdict = verdict(*cell.ci, plan.protocol.equivalence_margin);
      const double alpha = family_alpha / static_cast<double>(cells);
      cell.simultaneous = unpaired_interval(a, b, alpha)->ci;
    }
    return cell;
  }

  const Side& before_;
  const Side& after_;
};

/// The mean of the ends of all cells' intervals; null where one has none. The standard error of a
/// mean is at most the mean of the standard errors, and equals it under full correlation.
std::optional<Interval> mean_of_intervals(const std::vector<ComparedCell>& cells) {
  if (cells.empty()) return std::nullopt;
  Interval mean;
  for (const ComparedCell& cell : cells) {
    if (!cell.ci) return std::nullopt;
    mean.low += cell.ci->low / static_cast<double>(cells.size());
    mean.high += cell.ci->high / static_cast<double>(cells.size());
  }
  return mean;
}

void note_ceilings(Comparison& comparison, const Json& before, const Json& after) {
  const auto fma = [](const Json& summary) {
    return summary.at("ceilings").value("fma_f32", Json::array());
  };
  for (const Json& a : fma(before)) {
    for (const Json& b : fma(after)) {
      if (a.at("threads") != b.at("threads")) continue;
      const double change =
          b.at("flops_per_second").get<double>() / a.at("flops_per_second").get<double>() - 1;
      if (std::abs(change) <= usual_ceiling_difference) continue;
      comparison.notes.push_back(fmt::format(
          "WARNING: the FMA peak on {} thread{} differs by {:+.1f}% from A to B: the machine "
          "itself was not the same, and the changes below hold that too.",
          a.at("threads").get<int>(), a.at("threads") == 1 ? "" : "s", 100 * change));
    }
  }
}

void note_settings(Comparison& comparison, const char* side, const Settings& settings) {
  for (const auto& [key, value] : settings) {
    comparison.notes.push_back(fmt::format(
        "NOTE: only {} has the setting {} ({} throughout); it is taken to be what the other did.",
        side, key, value));
  }
}

std::string run_facts(const char* name, const StoredRun& run) {
  const Json& manifest = run.manifest;
  return fmt::format(
      "{}: {}, commit {}, {}, {}", name, run.path.string(), manifest.at("git").get<std::string>(),
      manifest.at("started").get<std::string>(), manifest.at("state").get<std::string>());
}

}  // namespace

Comparison compare_runs(const StoredRun& before, const StoredRun& after) {
  const Settings only_before = added_settings(before, after);
  const Settings only_after = added_settings(after, before);
  const Side a(before, only_before);
  const Side b(after, only_after);
  Comparison comparison;
  comparison.before = before.path.string();
  comparison.after = after.path.string();
  comparison.notes = {run_facts("A", before), run_facts("B", after)};
  note_settings(comparison, "A", only_before);
  note_settings(comparison, "B", only_after);
  MatchedCells(a, b).add_to(comparison);
  add_mean_of_cells(comparison);
  comparison.geometric_mean_ci = mean_of_intervals(comparison.cells);
  comparison.geometric_mean_rule =
      "the cells of a run share what disturbed it: their errors are taken to be fully correlated";
  if (a.aa_effects().empty() && b.aa_effects().empty()) {
    comparison.notes.emplace_back(
        "WARNING: neither run has A/A arms, so that it is not known how far two runs of the same "
        "code lie apart: no intervals.");
  }
  note_ceilings(comparison, summarise(before.manifest, before.evidence),
                summarise(after.manifest, after.evidence));
  return comparison;
}

std::vector<std::string> machine_differences(const Json& before, const Json& after) {
  std::vector<std::string> differences;
  const Json& a = before.at("machine");
  const Json& b = after.at("machine");
  for (const char* fact : {"cpu", "cpu_model", "cores", "isa"}) {
    const Json fact_a = a.value(fact, Json(nullptr));
    const Json fact_b = b.value(fact, Json(nullptr));
    if (fact_a == fact_b) continue;
    differences.push_back(fmt::format("{}: {} and {}", fact, text_of(fact_a), text_of(fact_b)));
  }
  return differences;
}

}  // namespace crossover::harness
