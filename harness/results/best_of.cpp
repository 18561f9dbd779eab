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

  /// The winners' pairs with at most so many threads.
  std::vector<ChosenCell> cells(int threads) const {
    std::vector<ChosenCell> chosen;
    for (const Field& field : fields(threads)) {
      const SectionPlan& section = run_.sections[field.section];
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        const auto our = fastest(field, ours_, problem);
        const auto their = fastest(field, theirs_, problem);
        if (!our || !their) continue;
        const auto name = [&](std::size_t arm) {
          return label(section.arms[arm], section.varying);
        };
        chosen.push_back({field.section, Pair{*our, *their}, problem,
                          fmt::format("{} against {}", name(*our), name(*their))});
      }
    }
    return chosen;
  }

 private:
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
    const SectionPlan& section = run_.sections[field.section];
    const Evidence& evidence = run_.evidence[field.section];
    std::optional<std::size_t> best;
    double best_seconds = 0;
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      const Arm& candidate = section.arms[arm];
      if (!is_in(group, candidate) || threads_of(candidate) > field.threads) continue;
      if (without_threads(candidate) != field.settings) continue;
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
  std::map<int, std::vector<ChosenCell>> chosen;
  std::map<std::string, std::set<Pair>> pairs;
  {
    const StoredRun stored = read_run(run);
    const Contest contest(stored, ours, theirs);
    for (const int threads : contest.thread_counts()) chosen[threads] = contest.cells(threads);
    for (const auto& [threads, cells] : chosen) {
      for (const ChosenCell& cell : cells) {
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
  for (const auto& [threads, cells] : chosen) {
    if (cells.empty()) continue;
    comparisons.push_back(compare_cells(stored.sections, stored.evidence, cells));
    const std::string limit = fmt::format("at most {} thread{}", threads, threads == 1 ? "" : "s");
    comparisons.back().before = fmt::format("the fastest of {}", fmt::join(theirs, ", "));
    comparisons.back().after = fmt::format("the fastest of {}, {}", fmt::join(ours, ", "), limit);
  }
  return comparisons;
}

}  // namespace crossover::harness
