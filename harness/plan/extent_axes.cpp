#include "harness/plan/extent_axes.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <sstream>
#include <tuple>

namespace crossover::harness {
namespace {

using Names = std::vector<std::string>;
using Choices = std::vector<std::vector<std::int64_t>>;

Names extents_without_default(const FamilyInfo& family) {
  Names names;
  for (const std::string& name : family.extents) {
    if (!family.default_extents.contains(name)) names.push_back(name);
  }
  return names;
}

/// A key of the section that sets extents, before conflicts between keys are settled.
struct Setter {
  const ConfigValue* value = nullptr;
  std::vector<std::size_t> extents;
  const ConfigValue* replaced_by = nullptr;  // a key of a later origin
};

/// Later origins first; within one origin in the order of the lines.
std::vector<Setter> setters_of(const SectionInput& input) {
  std::vector<Setter> setters;
  for (const auto& [key, value] : input.section.values) {
    const Names names = extents_of(input.family, key);
    if (!names.empty()) setters.push_back({&value, extent_places(input.family, names), nullptr});
  }
  const auto rank = [](const Setter& setter) {
    const ConfigValue& value = *setter.value;  // "x.cfg:9" comes before "x.cfg:10"
    return std::make_tuple(-static_cast<int>(value.origin), value.where.size(), value.where);
  };
  std::sort(setters.begin(), setters.end(),
            [&](const Setter& a, const Setter& b) { return rank(a) < rank(b); });
  return setters;
}

/// For every extent the setter that claims it first; marks the setters that lose.
std::vector<const Setter*> settle(const FamilyInfo& family, std::vector<Setter>& setters) {
  std::vector<const Setter*> claims(family.extents.size(), nullptr);
  for (Setter& setter : setters) {
    for (const std::size_t extent : setter.extents) {
      if (!claims[extent]) continue;
      const ConfigValue& earlier = *claims[extent]->value;
      if (earlier.origin == setter.value->origin) {
        throw ConfigError(fmt::format("{}: {} sets {}, which {} sets already ({})",
                                      setter.value->where, setter.value->key,
                                      family.extents[extent], earlier.key, earlier.where));
      }
      setter.replaced_by = &earlier;
    }
    for (const std::size_t extent : setter.extents) {
      if (!claims[extent]) claims[extent] = &setter;
    }
  }
  return claims;
}

[[noreturn]] void fail_missing(const SectionInput& input, const Names& missing,
                               const Setter* replaced) {
  if (replaced) {
    throw ConfigError(
        fmt::format("{}: {} replaces {} ({}) in section [{}], where nothing sets {} any more",
                    replaced->replaced_by->where, replaced->replaced_by->key, replaced->value->key,
                    replaced->value->where, input.section.name, fmt::join(missing, ", ")));
  }
  Names others;
  for (const auto& [name, extents] : input.family.alias) others.push_back(name);
  for (const auto& [name, extents] : input.family.tuples) others.push_back(name);
  others.emplace_back("shapes");
  fail(input.section, fmt::format("does not set {}; legal beside the extents themselves: {}",
                                  fmt::join(missing, ", "), fmt::join(others, ", ")));
}

/// "768x1152": as many numbers as the tuple has extents; the result is in the family's order.
std::vector<std::int64_t> tuple_choice(const SectionInput& input, const ConfigValue& value,
                                       const std::string& element) {
  const Names& names = input.family.tuples.at(value.key);
  Names parts(1);
  for (const char c : element) {
    if (c == 'x') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  const bool digits = element.find_first_not_of("0123456789x") == std::string::npos;
  const bool gap = std::find(parts.begin(), parts.end(), "") != parts.end();
  if (parts.size() != names.size() || !digits || gap) {
    fail(value, element,
         fmt::format("expected {} as positive integers with an x between them",
                     fmt::join(names, " and ")));
  }
  std::vector<std::int64_t> choice;
  for (const std::size_t i : extent_places(input.family, names)) {
    const auto place = std::find(names.begin(), names.end(), input.family.extents[i]);
    const ConfigValue number{parts[place - names.begin()], value.where, value.key, value.origin};
    choice.push_back(integer_list(number, input.cores).front());
  }
  return choice;
}

Choices tuple_choices(const SectionInput& input, const ConfigValue& value) {
  Choices choices;
  for (const std::string& element : split_list(value)) {
    choices.push_back(tuple_choice(input, value, element));
  }
  return choices;
}

/// One line of a file of shapes: the extents in order, apart by blanks or commas.
std::vector<std::int64_t> shape(const std::string& line, const std::string& where,
                                const Names& names) {
  std::string text = line;
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream words(text);
  std::vector<std::int64_t> numbers;
  for (std::string word; words >> word;) {
    const bool digits = word.find_first_not_of("0123456789") == std::string::npos;
    if (numbers.size() == names.size() || !digits) {
      throw ConfigError(fmt::format("{}: shape '{}'; expected {} as {} positive integers", where,
                                    line, fmt::join(names, " "), names.size()));
    }
    const ConfigValue number{word, where, names[numbers.size()], Origin::section};
    numbers.push_back(integer_list(number, 1).front());
  }
  if (numbers.size() != names.size()) {
    throw ConfigError(fmt::format("{}: shape '{}'; expected {} as {} positive integers", where,
                                  line, fmt::join(names, " "), names.size()));
  }
  return numbers;
}

Choices shape_choices(const SectionInput& input, const ConfigValue& value) {
  const bool typed = value.origin >= Origin::command_line;  // relative to where it was typed
  const std::filesystem::path path = typed ? std::filesystem::path(value.text)
                                           : input.directory / std::filesystem::path(value.text);
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path)) {
    fail(value, value.text, fmt::format("cannot read {}", path.string()));
  }
  const Names names = extents_without_default(input.family);
  Choices choices;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line.resize(std::min(line.size(), line.find('#')));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
      line.pop_back();
    }
    if (line.empty()) continue;
    choices.push_back(shape(line, fmt::format("{}:{}", path.string(), number), names));
    if (choices.size() > most_cells) fail(value, value.text, "the file has too many shapes");
  }
  if (choices.empty()) fail(value, value.text, fmt::format("{} has no shapes", path.string()));
  return choices;
}

ExtentAxis axis_of(const SectionInput& input, const Setter& setter) {
  const ConfigValue& value = *setter.value;
  ExtentAxis axis{value.key, value.origin, setter.extents, {}};
  if (value.key == "shapes") {
    axis.choices = shape_choices(input, value);
  } else if (input.family.tuples.contains(value.key)) {
    axis.choices = tuple_choices(input, value);
  } else {
    for (const long long number : integer_list(value, input.cores)) {
      axis.choices.emplace_back(setter.extents.size(), number);
    }
  }
  return axis;
}

}  // namespace

std::vector<std::size_t> extent_places(const FamilyInfo& family, const Names& names) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < family.extents.size(); ++i) {
    if (std::find(names.begin(), names.end(), family.extents[i]) != names.end()) {
      result.push_back(i);
    }
  }
  return result;
}

Names extents_of(const FamilyInfo& family, const std::string& key) {
  if (key == "shapes") return extents_without_default(family);
  if (const auto found = family.alias.find(key); found != family.alias.end()) return found->second;
  if (const auto found = family.tuples.find(key); found != family.tuples.end()) {
    return found->second;
  }
  const bool is_extent =
      std::find(family.extents.begin(), family.extents.end(), key) != family.extents.end();
  return is_extent ? Names{key} : Names{};
}

std::vector<ExtentAxis> extent_axes(const SectionInput& input) {
  std::vector<Setter> setters = setters_of(input);
  const std::vector<const Setter*> claims = settle(input.family, setters);
  std::vector<ExtentAxis> axes;
  Names missing;
  const Setter* replaced = nullptr;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const std::string& name = input.family.extents[i];
    const auto by_default = input.family.default_extents.find(name);
    if (claims[i] && !claims[i]->replaced_by) {
      if (claims[i]->extents.front() == i) axes.push_back(axis_of(input, *claims[i]));
    } else if (by_default != input.family.default_extents.end()) {
      axes.push_back({name, Origin::defaults, {i}, {{by_default->second}}});
    } else {
      missing.push_back(name);
      if (claims[i]) replaced = claims[i];
    }
  }
  if (!missing.empty()) fail_missing(input, missing, replaced);
  return axes;
}

}  // namespace crossover::harness
