#include "harness/plan/arm_spec.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string_view>

namespace crossover::harness {
namespace {

using Names = std::vector<std::string>;

constexpr long long most_threads = 1024;

/// The legal values of a setting; empty for threads and for environment variables.
Names legal_values(const FamilyInfo& family, const std::string& key) {
  if (key == "cache") return {"warm", "cold"};
  if (key == "buffers") return {"preallocated", "per_call"};
  if (key == "pin") return {"cores", "none"};
  for (const SettingInfo& setting : family.settings) {
    if (setting.name == key) return setting.values;
  }
  return {};
}

bool is_free_text(const FamilyInfo& family, const std::string& key) {
  return std::any_of(
      family.settings.begin(), family.settings.end(),
      [&](const SettingInfo& setting) { return setting.name == key && setting.free_text; });
}

/// The values that a list gives to a setting, symbols resolved and duplicates dropped.
Names setting_values(const SectionInput& input, const ConfigValue& value) {
  Names values;
  if (value.key == "threads") {
    for (const long long threads : integer_list(value, input.cores)) {
      if (threads > most_threads) {
        fail(value, std::to_string(threads), fmt::format("expected 1..{}", most_threads));
      }
      values.push_back(std::to_string(threads));
    }
    return values;
  }
  const Names legal = legal_values(input.family, value.key);
  const bool free = value.key.starts_with("env.") || is_free_text(input.family, value.key);
  std::set<std::string> seen;
  for (const std::string& element : split_list(value)) {
    const std::string checked = free ? element : one_of(value, element, legal);
    if (seen.insert(checked).second) values.push_back(checked);
  }
  return values;
}

const VariantInfo& variant_of(const SectionInput& input, const ConfigValue& value,
                              const std::string& name) {
  Names names;
  for (const VariantInfo& variant : input.family.variants) {
    if (variant.name == name) return variant;
    names.push_back(variant.name);
  }
  throw ConfigError(fmt::format(
      "{}: {}", value.where, unknown("variant", name, " of family " + input.family.name, names)));
}

/// Reads one `key=value` of a bracket.
void add_bracket_setting(const SectionInput& input, const ConfigValue& value, ArmSpec& spec,
                         const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view view = text;
  const std::string key(trim(view.substr(0, equals)));
  const std::string choice(trim(view.substr(std::min(equals + 1, text.size()))));
  Names legal = setting_names(input.family);
  legal.emplace_back("env.NAME");
  const ConfigValue setting{choice, value.where, key, value.origin};
  const bool known =
      is_environment(setting) || std::find(legal.begin(), legal.end() - 1, key) != legal.end() - 1;
  if (!known) {
    throw ConfigError(fmt::format(
        "{}: {}", value.where, unknown("setting", key, " of family " + input.family.name, legal)));
  }
  if (choice.empty()) fail(value, text, "expected key=value in the bracket");
  const Names values = setting_values(input, setting);
  if (values.size() != 1) fail(value, text, "expected one value per key in the bracket");
  if (!spec.bracket.emplace(key, values.front()).second) {
    fail(value, text, fmt::format("expected {} once in the bracket", key));
  }
}

/// A setting on the command line wins over a bracket in the file.
void drop_overridden(const ConfigSection& section, ArmSpec& spec) {
  std::erase_if(spec.bracket, [&](const auto& setting) {
    const ConfigValue* value = find_value(section, setting.first);
    return value && value->origin >= Origin::command_line;
  });
}

ArmSpec arm_spec(const SectionInput& input, const ConfigValue& value, const std::string& text) {
  const std::size_t open = text.find('[');
  const std::string name(trim(std::string_view(text).substr(0, open)));
  ArmSpec spec{&variant_of(input, value, name), {}};
  if (open == std::string::npos) return spec;
  const std::size_t close = text.size() - 1;
  if (text[close] != ']' || text.find(']') != close) {
    fail(value, text, "expected VARIANT or VARIANT[key=value,key=value]");
  }
  const std::string inside = text.substr(open + 1, close - open - 1);
  for (const std::string& part : split_list({inside, value.where, value.key, value.origin})) {
    add_bracket_setting(input, value, spec, part);
  }
  const auto threads = spec.bracket.find("threads");
  if (!spec.variant->threaded && threads != spec.bracket.end() && threads->second != "1") {
    throw ConfigError(fmt::format("{}: variant {} has no threading; threads = {} cannot apply",
                                  value.where, name, threads->second));
  }
  return spec;
}

}  // namespace

Names setting_names(const FamilyInfo& family) {
  Names names{"threads"};
  for (const SettingInfo& setting : family.settings) names.push_back(setting.name);
  names.insert(names.end(), {"cache", "buffers", "pin"});
  return names;
}

std::vector<SettingAxis> setting_axes(const SectionInput& input) {
  std::vector<SettingAxis> axes;
  for (const std::string& key : setting_names(input.family)) {
    const ConfigValue* value = find_value(input.section, key);
    const Names legal = legal_values(input.family, key);
    if (value) {
      axes.push_back({key, setting_values(input, *value)});
    } else {
      axes.push_back({key, {legal.empty() ? "1" : legal.front()}});
    }
  }
  for (const auto& [key, value] : input.section.values) {
    if (key.starts_with("env.")) axes.push_back({key, setting_values(input, value)});
  }
  return axes;
}

std::vector<ArmSpec> listed_specs(const SectionInput& input) {
  std::vector<ArmSpec> specs;
  if (const ConfigValue* value = find_value(input.section, "variants")) {
    for (const std::string& text : split_list(*value)) {
      specs.push_back(arm_spec(input, *value, text));
      if (value->origin < Origin::command_line) drop_overridden(input.section, specs.back());
    }
    return specs;
  }
  for (const VariantInfo& variant : input.family.variants) {
    if (!variant.unavailable) specs.push_back({&variant, {}});
  }
  if (specs.empty()) {
    fail(input.section,
         fmt::format("finds no variant of family {} available on this machine", input.family.name));
  }
  return specs;
}

ArmSpec against_spec(const SectionInput& input, const ConfigValue& value) {
  const Names elements = split_list(value);
  if (elements.size() != 1) fail(value, value.text, "expected one arm");
  return arm_spec(input, value, elements.front());
}

}  // namespace crossover::harness
