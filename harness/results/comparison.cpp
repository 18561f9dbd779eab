#include "harness/results/comparison.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <numeric>

#include "harness/results/comparison_cells.h"
#include "harness/results/manifest.h"
#include "harness/results/pair_verdict.h"
#include "harness/statistics/unpaired.h"

namespace crossover::harness {
namespace {

std::optional<std::size_t> arm_of(const SectionPlan& section, const std::string& name) {
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    if (label(section.arms[arm], section.varying) == name) return arm;
  }
  return std::nullopt;
}

std::optional<Pair> pair_of(const SectionPlan& section, const std::string& before,
                            const std::string& after) {
  const auto variant = arm_of(section, after);
  const auto against = arm_of(section, before);
  if (measures_machine(section.name) || !variant || !against) return std::nullopt;
  return Pair{*variant, *against};
}

/// One pair of arms in one section.
class PairedCells {
 public:
  PairedCells(const SectionPlan& plan, const Evidence& evidence, const Pair& pair)
      : plan_(plan), evidence_(evidence), pair_(pair) {}

  /// Adds the cell, or what keeps it from being compared.
  void add_to(Comparison& comparison, const ChosenCell& chosen, std::vector<PairEffects>& all,
              std::vector<std::size_t>& looks) const {
    const PairEffects effects = evidence_.effects(pair_, chosen.problem);
    if (effects.primary().empty()) return add_unmatched(comparison, chosen.problem);
    comparison.cells.push_back(cell(chosen.problem, effects));
    comparison.cells.back().label = chosen.label;
    all.push_back(effects);
    looks.push_back(plan_.protocol.looks.size());
  }

 private:
  ComparedCell cell(std::size_t problem, const PairEffects& effects) const {
    ComparedCell cell;
    cell.section = plan_.name;
    cell.problem = plan_.problems[problem];
    cell.before_seconds = median(evidence_.launch_medians(pair_.against, problem));
    cell.after_seconds = median(evidence_.launch_medians(pair_.variant, problem));
    const std::vector<double> primary = effects.primary();
    cell.launches_before = cell.launches_after = primary.size();
    cell.log_ratio = median(primary);
    cell.discarded = effects.discarded;
    if (const auto estimate = median_interval(primary)) cell.ci = estimate->ci;
    cell.verdict = pair_verdict(effects, plan_.protocol.equivalence_margin);
    return cell;
  }

  void add_unmatched(Comparison& comparison, std::size_t problem) const {
    const std::size_t before = evidence_.launches(pair_.against, problem);
    const std::size_t after = evidence_.launches(pair_.variant, problem);
    if (before > 0) {
      comparison.only_before.push_back(unmatched_cell(plan_, evidence_, pair_.variant, problem));
    } else if (after > 0) {
      comparison.only_after.push_back(unmatched_cell(plan_, evidence_, pair_.against, problem));
    }
  }

  const SectionPlan& plan_;
  const Evidence& evidence_;
  Pair pair_;
};

void note_disturbed(Comparison& comparison, const std::vector<PairEffects>& effects) {
  const auto disturbed = std::count_if(effects.begin(), effects.end(),
                                       [](const PairEffects& cell) { return cell.use_all; });
  if (disturbed == 0) return;
  comparison.notes.push_back(fmt::format(
      "WARNING: in {} of {} cells too much was disturbed from outside to set it aside; a verdict "
      "needs a second opinion there.",
      disturbed, effects.size()));
}

}  // namespace

UnmatchedCell unmatched_cell(const SectionPlan& plan, const Evidence& evidence, std::size_t arm,
                             std::size_t problem) {
  UnmatchedCell cell{fmt::format("{}: {} at {}", plan.name, label(plan.arms[arm], plan.varying),
                                 label(plan.problems[problem])),
                     "not measured", false};
  if (const CellFacts* facts = evidence.facts(arm, problem);
      facts != nullptr && facts->status != Status::measured) {
    cell.reason = fmt::format("{}: {}", to_string(facts->status), facts->reason.value_or(""));
    cell.lost = facts->status == Status::failed || facts->status == Status::wrong;
  }
  return cell;
}

std::vector<std::string> arm_labels(const StoredRun& run) {
  std::vector<std::string> labels;
  for (const SectionPlan& section : run.sections) {
    if (measures_machine(section.name)) continue;
    for (const Arm& arm : section.arms) {
      const std::string name = label(arm, section.varying);
      if (std::find(labels.begin(), labels.end(), name) == labels.end()) labels.push_back(name);
    }
  }
  return labels;
}

PairsOf pairs_of_labels(const std::string& before, const std::string& after) {
  return [before, after](const SectionPlan& section) {
    const auto pair = pair_of(section, before, after);
    return pair ? std::vector<Pair>{*pair} : std::vector<Pair>{};
  };
}

Comparison compare_arms(const StoredRun& run, const std::string& before, const std::string& after) {
  Comparison comparison = compare_pairs(run.sections, run.evidence, pairs_of_labels(before, after));
  comparison.before = before;
  comparison.after = after;
  return comparison;
}

Comparison compare_pairs(std::span<const SectionPlan> sections, std::span<const Evidence> evidence,
                         const PairsOf& pairs) {
  std::vector<ChosenCell> cells;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const SectionPlan& section = sections[i];
    for (const Pair& pair : pairs(section)) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        // Replicas run on some problems only.
        if (!runs(section, pair.variant, problem) || !runs(section, pair.against, problem))
          continue;
        cells.push_back({i, pair, problem, label(section.arms[pair.variant], section.varying)});
      }
    }
  }
  return compare_cells(sections, evidence, cells);
}

Comparison compare_cells(std::span<const SectionPlan> sections, std::span<const Evidence> evidence,
                         std::span<const ChosenCell> cells) {
  Comparison comparison;
  comparison.paired = true;
  std::vector<PairEffects> effects;
  std::vector<std::size_t> looks;
  for (const ChosenCell& chosen : cells) {
    PairedCells(sections[chosen.section], evidence[chosen.section], chosen.pair)
        .add_to(comparison, chosen, effects, looks);
  }
  std::vector<std::map<int, double>> launches;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    comparison.cells[i].simultaneous = simultaneous_interval(effects[i], effects.size(), looks[i]);
    launches.push_back(effects[i].by_launch());
  }
  note_disturbed(comparison, effects);
  add_mean_of_cells(comparison);
  comparison.geometric_mean_rule =
      "Student's t over the launches that all cells share; cells are not taken to be independent";
  if (const auto estimate = geometric_mean_interval(launches)) {
    comparison.geometric_mean = estimate->value;
    comparison.geometric_mean_ci = estimate->ci;
  }
  return comparison;
}

void add_mean_of_cells(Comparison& comparison) {
  if (comparison.cells.empty()) return;
  double sum = 0;
  for (const ComparedCell& cell : comparison.cells) sum += cell.log_ratio;
  comparison.geometric_mean = sum / static_cast<double>(comparison.cells.size());
}

GateVerdict gate(const Comparison& comparison, double margin) {
  std::vector<Interval> intervals;
  for (const ComparedCell& cell : comparison.cells) intervals.push_back(cell.simultaneous);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const UnmatchedCell& cell : comparison.only_before) {
    if (cell.lost) intervals.push_back({-infinity, infinity});
  }
  return gate(intervals, margin);
}

}  // namespace crossover::harness
