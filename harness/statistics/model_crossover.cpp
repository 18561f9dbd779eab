#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <stdexcept>

#include "harness/statistics/cost_model.h"

namespace crossover::harness {
namespace {

/// One way the parts may be: as measured, or as far off as their uncertainty allows.
struct Assumption {
  double fork_join_seconds = 0;
  double kernel_factor = 1;
};

void check(std::span<const ModelPoint> points, const ModelTeam& team) {
  if (points.size() < 2) {
    throw std::invalid_argument(
        fmt::format("{} sizes; a crossover needs at least two", points.size()));
  }
  if (team.threads < 2 || team.cores < 1) {
    throw std::invalid_argument("a team needs two threads and a core");
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const ModelPoint& point = points[i];
    if (!(point.base_seconds > 0) || !(point.kernel_seconds > 0) || !(point.axis_value > 0)) {
      throw std::invalid_argument(fmt::format("size {}: a time that is not positive", i));
    }
    if (i > 0 && !(point.axis_value > points[i - 1].axis_value)) {
      throw std::invalid_argument(fmt::format("size {}: axis values do not ascend", i));
    }
  }
}

double geometric(double from, double to, double part) { return from * std::pow(to / from, part); }

/// What lies `part` of the way from one size to the next, on the logarithmic axis.
ModelPoint between(const ModelPoint& from, const ModelPoint& to, double part) {
  if (part >= 1) return to;
  ModelPoint point = from;
  point.axis_value = geometric(from.axis_value, to.axis_value, part);
  point.base_seconds = geometric(from.base_seconds, to.base_seconds, part);
  point.kernel_seconds = geometric(from.kernel_seconds, to.kernel_seconds, part);
  if (from.memory_bytes && to.memory_bytes) {
    point.memory_bytes = geometric(*from.memory_bytes, *to.memory_bytes, part);
  }
  return point;
}

bool variant_wins(ModelPoint point, const ModelTeam& team, const Assumption& assumption) {
  point.kernel_seconds *= assumption.kernel_factor;
  return modelled_seconds(point, team, assumption.fork_join_seconds) < point.base_seconds;
}

/// Where between two parts of the way the faster one changes; at `low` it is another one than at
/// `high`.
double change_between(const ModelPoint& from, const ModelPoint& to, double low, double high,
                      const ModelTeam& team, const Assumption& assumption) {
  const bool at_low = variant_wins(between(from, to, low), team, assumption);
  constexpr int halvings = 40;
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    (variant_wins(between(from, to, middle), team, assumption) == at_low ? low : high) = middle;
  }
  return between(from, to, high).axis_value;
}

std::vector<double> changes_under(std::span<const ModelPoint> points, const ModelTeam& team,
                                  const Assumption& assumption) {
  constexpr int steps = 16;  // between two sizes, in case there is more than one change
  std::vector<double> changes;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    for (int step = 0; step < steps; ++step) {
      const double low = static_cast<double>(step) / steps;
      const double high = static_cast<double>(step + 1) / steps;
      if (variant_wins(between(points[i], points[i + 1], low), team, assumption) !=
          variant_wins(between(points[i], points[i + 1], high), team, assumption)) {
        changes.push_back(change_between(points[i], points[i + 1], low, high, team, assumption));
      }
    }
  }
  return changes;
}

/// How far apart the two sides get anywhere between two sizes of the axis, as a log ratio.
double largest_gap(std::span<const ModelPoint> points, const ModelTeam& team,
                   const Assumption& assumption, double from, double to) {
  constexpr int steps = 16;
  double largest = 0;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    for (int step = 0; step < steps; ++step) {
      ModelPoint point = between(points[i], points[i + 1], static_cast<double>(step) / steps);
      if (point.axis_value <= from || point.axis_value >= to) continue;
      point.kernel_seconds *= assumption.kernel_factor;
      const double modelled = modelled_seconds(point, team, assumption.fork_join_seconds);
      largest = std::max(largest, std::abs(std::log(point.base_seconds / modelled)));
    }
  }
  return largest;
}

/// Leaves out changes there and back between which the two sides differ by less than the tolerance
/// of a calibrated time: a rate that is off at one size would look like that.
std::vector<double> without_ripples(std::span<const ModelPoint> points, const ModelTeam& team,
                                    const Assumption& assumption, std::vector<double> changes) {
  while (changes.size() >= 2) {
    std::size_t smallest = 0;
    double gap = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i + 1 < changes.size(); ++i) {
      const double here = largest_gap(points, team, assumption, changes[i], changes[i + 1]);
      if (here < gap) {
        gap = here;
        smallest = i;
      }
    }
    if (gap >= std::log1p(team.rate_tolerance)) break;
    const auto first = changes.begin() + static_cast<std::ptrdiff_t>(smallest);
    changes.erase(first, first + 2);
  }
  return changes;
}

/// Widens the band by what one assumption says. Where it changes the winner at an end of the range,
/// the change has left the range there, and the band reaches that end.
void widen(std::span<const ModelPoint> points, const ModelTeam& team, const Assumption& measured,
           const Assumption& assumption, std::vector<double>& sizes) {
  const std::vector<double> changes = changes_under(points, team, assumption);
  sizes.insert(sizes.end(), changes.begin(), changes.end());
  for (const ModelPoint* end : {&points.front(), &points.back()}) {
    if (variant_wins(*end, team, measured) != variant_wins(*end, team, assumption)) {
      sizes.push_back(end->axis_value);
    }
  }
}

}  // namespace

double modelled_seconds(const ModelPoint& point, const ModelTeam& team, double fork_join_seconds) {
  double work = point.kernel_seconds / std::min(team.threads, team.cores);
  if (point.tiles) work *= imbalance(*point.tiles, team.threads);
  if (point.memory_bytes && team.bytes_per_second) {
    work = std::max(work, *point.memory_bytes / *team.bytes_per_second);
  }
  return work + point.regions * fork_join_seconds;
}

ModelCrossover model_crossover(std::span<const ModelPoint> points, const ModelTeam& team) {
  check(points, team);
  const Assumption measured{team.fork_join_seconds, 1};
  const Assumption lucky{team.fork_join_range.low, 1 - team.rate_tolerance};
  const Assumption unlucky{team.fork_join_range.high, 1 + team.rate_tolerance};
  ModelCrossover result;
  const std::vector<double> all = changes_under(points, team, measured);
  result.changes = without_ripples(points, team, measured, all);
  if (result.changes.size() == 1) {
    result.outcome = ModelOutcome::crossing;
  } else if (result.changes.size() > 1) {
    result.outcome = ModelOutcome::several;
  } else {
    result.outcome =
        variant_wins(points.front(), team, measured) ? ModelOutcome::below : ModelOutcome::above;
  }
  std::vector<double> sizes = all;
  widen(points, team, measured, lucky, sizes);
  widen(points, team, measured, unlucky, sizes);
  if (!sizes.empty()) {
    const auto [low, high] = std::minmax_element(sizes.begin(), sizes.end());
    result.band = Interval{*low, *high};
  }
  return result;
}

}  // namespace crossover::harness
