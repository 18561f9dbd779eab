#include "harness/statistics/crossover.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace crossover::harness {
namespace {

using Points = std::span<const LabelledPoint>;

// Error rate of the whole curve: Bonferroni divides it over the sizes and the looks.
constexpr double curve_alpha = 0.05;

bool is_signed(const LabelledPoint& point) {
  return point.sign == Sign::plus || point.sign == Sign::minus;
}

bool within_margin(const LabelledPoint& point, double margin) {
  return verdict(point.log_ratio.ci, margin) == Verdict::equivalent;
}

Sign sign_of(const Interval& ci, double margin) {
  if (ci.low > 0) return Sign::plus;
  if (ci.high < 0) return Sign::minus;
  return verdict(ci, margin) == Verdict::equivalent ? Sign::zero : Sign::undecided;
}

// Says nothing about the sign, and says so in its width; 0 would read as a measurement.
Estimate unbounded(const std::vector<double>& launch_effects) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double value =
      launch_effects.size() == 1 ? launch_effects[0] : std::numeric_limits<double>::quiet_NaN();
  return {value, {-infinity, infinity}, 1};
}

std::vector<Crossing> changes_of_sign(Points points) {
  std::vector<Crossing> changes;
  const LabelledPoint* before = nullptr;
  for (const LabelledPoint& point : points) {
    if (!is_signed(point)) continue;
    if (before != nullptr && before->sign != point.sign) {
      changes.push_back({before->axis_value, point.axis_value, point.sign == Sign::plus});
    }
    before = &point;
  }
  return changes;
}

bool inside_a_bracket(const LabelledPoint& point, const std::vector<Crossing>& brackets) {
  return std::any_of(brackets.begin(), brackets.end(), [&](const Crossing& bracket) {
    return bracket.from < point.axis_value && point.axis_value < bracket.to;
  });
}

// "8, 16, 24"; empty where no size qualifies.
template <typename Predicate>
std::string list_sizes(Points points, Predicate qualifies) {
  std::string list;
  for (const LabelledPoint& point : points) {
    if (!qualifies(point)) continue;
    if (!list.empty()) list += ", ";
    list += std::to_string(point.axis_value);
  }
  return list;
}

void note_sizes(const std::string& what, const std::string& sizes,
                std::vector<std::string>& notes) {
  if (!sizes.empty()) notes.push_back(what + " " + sizes);
}

// Ties at either end say how far the choice does not matter: "ties up to 24", "ties from 512".
// The curve must hold a size that is no tie; one of ties alone is indistinguishable.
void note_ties(Points points, const std::vector<Crossing>& brackets,
               std::vector<std::string>& notes) {
  const auto is_tie = [](const LabelledPoint& point) { return point.sign == Sign::zero; };
  const auto first = std::find_if_not(points.begin(), points.end(), is_tie);
  const auto last = std::find_if_not(points.rbegin(), points.rend(), is_tie).base();
  if (first != points.begin()) {
    notes.push_back("ties up to " + std::to_string(std::prev(first)->axis_value));
  }
  note_sizes("ties at",
             list_sizes(Points(first, last),
                        [&](const LabelledPoint& point) {
                          return is_tie(point) && !inside_a_bracket(point, brackets);
                        }),
             notes);
  if (last != points.end()) notes.push_back("ties from " + std::to_string(last->axis_value));
}

Outcome outcome_of(Points points, const std::vector<Crossing>& changes, bool undecided_outside) {
  if (changes.size() > 1) return Outcome::several;
  if (undecided_outside) return Outcome::unresolved;
  if (changes.size() == 1) return Outcome::crossing;
  const auto any_signed = std::find_if(points.begin(), points.end(), is_signed);
  if (any_signed == points.end()) return Outcome::unresolved;
  return any_signed->sign == Sign::plus ? Outcome::below : Outcome::above;
}

void note_undecided(const std::string& outside, CrossoverResult& result) {
  if (result.outcome == Outcome::several) {
    note_sizes("undecided outside the brackets, so there may be more crossings:", outside,
               result.notes);
  }
  if (result.outcome != Outcome::unresolved) return;
  const auto is_undecided = [](const LabelledPoint& p) { return p.sign == Sign::undecided; };
  note_sizes("undecided:", list_sizes(result.points, is_undecided), result.notes);
}

std::optional<std::size_t> persistent_of(const CrossoverResult& result) {
  if (result.crossings.empty()) return std::nullopt;
  const bool undecided_after =
      std::any_of(result.points.begin(), result.points.end(), [&](const LabelledPoint& point) {
        return point.sign == Sign::undecided && point.axis_value > result.crossings.back().to;
      });
  if (undecided_after) return std::nullopt;
  return result.crossings.size() - 1;
}

std::optional<double> resolution_of(std::span<const CurvePoint> points) {
  std::optional<double> largest;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double ratio =
        static_cast<double>(points[i].axis_value) / static_cast<double>(points[i - 1].axis_value);
    largest = std::max(largest.value_or(0), ratio);
  }
  return largest;
}

// Bonferroni counts sizes and brackets are found by size, so a size given twice breaks both.
void require_ascending(std::span<const CurvePoint> points) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i - 1].axis_value >= points[i].axis_value) {
      throw std::invalid_argument("locate_crossover: size " + std::to_string(points[i].axis_value) +
                                  " after " + std::to_string(points[i - 1].axis_value) +
                                  "; expected sizes in ascending order, each once");
    }
  }
}

}  // namespace

LabelledPoint label_point(const CurvePoint& point, std::size_t sizes, std::size_t looks,
                          double margin) {
  if (sizes == 0 || looks == 0) {
    throw std::invalid_argument("label_point: sizes = " + std::to_string(sizes) + ", looks = " +
                                std::to_string(looks) + "; expected at least 1 of each");
  }
  const double alpha = curve_alpha / (static_cast<double>(sizes) * static_cast<double>(looks));
  const auto estimate_of = [alpha](const std::vector<double>& effects) {
    const bool finite = std::all_of(effects.begin(), effects.end(),
                                    [](double value) { return std::isfinite(value); });
    return effects.size() < 2 || !finite ? unbounded(effects)
                                         : mean_interval(effects, alpha).value();
  };
  const Estimate estimate = estimate_of(point.launch_effects);
  const Sign sign = sign_of(estimate.ci, margin);
  const bool certain =
      !point.second_opinion ||
      point.second_opinion->confirms(
          [&](const std::vector<double>& effects) { return estimate_of(effects).ci; },
          [&](const Interval& interval) { return sign_of(interval, margin) == sign; });
  return {point.axis_value, certain ? sign : Sign::undecided, estimate};
}

CrossoverResult locate_crossover(std::span<const CurvePoint> points, std::size_t looks,
                                 double margin) {
  require_ascending(points);
  CrossoverResult result;
  if (points.empty()) {
    result.notes.push_back("no sizes were measured");
    return result;
  }
  result.resolution = resolution_of(points);
  for (const CurvePoint& point : points) {
    result.points.push_back(label_point(point, points.size(), looks, margin));
  }
  const Points labelled = result.points;
  if (std::all_of(labelled.begin(), labelled.end(),
                  [&](const LabelledPoint& point) { return within_margin(point, margin); })) {
    result.outcome = Outcome::indistinguishable;
    note_sizes("certain in sign, though within the margin:", list_sizes(labelled, is_signed),
               result.notes);
    return result;
  }
  result.crossings = changes_of_sign(labelled);
  if (!result.crossings.empty()) result.first = 0;
  result.persistent = persistent_of(result);
  const std::string undecided_outside = list_sizes(labelled, [&](const LabelledPoint& point) {
    return point.sign == Sign::undecided && !inside_a_bracket(point, result.crossings);
  });
  result.outcome = outcome_of(labelled, result.crossings, !undecided_outside.empty());
  note_ties(labelled, result.crossings, result.notes);
  note_undecided(undecided_outside, result);
  return result;
}

}  // namespace crossover::harness
