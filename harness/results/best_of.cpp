#include "harness/results/best_of.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "harness/results/manifest.h"

namespace crossover::harness {
namespace {

using Settings = std::map<std::string, std::string>;

Settings without_threads(const Arm& arm) {
  Settings settings(arm.settings.begin(), arm.settings.end());
  settings.erase("threads");
  return settings;
}

bool is_in(const Group& group, const Arm& arm) {
  return arm.replica == 0 && std::find(group.begin(), group.end(), arm.variant) != group.end();
}

/// The arms of one section that compete with each other.
struct Field {
  std::size_t section = 0;
  Settings settings;
  int threads = 1;
};

/// The winners' pairs, and the problems of which they do not tell all.
struct Winners {
  std::vector<ChosenCell> cells;
  std::size_t left_out = 0;    // one of the groups was not measured
  std::size_t incomplete = 0;  // an arm that could have been faster was not measured
};

std::optional<std::string> warning_about(const Winners& winners) {
  if (winners.left_out + winners.incomplete == 0) return std::nullopt;
  return fmt::format(
      "WARNING: of {} problems {} are left out, as one of the groups was not measured there; on {} "
      "of the others an arm was skipped, failed or wrong, and might have been the fastest.",
      winners.cells.size() + winners.left_out, winners.left_out, winners.incomplete);
}

class Contest {
 public:
  Contest(const StoredRun& run, const Group& ours, const Group& theirs)
      : run_(run), ours_(ours), theirs_(theirs) {
    for (const Group& group : {ours, theirs}) {
      for (const std::string& name : group) require(name);
    }
  }

  std::set<int> thread_counts() const {
    std::set<int> counts;
    for_each_arm([&](std::size_t, const Arm& arm) { counts.insert(threads_of(arm)); });
    return counts;
  }

  /// With at most so many threads.
  Winners winners(int threads) const {
    Winners winners;
    for (const Field& field : fields(threads)) {
      if (arms_of(field, ours_).empty() || arms_of(field, theirs_).empty()) continue;
      const std::size_t problems = run_.sections[field.section].problems.size();
      for (std::size_t problem = 0; problem < problems; ++problem) add(winners, field, problem);
    }
    return winners;
  }

 private:
  void add(Winners& winners, const Field& field, std::size_t problem) const {
    const SectionPlan& section = run_.sections[field.section];
    const auto our = fastest(field, ours_, problem);
    const auto their = fastest(field, theirs_, problem);
    if (!our || !their) {
      ++winners.left_out;
      return;
    }
    winners.incomplete += lacks_an_arm(field, problem);
    const auto name = [&](std::size_t arm) { return label(section.arms[arm], section.varying); };
    winners.cells.push_back({field.section, Pair{*our, *their}, problem,
                             fmt::format("{} against {}", name(*our), name(*their))});
  }

  bool lacks_an_arm(const Field& field, std::size_t problem) const {
    const auto lacks = [&](const Group& group) {
      const std::vector<std::size_t> arms = arms_of(field, group);
      return std::any_of(arms.begin(), arms.end(), [&](std::size_t arm) {
        const CellFacts* facts = run_.evidence[field.section].facts(arm, problem);
        return facts != nullptr && facts->status != Status::measured &&
               facts->status != Status::unsupported;
      });
    };
    return lacks(ours_) || lacks(theirs_);
  }

  std::vector<std::size_t> arms_of(const Field& field, const Group& group) const {
    const SectionPlan& section = run_.sections[field.section];
    std::vector<std::size_t> arms;
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      const Arm& candidate = section.arms[arm];
      if (!is_in(group, candidate) || threads_of(candidate) > field.threads) continue;
      if (without_threads(candidate) == field.settings) arms.push_back(arm);
    }
    return arms;
  }

  template <class Visit>
  void for_each_arm(Visit visit) const {
    for (std::size_t i = 0; i < run_.sections.size(); ++i) {
      if (measures_machine(run_.sections[i].name)) continue;
      for (const Arm& arm : run_.sections[i].arms) {
        if (is_in(ours_, arm) || is_in(theirs_, arm)) visit(i, arm);
      }
    }
  }

  void require(const std::string& name) const {
    std::set<std::string> known;
    for (const SectionPlan& section : run_.sections) {
      if (measures_machine(section.name)) continue;
      for (const Arm& arm : section.arms) known.insert(arm.variant);
    }
    if (known.contains(name)) return;
    throw std::invalid_argument(fmt::format("no arm of the run is of variant '{}'; it has: {}",
                                            name, fmt::join(known, ", ")));
  }

  std::vector<Field> fields(int threads) const {
    std::set<std::pair<std::size_t, Settings>> seen;
    std::vector<Field> fields;
    for_each_arm([&](std::size_t section, const Arm& arm) {
      Settings settings = without_threads(arm);
      if (seen.insert({section, settings}).second) {
        fields.push_back({section, std::move(settings), threads});
      }
    });
    return fields;
  }

  std::optional<std::size_t> fastest(const Field& field, const Group& group,
                                     std::size_t problem) const {
    const Evidence& evidence = run_.evidence[field.section];
    std::optional<std::size_t> best;
    double best_seconds = 0;
    for (const std::size_t arm : arms_of(field, group)) {
      if (evidence.launches(arm, problem) == 0) continue;
      const double seconds = median(evidence.launch_medians(arm, problem));
      if (best && seconds >= best_seconds) continue;
      best = arm;
      best_seconds = seconds;
    }
    return best;
  }

  const StoredRun& run_;
  const Group& ours_;
  const Group& theirs_;
};

}  // namespace

std::vector<Comparison> compare_best(const std::filesystem::path& run, const Group& ours,
                                     const Group& theirs) {
  std::map<int, Winners> chosen;
  std::map<std::string, std::set<Pair>> pairs;
  {
    const StoredRun stored = read_run(run);
    const Contest contest(stored, ours, theirs);
    for (const int threads : contest.thread_counts()) chosen[threads] = contest.winners(threads);
    for (const auto& [threads, winners] : chosen) {
      for (const ChosenCell& cell : winners.cells) {
        pairs[stored.sections[cell.section].name].insert(cell.pair);
      }
    }
  }
  // Effects are collected while samples are read, for pairs known before.
  const StoredRun stored = read_run(run, Unfinished::keep, [&](const SectionPlan& section) {
    const std::set<Pair>& of_section = pairs[section.name];
    return std::vector<Pair>(of_section.begin(), of_section.end());
  });
  std::vector<Comparison> comparisons;
  for (const auto& [threads, winners] : chosen) {
    if (winners.cells.empty()) continue;
    comparisons.push_back(compare_cells(stored.sections, stored.evidence, winners.cells));
    if (const auto warning = warning_about(winners)) comparisons.back().notes.push_back(*warning);
    const std::string limit = fmt::format("at most {} thread{}", threads, threads == 1 ? "" : "s");
    comparisons.back().before = fmt::format("the fastest of {}", fmt::join(theirs, ", "));
    comparisons.back().after = fmt::format("the fastest of {}, {}", fmt::join(ours, ", "), limit);
  }
  return comparisons;
}

}  // namespace crossover::harness
