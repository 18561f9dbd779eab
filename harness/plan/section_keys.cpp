#include "harness/plan/section_keys.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

#include "harness/names.h"
#include "harness/plan/limits.h"

namespace crossover::harness {
namespace {

/// Keys that every section has, whatever its family; env.NAME beside them.
constexpr std::array<const char*, 20> section_options = {
    "family",     "question",   "variants", "against", "axis",     "shapes",   "threads",
    "cache",      "buffers",    "pin",      "seed",    "launches", "quartets", "delta",
    "half_width", "min_sample", "budget",   "timeout", "sharpen",  "grid"};

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> legal_keys(const FamilyInfo& family) {
  std::vector<std::string> keys = family.extents;
  for (const auto& [name, extents] : family.alias) keys.push_back(name);
  for (const auto& [name, extents] : family.tuples) keys.push_back(name);
  keys.insert(keys.end(), section_options.begin(), section_options.end());
  for (const SettingInfo& setting : family.settings) keys.push_back(setting.name);
  keys.push_back("env.NAME");
  return keys;
}

bool is_for_all(const ConfigValue& value) {
  return value.origin == Origin::defaults || value.origin == Origin::command_line;
}

int small_integer(const ConfigValue& value, const std::string& expectation, long long most) {
  const std::vector<long long> numbers = integer_list(value, 1);
  if (numbers.size() != 1 || numbers.front() > most) fail(value, value.text, expectation);
  return static_cast<int>(numbers.front());
}

std::vector<int> looks_of(const ConfigValue& value) {
  std::vector<int> looks;
  for (const long long launches : integer_list(value, 1)) {
    if (launches > most_launches || (!looks.empty() && launches <= looks.back())) {
      fail(value, value.text, "expected ascending numbers of launches in 1..10000, e.g. 6, 10, 15");
    }
    looks.push_back(static_cast<int>(launches));
  }
  return looks;
}

int sharp_launches_of(const ConfigValue& value) {
  const std::string expectation = "expected one number of launches in 3..1000, or off";
  if (value.text == "off") return 0;
  const int launches = small_integer(value, expectation, most_sharp_launches);
  if (launches < 3) fail(value, value.text, expectation);
  return launches;
}

double positive_fraction(const ConfigValue& value) {
  const double share = fraction(value);
  if (share <= 0) fail(value, value.text, "expected a share above 0 and below 1: 3% or 0.03");
  return share;
}

}  // namespace

const ConfigValue* find_value(const ConfigSection& section, const std::string& key) {
  const auto found = section.values.find(key);
  return found == section.values.end() ? nullptr : &found->second;
}

std::string one_of(const ConfigValue& value, const std::string& element,
                   const std::vector<std::string>& legal) {
  if (contains(legal, element)) return element;
  throw ConfigError(fmt::format("{}: {}", value.where, unknown(value.key, element, "", legal)));
}

bool is_environment(const ConfigValue& value) {
  constexpr std::string_view prefix = "env.";
  if (!value.key.starts_with(prefix)) return false;
  const std::string_view name = std::string_view(value.key).substr(prefix.size());
  const bool starts_with_digit = !name.empty() && name.front() >= '0' && name.front() <= '9';
  if (!is_name(name, "_") || starts_with_digit) {
    throw ConfigError(fmt::format("{}: '{}' names no environment variable; expected env.NAME",
                                  value.where, value.key));
  }
  return true;
}

void fail(const ConfigSection& section, const std::string& message) {
  throw ConfigError(fmt::format("{}: section [{}] {}", section.where, section.name, message));
}

const FamilyInfo& family_of(const ConfigSection& section, const std::vector<FamilyInfo>& families) {
  std::vector<std::string> names;
  for (const FamilyInfo& family : families) names.push_back(family.name);
  const ConfigValue* value = find_value(section, "family");
  if (!value) {
    fail(section, fmt::format("has no family; legal: {}", fmt::join(names, ", ")));
  }
  const std::string name = one_of(*value, value->text, names);
  return families[std::find(names.begin(), names.end(), name) - names.begin()];
}

void check_keys(const ConfigSection& section, const FamilyInfo& family,
                const std::vector<const FamilyInfo*>& all, std::vector<std::string>& warnings) {
  const std::vector<std::string> legal = legal_keys(family);
  for (const auto& [key, value] : section.values) {
    if (is_environment(value) || (key != "env.NAME" && contains(legal, key))) continue;
    const bool elsewhere = std::any_of(
        all.begin(), all.end(),
        [&wanted = key](const FamilyInfo* other) { return contains(legal_keys(*other), wanted); });
    if (!is_for_all(value) || !elsewhere) {
      const std::string of = " of family " + family.name;
      throw ConfigError(fmt::format("{}: {}", value.where, unknown("key", key, of, legal)));
    }
    if (value.origin == Origin::command_line) {
      warnings.push_back(fmt::format("{} does not apply to section [{}]: family {} has no {}",
                                     value.where, section.name, family.name, key));
    }
  }
}

Question question_of(const ConfigSection& section) {
  const ConfigValue* value = find_value(section, "question");
  if (!value) return Question::sweep;
  const std::string name = one_of(*value, value->text, {"sweep", "compare", "crossover", "cost"});
  if (name == "compare") return Question::compare;
  if (name == "cost") return Question::cost;
  return name == "crossover" ? Question::crossover : Question::sweep;
}

Protocol protocol_of(const ConfigSection& section, Question question) {
  Protocol protocol;
  protocol.looks = question == Question::crossover ? std::vector<int>{6, 10, 15, 20}
                                                   : std::vector<int>{8, 10, 15, 20};
  if (const auto* value = find_value(section, "launches")) protocol.looks = looks_of(*value);
  if (const auto* value = find_value(section, "grid")) {
    protocol.predicted_grid = one_of(*value, value->text, {"full", "predicted"}) == "predicted";
  }
  if (const auto* value = find_value(section, "sharpen")) {
    protocol.sharp_launches = sharp_launches_of(*value);
  }
  if (const auto* value = find_value(section, "quartets")) {
    protocol.quartets =
        small_integer(*value, "expected one number of quartets in 1..1000", most_quartets);
  }
  if (const auto* value = find_value(section, "delta")) {
    protocol.equivalence_margin = positive_fraction(*value);
  }
  if (const auto* value = find_value(section, "half_width")) {
    protocol.target_half_width = positive_fraction(*value);
  }
  if (const auto* value = find_value(section, "min_sample")) {
    protocol.min_sample_seconds = duration_seconds(*value);
  }
  if (const auto* value = find_value(section, "budget")) {
    protocol.budget_seconds = duration_seconds(*value);
  }
  if (const auto* value = find_value(section, "timeout")) {
    protocol.timeout_seconds = duration_seconds(*value);
  }
  return protocol;
}

}  // namespace crossover::harness
