#include "harness/plan/plan_axes.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

namespace crossover::harness {
namespace {

using Names = std::vector<std::string>;

/// How many sizes a curve must have.
struct SizesNeeded {
  std::size_t sizes = 0;
  const char* text = "";
};

SizesNeeded need_of(Question question) {
  if (question == Question::cost) return {3, "a cost needs at least three sizes"};
  return {2, "a crossover needs at least two sizes"};
}

/// The keys that may be an axis and have more than one value. A file of shapes gives none of its
/// own, so it counts as each extent that varies in it.
Names varying_axes(const SectionInput& input, const std::vector<ExtentAxis>& axes) {
  Names names;
  for (const ExtentAxis& axis : axes) {
    if (input.family.tuples.contains(axis.key) || axis.choices.size() < 2) continue;
    if (axis.key != "shapes") {
      names.push_back(axis.key);
      continue;
    }
    for (std::size_t i = 0; i < axis.extents.size(); ++i) {
      const bool varies = std::any_of(axis.choices.begin(), axis.choices.end(),
                                      [&](const auto& c) { return c[i] != axis.choices[0][i]; });
      if (varies) names.push_back(input.family.extents[axis.extents[i]]);
    }
  }
  return names;
}

/// Whether a key of a later origin took the extents of the axis over, as `--size` does with `axis =
/// m`.
bool is_replaced(const SectionInput& input, const ConfigValue& axis,
                 const std::vector<ExtentAxis>& axes) {
  const std::vector<std::size_t> extents =
      extent_places(input.family, extents_of(input.family, axis.text));
  return std::any_of(axes.begin(), axes.end(), [&](const ExtentAxis& other) {
    const bool shared = std::find_first_of(extents.begin(), extents.end(), other.extents.begin(),
                                           other.extents.end()) != extents.end();
    const bool lists_shapes = other.key == "shapes" || input.family.tuples.contains(other.key);
    return shared && !lists_shapes && other.key != axis.text && other.origin > axis.origin;
  });
}

/// The value of the axis for this problem; nullopt where the extents of an alias differ.
std::optional<std::int64_t> axis_value(const Problem& problem,
                                       const std::vector<std::size_t>& extents) {
  const std::int64_t value = problem[extents.front()].second;
  for (const std::size_t i : extents) {
    if (problem[i].second != value) return std::nullopt;
  }
  return value;
}

void sort_by_axis(Curve& curve) {
  std::vector<std::pair<std::int64_t, std::size_t>> points;
  for (std::size_t i = 0; i < curve.problems.size(); ++i) {
    points.emplace_back(curve.axis_values[i], curve.problems[i]);
  }
  std::sort(points.begin(), points.end());
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::tie(curve.axis_values[i], curve.problems[i]) = points[i];
  }
}

}  // namespace

std::vector<Problem> expand_problems(const SectionInput& input,
                                     const std::vector<ExtentAxis>& axes) {
  std::size_t count = 1;
  for (const ExtentAxis& axis : axes) {
    count *= axis.choices.size();
    if (count > most_cells) {
      fail(input.section, fmt::format("has more than {} problems", most_cells));
    }
  }
  Problem problem;
  for (const std::string& name : input.family.extents) problem.emplace_back(name, 0);
  std::vector<std::pair<double, Problem>> found;
  found.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    std::size_t rest = number;
    for (const ExtentAxis& axis : axes) {
      const auto& choice = axis.choices[rest % axis.choices.size()];
      rest /= axis.choices.size();
      for (std::size_t i = 0; i < choice.size(); ++i) problem[axis.extents[i]].second = choice[i];
    }
    const double flops = input.family.flops ? input.family.flops(problem) : 0;
    found.emplace_back(std::isnan(flops) ? std::numeric_limits<double>::infinity() : flops,
                       problem);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<Problem> problems;
  problems.reserve(found.size());
  for (auto& [flops, one] : found) problems.push_back(std::move(one));
  return problems;
}

std::string axis_of(const SectionInput& input, Question question,
                    const std::vector<ExtentAxis>& axes) {
  Names legal = input.family.extents;
  for (const auto& [name, extents] : input.family.alias) legal.push_back(name);
  if (const ConfigValue* value = find_value(input.section, "axis")) {
    one_of(*value, value->text, legal);
    if (!is_replaced(input, *value, axes)) return value->text;
  }
  const Names varying = varying_axes(input, axes);
  if (varying.size() == 1) return varying.front();
  if (varying.size() > 1) {
    fail(input.section,
         fmt::format("varies {}; expected axis = one of them", fmt::join(varying, " and ")));
  }
  fail(input.section, fmt::format("gives one value to each of {}; {}", fmt::join(legal, ", "),
                                  need_of(question).text));
}

std::vector<Curve> expand_curves(const SectionInput& input, Question question,
                                 const std::string& axis, const std::vector<Problem>& problems) {
  const std::vector<std::size_t> extents =
      extent_places(input.family, extents_of(input.family, axis));
  std::vector<Curve> curves;
  std::map<Problem, std::size_t> places;
  for (std::size_t number = 0; number < problems.size(); ++number) {
    const std::optional<std::int64_t> value = axis_value(problems[number], extents);
    if (!value) {
      fail(input.section, fmt::format("has axis = {}, which does not describe the problem {}", axis,
                                      label(problems[number])));
    }
    Problem fixed;
    for (std::size_t i = 0; i < problems[number].size(); ++i) {
      if (std::find(extents.begin(), extents.end(), i) == extents.end()) {
        fixed.push_back(problems[number][i]);
      }
    }
    const auto [place, is_new] = places.emplace(fixed, curves.size());
    if (is_new) curves.push_back({std::move(fixed), {}, {}});
    curves[place->second].problems.push_back(number);
    curves[place->second].axis_values.push_back(*value);
  }
  for (Curve& curve : curves) {
    sort_by_axis(curve);
    if (curve.problems.size() >= need_of(question).sizes) continue;
    fail(input.section,
         fmt::format("has only {}={} for {}; {}", axis, fmt::join(curve.axis_values, ", "),
                     label(curve.fixed), need_of(question).text));
  }
  return curves;
}

}  // namespace crossover::harness
