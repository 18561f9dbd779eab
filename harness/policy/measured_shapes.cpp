#include "harness/policy/measured_shapes.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace crossover::harness {
namespace {

using Condition = std::map<std::string, std::string>;

/// The arms of one section that a policy is about, by their threads.
using Candidates = std::map<int, std::size_t>;

bool is_candidate(const Arm& arm) {
  if (arm.replica != 0) return false;
  return arm.variant == (threads_of(arm) == 1 ? serial_kernel : parallel_kernel);
}

/// What holds for an arm beside its threads; settings that are off are left out.
Condition condition_of(const Arm& arm, const Json& stored_arm) {
  const Json waiting = stored_arm.at("environment").value("OMP_WAIT_POLICY", Json("active"));
  // What a run did not know yet was at its default.
  Condition condition{{"layout", "ab"}, {"waiting", waiting.get<std::string>()}};
  for (const auto& [key, value] : arm.settings) {
    const bool other = key == "threads" || key == "env.OMP_WAIT_POLICY" || value == "none" ||
                       key == "policy" || key == "policy_from";
    if (!other) condition[key] = value;
  }
  return condition;
}

std::string file_of(const StoredRun& run) { return (run.path / "manifest.json").string(); }

/// Takes over what must be the same in all runs, or says what differs.
void agree(const std::string& where, const std::string& what, const std::string& known,
           const std::string& found) {
  if (known == found) return;
  throw UnfitRuns(
      fmt::format("{}: {} is {}; before it was {}. A policy holds for one only: fit "
                  "one for each",
                  where, what, found, known));
}

class Collector {
 public:
  void add(const StoredRun& run) {
    bool found = false;
    for (std::size_t section = 0; section < run.sections.size(); ++section) {
      const SectionPlan& plan = run.sections[section];
      if (plan.family == "matmul" && plan.question == Question::sweep) {
        found = add_section(run, section) || found;
      }
    }
    if (!found) {
      throw UnfitRuns(fmt::format(
          "{}: has no sweep of family matmul that measured both {} and {} on several threads; "
          "experiments/policy_train.cfg is one",
          file_of(run), serial_kernel, parallel_kernel));
    }
    shapes_.sources.push_back({run.manifest.at("experiment"), run.manifest.at("started"),
                               run.manifest.at("git"), short_name(run.path)});
  }

  MeasuredShapes take() {
    std::vector<std::string> places;
    for (const PolicySource& source : shapes_.sources) places.push_back(source.directory);
    shapes_.incomplete = known_.size();
    for (auto& [shape, seconds] : launches_) shapes_.shapes.push_back({shape, std::move(seconds)});
    shapes_.incomplete -= shapes_.shapes.size();
    if (shapes_.shapes.empty()) {
      throw UnfitRuns(fmt::format("{}: no shape was measured with each of {} threads",
                                  fmt::join(places, ", "), fmt::join(shapes_.threads, ", ")));
    }
    return std::move(shapes_);
  }

 private:
  static std::string short_name(const std::filesystem::path& path) {
    const std::filesystem::path whole = std::filesystem::absolute(path / ".").lexically_normal();
    const std::filesystem::path folder = whole.parent_path();
    return (folder.parent_path().filename() / folder.filename()).string();
  }

  /// Whether the section measured what a policy needs.
  bool add_section(const StoredRun& run, std::size_t section) {
    const SectionPlan& plan = run.sections[section];
    const std::string where = fmt::format("{}: section [{}]", file_of(run), plan.name);
    const Json& arms = run.manifest.at("sections").at(section).at("arms");
    Candidates candidates;
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      if (!is_candidate(plan.arms[arm])) continue;
      const Condition condition = condition_of(plan.arms[arm], arms.at(arm));
      if (!candidates.empty() || !shapes_.threads.empty()) {
        agree(where, "the condition", condition_text(shapes_.condition), condition_text(condition));
      }
      shapes_.condition = condition;
      candidates.emplace(threads_of(plan.arms[arm]), arm);
    }
    if (candidates.size() < 2 || !candidates.contains(1)) return false;
    agree_on_machine(run, where, candidates);
    for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
      add_problem(run, section, problem, candidates, where);
    }
    return true;
  }

  void agree_on_machine(const StoredRun& run, const std::string& where,
                        const Candidates& candidates) {
    std::vector<int> threads;
    for (const auto& [count, arm] : candidates) threads.push_back(count);
    const Json& machine = run.manifest.at("machine");
    const std::string name = machine.at("name");
    if (!shapes_.threads.empty()) {
      agree(where, "the machine", shapes_.machine, name);
      agree(where, "the list of threads", fmt::format("{}", fmt::join(shapes_.threads, ", ")),
            fmt::format("{}", fmt::join(threads, ", ")));
    }
    shapes_.machine = name;
    shapes_.cpu = machine.at("cpu");
    shapes_.cpu_model = optional_from<std::string>(machine, "cpu_model");
    shapes_.cores = machine.at("cores");
    shapes_.threads = threads;
  }

  void add_problem(const StoredRun& run, std::size_t section, std::size_t problem,
                   const Candidates& candidates, const std::string& where) {
    const Problem& extents = run.sections[section].problems[problem];
    if (extent(extents, "batch") != 1) {
      throw UnfitRuns(fmt::format("{}: {}; a policy is about single products, batch = 1", where,
                                  label(extents)));
    }
    const Shape shape{extent(extents, "m"), extent(extents, "n"), extent(extents, "k")};
    known_.insert(shape);
    std::vector<std::map<int, double>> medians;
    for (const auto& [count, arm] : candidates) {
      medians.push_back(run.evidence[section].medians_by_launch(arm, problem));
    }
    std::vector<std::vector<double>> columns;
    for (const auto& [launch, first] : medians.front()) {
      std::vector<double> column;
      for (const auto& by_launch : medians) {
        if (const auto found = by_launch.find(launch); found != by_launch.end()) {
          column.push_back(found->second);
        }
      }
      if (column.size() == medians.size()) columns.push_back(std::move(column));
    }
    if (columns.empty()) return;
    auto& seconds = launches_[shape];
    seconds.resize(candidates.size());
    for (const std::vector<double>& column : columns) {
      for (std::size_t i = 0; i < column.size(); ++i) seconds[i].push_back(column[i]);
    }
  }

  MeasuredShapes shapes_;
  std::set<Shape> known_;
  std::map<Shape, std::vector<std::vector<double>>> launches_;
};

}  // namespace

MeasuredShapes collect_shapes(std::span<const StoredRun> runs) {
  Collector collector;
  for (const StoredRun& run : runs) {
    try {
      collector.add(run);
    } catch (const Json::exception& error) {
      throw StorageError(fmt::format("{}: damaged: {}", file_of(run), error.what()));
    }
  }
  return collector.take();
}

std::string condition_text(const Condition& condition) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : condition) parts.push_back(fmt::format("{} = {}", key, value));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace crossover::harness
