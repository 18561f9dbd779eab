#include "harness/plan/plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "harness/plan/plan_arms.h"
#include "harness/plan/plan_axes.h"
#include "harness/plan/section_keys.h"

namespace crossover::harness {
namespace {

std::uint64_t seed_of(const Config& config) {
  const ConfigValue* value = find_value(config.sections.front(), "seed");
  if (!value) return Plan{}.seed;
  std::uint64_t seed = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, seed);
  if (error != std::errc() || stop != end) {
    fail(*value, value->text, "expected one integer in 0..18446744073709551615");
  }
  return seed;
}

bool contains(const std::vector<std::size_t>& problems, std::size_t problem) {
  return std::find(problems.begin(), problems.end(), problem) != problems.end();
}

/// The first, the middle and the last of so many problems, each once.
std::vector<std::size_t> spread(std::size_t problems) {
  std::vector<std::size_t> places{0, problems / 2, problems - 1};
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

/// What the section says and does not do.
void warn_of_no_effect(const SectionInput& input, const ArmSet& arms,
                       std::vector<std::string>& warnings) {
  if (arms.self_comparison) {
    warnings.push_back(fmt::format("section [{}] compares {} with itself (A/A)", input.section.name,
                                   label(arms.arms.front(), arms.varying)));
  }
  const ConfigValue* threads = find_value(input.section, "threads");
  const auto is_serial = [](const Arm& arm) { return threads_of(arm) == 1; };
  if (!threads || !std::all_of(arms.arms.begin(), arms.arms.end(), is_serial)) return;
  if (integer_list(*threads, input.cores) != std::vector<long long>{1}) {
    warnings.push_back(fmt::format("{}: threads = {} applies to no arm of section [{}]",
                                   threads->where, threads->text, input.section.name));
  }
}

SectionPlan plan_section(const SectionInput& input, std::vector<std::string>& warnings) {
  SectionPlan plan;
  plan.name = input.section.name;
  plan.question = question_of(input.section);
  plan.family = input.family.name;
  plan.ceiling = input.family.ceiling;
  plan.protocol = protocol_of(input.section, plan.question);

  ArmSet arms = expand_arms(input, plan.question);
  warn_of_no_effect(input, arms, warnings);
  const std::vector<ExtentAxis> axes = extent_axes(input);
  plan.problems = expand_problems(input, axes);
  if (arms.arms.size() > most_cells / plan.problems.size()) {
    fail(input.section, fmt::format("has {} arms on {} problems; expected at most {} cells",
                                    arms.arms.size(), plan.problems.size(), most_cells));
  }
  plan.aa_problems = spread(plan.problems.size());
  if (arms.self_comparison) {
    plan.aa_problems.resize(plan.problems.size());
    for (std::size_t i = 0; i < plan.problems.size(); ++i) plan.aa_problems[i] = i;
  }
  if (has_axis(plan.question)) {
    plan.axis = axis_of(input, plan.question, axes);
    plan.curves = expand_curves(input, plan.question, plan.axis, plan.problems);
  } else if (const ConfigValue* axis = find_value(input.section, "axis")) {
    const bool meant =
        axis->origin == Origin::section || axis->origin == Origin::command_line_section;
    if (meant)
      fail(*axis, axis->text, "only question = crossover and question = cost have an axis");
  }
  plan.arms = std::move(arms.arms);
  plan.comparisons = std::move(arms.comparisons);
  plan.aa_pairs = std::move(arms.aa_pairs);
  plan.varying = std::move(arms.varying);
  return plan;
}

void warn_of_oversubscription(Plan& plan, int cores) {
  std::set<int> counts;
  for (const SectionPlan& section : plan.sections) {
    for (const Arm& arm : section.arms) counts.insert(threads_of(arm));
  }
  for (auto count = counts.upper_bound(cores); count != counts.end(); ++count) {
    plan.warnings.push_back(fmt::format("threads = {} is more than the {} CPU{} of this process",
                                        *count, cores, cores == 1 ? "" : "s"));
  }
}

}  // namespace

bool is_sharpening(const SectionPlan& section, std::size_t problem) {
  return std::any_of(section.sharpenings.begin(), section.sharpenings.end(),
                     [&](const Sharpening& one) { return contains(one.problems, problem); });
}

std::vector<Pair> pairs_of(const SectionPlan& section) {
  std::vector<Pair> pairs = section.comparisons;
  pairs.insert(pairs.end(), section.aa_pairs.begin(), section.aa_pairs.end());
  return pairs;
}

bool runs(const SectionPlan& section, std::size_t arm, std::size_t problem) {
  bool sharpens = false;
  for (const Sharpening& sharpening : section.sharpenings) {
    if (!contains(sharpening.problems, problem)) continue;
    if (arm == sharpening.pair.variant || arm == sharpening.pair.against) return true;
    sharpens = true;
  }
  if (sharpens) return false;
  return section.arms[arm].replica == 0 ||
         std::binary_search(section.aa_problems.begin(), section.aa_problems.end(), problem);
}

Plan make_plan(const Config& config, const std::vector<FamilyInfo>& families,
               const MachineLimits& limits) {
  Plan plan;
  plan.experiment = config.name;
  plan.source = config.path;
  plan.config = config.text;
  plan.overrides = config.overrides;
  plan.seed = seed_of(config);
  const std::string directory = std::filesystem::path(config.path).parent_path().string();
  const int cores = std::max(limits.cores, 1);

  std::vector<const FamilyInfo*> used;
  for (const ConfigSection& section : config.sections) {
    used.push_back(&family_of(section, families));
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    const ConfigSection& section = config.sections[i];
    check_keys(section, *used[i], used, plan.warnings);
    plan.sections.push_back(plan_section({section, *used[i], directory, cores}, plan.warnings));
  }
  warn_of_oversubscription(plan, cores);
  return plan;
}

}  // namespace crossover::harness
