#include <algorithm>
#include <fmt/format.h>

#include "harness/plan/limits.h"
#include "harness/results/manifest.h"
#include "harness/stored_cell.h"

namespace crossover::harness {
namespace {

template <class Read>
auto list_of(const StoredValue& list, const Read& read) {
  std::vector<decltype(read(list))> values;
  for (const StoredValue& element : list.elements()) values.push_back(read(element));
  return values;
}

template <class Value>
bool ascends(const std::vector<Value>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

std::string section_name(const StoredValue& value) {
  std::string name = value.text();
  if (!is_section_name(name) && !measures_machine(name)) {
    value.refuse("a name of letters, digits, _ and - that is not 'env'");
  }
  return name;
}

Question question(const StoredValue& value) {
  const std::string name = value.text();
  try {
    return question_from(name);
  } catch (const std::invalid_argument&) {
    value.refuse("sweep, compare, crossover or cost");
  }
}

std::vector<int> looks(const StoredValue& value) {
  std::vector<int> looks =
      list_of(value, [](const StoredValue& look) { return look.small(1, most_launches); });
  if (looks.empty() || !ascends(looks)) value.refuse("one or more ascending numbers of launches");
  return looks;
}

Protocol protocol(const StoredValue& value) {
  Protocol protocol;
  protocol.looks = looks(value.at("looks"));
  protocol.quartets = value.at("quartets").small(1, most_quartets);
  protocol.min_sample_seconds = value.at("min_sample_seconds").positive();
  protocol.equivalence_margin = value.at("equivalence_margin").share();
  protocol.target_half_width = value.at("target_half_width").share();
  protocol.budget_seconds = value.at("budget_seconds").positive();
  protocol.timeout_seconds = value.at("timeout_seconds").positive();
  // Runs of earlier versions know neither.
  protocol.predicted_grid = value.has("predicted_grid") && value.at("predicted_grid").truth();
  protocol.sharp_launches =
      value.has("sharp_launches") ? value.at("sharp_launches").small(0, most_sharp_launches) : 0;
  return protocol;
}

Arm arm(const StoredValue& value) {
  return {value.at("family").text(), value.at("variant").text(),
          settings_from(value.at("settings")), value.at("replica").small(0)};
}

/// All problems of a section have the same extents: tables and figures make columns of them.
std::vector<Problem> problems(const StoredValue& list) {
  std::vector<Problem> problems;
  for (const StoredValue& element : list.elements()) {
    problems.push_back(problem_from(element));
    const auto same_name = [](const auto& one, const auto& other) {
      return one.first == other.first;
    };
    const Problem& first = problems.front();
    const Problem& last = problems.back();
    if (!std::equal(first.begin(), first.end(), last.begin(), last.end(), same_name)) {
      element.refuse(fmt::format("the extents of {}[0]: {}", list.place(), label(first)));
    }
  }
  return problems;
}

std::vector<std::size_t> indices(const StoredValue& list, std::size_t size) {
  return list_of(list, [&](const StoredValue& index) { return index.index(size); });
}

std::vector<std::size_t> ascending_indices(const StoredValue& list, std::size_t size) {
  std::vector<std::size_t> found = indices(list, size);
  if (!ascends(found)) list.refuse("ascending indices");
  return found;
}

/// Ascending, and one for each of so many problems.
std::vector<std::int64_t> axis_values(const StoredValue& list, std::size_t problems) {
  std::vector<std::int64_t> values =
      list_of(list, [](const StoredValue& value) { return value.whole(1, most_extent); });
  if (values.empty() || values.size() != problems || !ascends(values)) {
    list.refuse(fmt::format("one or more ascending sizes, as many as problems: {}", problems));
  }
  return values;
}

Pair pair(const StoredValue& value, const SectionPlan& section) {
  const std::size_t arms = section.arms.size();
  return {value.at("variant").index(arms), value.at("against").index(arms)};
}

std::vector<Pair> pairs(const StoredValue& list, const SectionPlan& section) {
  return list_of(list, [&](const StoredValue& value) { return pair(value, section); });
}

Curve curve(const StoredValue& value, const SectionPlan& section) {
  Curve curve;
  curve.fixed = problem_from(value.at("fixed"));
  curve.problems = ascending_indices(value.at("problems"), section.problems.size());
  curve.axis_values = axis_values(value.at("axis_values"), curve.problems.size());
  return curve;
}

Sharpening sharpening(const StoredValue& value, const SectionPlan& section) {
  Sharpening sharpening;
  sharpening.pair = pair(value, section);
  sharpening.curve = value.at("curve").index(section.curves.size());
  // In the order of the sizes; a size that another bracket holds, too, comes from there.
  sharpening.problems = indices(value.at("problems"), section.problems.size());
  sharpening.axis_values = axis_values(value.at("axis_values"), sharpening.problems.size());
  return sharpening;
}

SectionPlan section_from(const StoredValue& value) {
  SectionPlan section;
  section.name = section_name(value.at("name"));
  section.question = question(value.at("question"));
  section.family = value.at("family").text();
  if (value.has("ceiling")) section.ceiling = value.at("ceiling").text();
  section.axis = value.at("axis").text();
  section.protocol = protocol(value.at("protocol"));
  section.arms = list_of(value.at("arms"), arm);
  section.problems = problems(value.at("problems"));
  section.aa_problems = ascending_indices(value.at("aa_problems"), section.problems.size());
  section.comparisons = pairs(value.at("comparisons"), section);
  section.aa_pairs = pairs(value.at("aa_pairs"), section);
  section.curves =
      list_of(value.at("curves"), [&](const StoredValue& one) { return curve(one, section); });
  if (value.has("sharpenings")) {
    section.sharpenings = list_of(value.at("sharpenings"),
                                  [&](const StoredValue& one) { return sharpening(one, section); });
  }
  section.varying = list_of(value.at("varying"), [](const StoredValue& key) { return key.text(); });
  return section;
}

}  // namespace

StorageError damaged_manifest(const std::filesystem::path& run, const std::exception& error) {
  return StorageError(
      fmt::format("{}: damaged: {}", (run / "manifest.json").string(), error.what()));
}

std::vector<SectionPlan> sections_from(const Json& manifest) {
  const StoredValue list = StoredValue(manifest).at("sections");
  std::vector<SectionPlan> sections = list_of(list, section_from);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const auto same = [&](const SectionPlan& other) { return other.name == sections[i].name; };
    const auto end = sections.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(sections.begin(), end, same)) {
      list.elements()[i].at("name").refuse("another name than those before it");
    }
  }
  return sections;
}

std::vector<SectionPlan> read_sections(const std::filesystem::path& run, const Json& manifest) {
  try {
    return sections_from(manifest);
  } catch (const std::invalid_argument& error) {
    throw damaged_manifest(run, error);
  }
}

}  // namespace crossover::harness
