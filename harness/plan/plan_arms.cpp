#include "harness/plan/plan_arms.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <set>

#include "harness/plan/arm_spec.h"
#include "harness/plan/extent_axes.h"

namespace crossover::harness {
namespace {

using Names = std::vector<std::string>;

/// The axes of one variant: its bracket fixes some of them, no threading another one.
std::vector<SettingAxis> axes_of(const ArmSpec& spec, std::vector<SettingAxis> axes) {
  Settings fixed = spec.bracket;
  if (!spec.variant->threaded) fixed["threads"] = "1";
  for (SettingAxis& axis : axes) {
    const auto found = fixed.find(axis.key);
    if (found == fixed.end()) continue;
    axis.values = {found->second};
    fixed.erase(found);
  }
  for (const auto& [key, value] : fixed) axes.push_back({key, {value}});  // env.NAME of its own
  return axes;
}

/// Arms as they are found, each once.
class ArmList {
 public:
  std::size_t add(const Arm& arm) {
    const auto [place, is_new] = places_.emplace(arm, arms_.size());
    if (is_new) arms_.push_back(arm);
    return place->second;
  }
  std::size_t size() const { return arms_.size(); }
  const Arm& operator[](std::size_t i) const { return arms_[i]; }
  std::vector<Arm> take() { return std::move(arms_); }

 private:
  std::vector<Arm> arms_;
  std::map<Arm, std::size_t> places_;
};

/// Adds the arms of one variant; `specs` learns by which spec each new arm was made.
void expand_spec(const SectionInput& input, const std::vector<SettingAxis>& section_axes,
                 const ArmSpec& spec, ArmList& list, std::vector<const ArmSpec*>& specs) {
  const std::vector<SettingAxis> axes = axes_of(spec, section_axes);
  std::size_t count = 1;
  for (const SettingAxis& axis : axes) {
    count *= axis.values.size();
    if (count > most_arms - list.size()) {
      fail(input.section, fmt::format("has more than {} arms", most_arms));
    }
  }
  for (std::size_t number = 0; number < count; ++number) {
    Arm arm{input.family.name, spec.variant->name, {}, 0};
    std::size_t rest = number;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {  // the first varies slowest
      arm.settings[axis->key] = axis->values[rest % axis->values.size()];
      rest /= axis->values.size();
    }
    list.add(arm);
    if (list.size() > specs.size()) specs.push_back(&spec);
  }
}

/// The base of an arm. `threads` is what the base runs with where its bracket does not say.
Arm base_of(const Arm& arm, const ArmSpec& spec, const ArmSpec& against, const std::string& threads,
            const std::vector<SettingAxis>& section_axes) {
  Arm base{arm.family, against.variant->name, arm.settings, 0};
  if (spec.variant == against.variant) {
    for (const auto& [key, value] : spec.bracket) base.settings.erase(key);
    for (const SettingAxis& axis : section_axes) base.settings.emplace(axis.key, axis.values[0]);
  }
  base.settings["threads"] = threads;
  for (const auto& [key, value] : against.bracket) base.settings[key] = value;
  return base;
}

Names varying_keys(const SectionInput& input, const std::vector<Arm>& arms) {
  std::set<std::string> env;
  for (const Arm& arm : arms) {
    for (const auto& [key, value] : arm.settings) {
      if (key.starts_with("env.")) env.insert(key);
    }
  }
  Names keys = setting_names(input.family);
  keys.insert(keys.end(), env.begin(), env.end());
  const auto is_constant = [&](const std::string& key) {
    if (key == "threads") {
      return std::all_of(arms.begin(), arms.end(), [](const Arm& a) { return threads_of(a) == 1; });
    }
    const auto value = [&](const Arm& arm) {
      const auto found = arm.settings.find(key);
      return found == arm.settings.end() ? std::string() : found->second;
    };
    const std::string first = value(arms.front());
    return std::all_of(arms.begin(), arms.end(), [&](const Arm& a) { return value(a) == first; });
  };
  std::erase_if(keys, is_constant);
  return keys;
}

/// The base for a section that names none would be compared with nothing: take the first arm.
void compare_with_first(ArmSet& set) {
  for (std::size_t i = 1; i < set.arms.size(); ++i) set.comparisons.push_back({i, 0});
}

/// Every pair once: each arm against those listed before it.
void compare_each_with_each(ArmSet& set) {
  for (std::size_t i = 1; i < set.arms.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) set.comparisons.push_back({i, j});
  }
}

/// The first arm with several threads that is not a base, or nullopt: its noise is another one.
std::optional<std::size_t> threaded_arm(const ArmSet& set,
                                        const std::set<std::string>& unavailable) {
  std::set<std::size_t> bases;
  for (const Pair& pair : set.comparisons) bases.insert(pair.against);
  for (std::size_t i = 0; i < set.arms.size(); ++i) {
    const bool usable = !unavailable.contains(set.arms[i].variant);
    if (usable && threads_of(set.arms[i]) > 1 && !bases.contains(i)) return i;
  }
  return std::nullopt;
}

Pair add_replica(ArmSet& set, std::size_t original) {
  Arm replica = set.arms[original];
  replica.replica = 1;
  set.arms.push_back(std::move(replica));
  return {set.arms.size() - 1, original};
}

/// The A/A arms: of everything where that is the question, else where they tell most.
void add_replicas(ArmSet& set, const FamilyInfo& family) {
  if (set.self_comparison) {
    const std::size_t count = set.arms.size();
    for (std::size_t i = 0; i < count; ++i) set.comparisons.push_back(add_replica(set, i));
    set.aa_pairs.push_back(set.comparisons.front());
    return;
  }
  std::set<std::string> unavailable;
  for (const VariantInfo& variant : family.variants) {
    if (variant.unavailable) unavailable.insert(variant.name);
  }
  const std::size_t base = set.comparisons.empty() ? 0 : set.comparisons.front().against;
  const std::optional<std::size_t> threaded = threaded_arm(set, unavailable);
  if (!unavailable.contains(set.arms[base].variant)) {
    set.aa_pairs.push_back(add_replica(set, base));
  }
  if (threaded && *threaded != base) set.aa_pairs.push_back(add_replica(set, *threaded));
}

[[noreturn]] void fail_without_base(const SectionInput& input, const std::string& complaint) {
  Names names;
  for (const VariantInfo& variant : input.family.variants) names.push_back(variant.name);
  fail(input.section,
       fmt::format("{}; expected against = one arm of {}", complaint, fmt::join(names, ", ")));
}

}  // namespace

ArmSet expand_arms(const SectionInput& input, Question question) {
  const ConfigValue* against = find_value(input.section, "against");
  if (!against && question == Question::crossover) {
    fail_without_base(input, "asks for a crossover without saying over what");
  }
  const bool each = against && against->text == "each";
  if (each && question != Question::crossover) {
    fail(*against, against->text, "only question = crossover compares each arm with each");
  }
  const std::vector<SettingAxis> axes = setting_axes(input);
  const std::vector<ArmSpec> listed = listed_specs(input);
  ArmList list;
  std::vector<const ArmSpec*> specs;
  for (const ArmSpec& spec : listed) expand_spec(input, axes, spec, list, specs);
  ArmSet set;
  if (!each) {
    const ArmSpec base_spec = against ? against_spec(input, *against) : listed.front();
    const std::string threads = against ? "1" : list[0].settings.at("threads");
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const std::size_t base = list.add(base_of(list[i], *specs[i], base_spec, threads, axes));
      if (base != i) set.comparisons.push_back({i, base});
    }
  }
  set.arms = list.take();
  if (each) {
    if (set.arms.size() < 2) fail(*against, against->text, "expected two arms or more in variants");
    compare_each_with_each(set);
  }
  set.self_comparison = against && set.comparisons.empty();
  if (!against && set.comparisons.empty()) compare_with_first(set);
  if (!set.self_comparison && set.comparisons.empty() && question == Question::compare) {
    fail_without_base(input, "has one arm and nothing to compare it with");
  }
  set.varying = varying_keys(input, set.arms);
  add_replicas(set, input.family);
  return set;
}

}  // namespace crossover::harness
