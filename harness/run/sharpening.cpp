#include "harness/run/sharpening.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "harness/run/stopping.h"

namespace crossover::harness {
namespace {

constexpr int sizes_per_bracket = 6;
// A line has two parameters; its residuals need two degrees of freedom more to tell anything.
constexpr std::size_t fewest_sizes = 4;

/// A problem of the curve with another value of the axis.
Problem problem_at(const SectionPlan& section, const Curve& curve, const FamilyInfo& family,
                   std::int64_t axis_value) {
  const auto alias = family.alias.find(section.axis);
  const std::vector<std::string> extents =
      alias == family.alias.end() ? std::vector<std::string>{section.axis} : alias->second;
  Problem problem = section.problems[curve.problems.front()];
  for (auto& [name, extent] : problem) {
    if (std::find(extents.begin(), extents.end(), name) != extents.end()) extent = axis_value;
  }
  return problem;
}

std::size_t index_of(const Problem& problem, std::vector<Problem>& problems) {
  const auto found = std::find(problems.begin(), problems.end(), problem);
  if (found != problems.end()) return static_cast<std::size_t>(found - problems.begin());
  problems.push_back(problem);
  return problems.size() - 1;
}

/// The size nearest to `wanted` strictly inside the bracket that is not taken; nullopt where all
/// are.
std::optional<std::int64_t> nearest_free(std::int64_t wanted, const Crossing& bracket,
                                         const std::set<std::int64_t>& taken) {
  for (std::int64_t distance = 0; distance < bracket.to - bracket.from; ++distance) {
    for (const std::int64_t size : {wanted - distance, wanted + distance}) {
      if (bracket.from < size && size < bracket.to && !taken.contains(size)) return size;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::int64_t> sharpening_sizes(const Crossing& bracket,
                                           std::span<const std::int64_t> measured) {
  std::set<std::int64_t> taken(measured.begin(), measured.end());
  std::vector<std::int64_t> chosen;
  const double ratio = static_cast<double>(bracket.to) / static_cast<double>(bracket.from);
  for (int i = 1; i <= sizes_per_bracket; ++i) {
    const double wanted =
        static_cast<double>(bracket.from) * std::pow(ratio, i / (sizes_per_bracket + 1.0));
    const auto size = nearest_free(std::llround(wanted), bracket, taken);
    if (!size) break;
    taken.insert(*size);
    chosen.push_back(*size);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void plan_sharpenings(SectionPlan& section, const Evidence& evidence, const FamilyInfo& family) {
  for (const Pair& pair : section.comparisons) {
    for (std::size_t i = 0; i < section.curves.size(); ++i) {
      const Curve& curve = section.curves[i];
      const CrossoverResult located =
          locate_crossover(curve_points(evidence, pair, curve), section.protocol.looks.size(),
                           section.protocol.equivalence_margin);
      if (located.outcome != Outcome::crossing) continue;
      Sharpening sharpening{pair, i, {}, {}};
      sharpening.axis_values = sharpening_sizes(located.crossings.front(), curve.axis_values);
      if (sharpening.axis_values.size() < fewest_sizes) continue;
      for (const std::int64_t value : sharpening.axis_values) {
        sharpening.problems.push_back(
            index_of(problem_at(section, curve, family, value), section.problems));
      }
      section.sharpenings.push_back(std::move(sharpening));
    }
  }
}

}  // namespace crossover::harness
