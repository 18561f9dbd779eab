#include "harness/statistics/cost_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <stdexcept>

namespace crossover::harness {
namespace {

std::size_t distinct_threads(std::span<const TeamSeconds> times, int at_least) {
  std::set<int> counts;
  for (const TeamSeconds& time : times) {
    if (time.threads >= at_least) counts.insert(time.threads);
  }
  return counts.size();
}

std::string too_few(const std::string& what, std::size_t needed, const std::string& of,
                    std::size_t found) {
  return fmt::format("{} needs times at {} or more different {}; here {} {}", what, needed, of,
                     found == 1 ? "is" : "are", found);
}

template <std::size_t n>
using Row = std::array<double, n>;

/// Solves the normal equations of min |rows * x - values|^2 by elimination with pivots; nullopt
/// where the rows do not determine x.
template <std::size_t n>
std::optional<Row<n>> least_squares(const std::vector<Row<n>>& rows,
                                    const std::vector<double>& values) {
  std::array<Row<n + 1>, n> system{};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) system[i][j] += rows[r][i] * rows[r][j];
      system[i][n] += rows[r][i] * values[r];
    }
  }
  for (std::size_t column = 0; column < n; ++column) {
    const auto pivot = std::max_element(
        system.begin() + static_cast<std::ptrdiff_t>(column), system.end(),
        [&](const auto& a, const auto& b) { return std::abs(a[column]) < std::abs(b[column]); });
    if ((*pivot)[column] == 0) return std::nullopt;
    std::swap(*pivot, system[column]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == column) continue;
      const double factor = system[i][column] / system[column][column];
      for (std::size_t j = column; j <= n; ++j) system[i][j] -= factor * system[column][j];
    }
  }
  Row<n> solution{};
  for (std::size_t i = 0; i < n; ++i) solution[i] = system[i][n] / system[i][i];
  return solution;
}

/// Mean seconds by thread count.
std::map<int, double> mean_by_threads(std::span<const TeamSeconds> times) {
  std::map<int, std::vector<double>> all;
  for (const TeamSeconds& time : times) all[time.threads].push_back(time.seconds);
  std::map<int, double> means;
  for (const auto& [threads, seconds] : all) {
    double sum = 0;
    for (const double value : seconds) sum += value;
    means[threads] = sum / static_cast<double>(seconds.size());
  }
  return means;
}

}  // namespace

double imbalance(double tiles, int threads) {
  if (!(tiles > 0)) return 1;
  return std::ceil(tiles / threads) * threads / tiles;
}

Answer<LinearCost> fit_fork_join(std::span<const TeamSeconds> teams) {
  constexpr std::size_t needed = 3;
  const std::size_t found = distinct_threads(teams, 2);
  if (found < needed) {
    return Answer<LinearCost>::refused(
        too_few("o(p) = o0 + o1 p", needed, "sizes of a team, from two threads on", found));
  }
  std::vector<Row<2>> rows;
  std::vector<double> seconds;
  for (const TeamSeconds& team : teams) {
    if (team.threads < 2) continue;
    rows.push_back({1, static_cast<double>(team.threads)});
    seconds.push_back(team.seconds);
  }
  const auto solution = least_squares(rows, seconds);
  if (!solution) return Answer<LinearCost>::refused("the times do not determine a line");
  return Answer<LinearCost>::of({(*solution)[0], (*solution)[1]});
}

Answer<double> fit_amdahl(std::span<const TeamSeconds> times) {
  constexpr std::size_t needed = 3;
  const std::size_t found = distinct_threads(times, 1);
  if (found < needed) {
    return Answer<double>::refused(too_few("Amdahl's law", needed, "thread counts", found));
  }
  std::vector<Row<2>> rows;
  std::vector<double> seconds;
  for (const TeamSeconds& time : times) {
    rows.push_back({1, 1.0 / time.threads});
    seconds.push_back(time.seconds);
  }
  const auto solution = least_squares(rows, seconds);
  if (!solution) return Answer<double>::refused("the times do not determine a serial fraction");
  const double serial = (*solution)[0] / ((*solution)[0] + (*solution)[1]);
  constexpr double rounding = 1e-9;
  if (!(serial >= -rounding && serial <= 1 + rounding)) {
    return Answer<double>::refused(
        fmt::format("Amdahl's law does not hold: the serial fraction would be {:.3g}", serial));
  }
  return Answer<double>::of(std::clamp(serial, 0.0, 1.0));
}

Answer<LinearCost> fit_linear_cost(std::span<const UnitSeconds> times) {
  constexpr std::size_t needed = 3;
  std::set<double> sizes;
  std::vector<Row<2>> rows;
  for (const UnitSeconds& time : times) {
    if (!(time.seconds > 0)) throw std::invalid_argument("a time that is not positive");
    sizes.insert(time.units);
    rows.push_back({1 / time.seconds, time.units / time.seconds});
  }
  if (sizes.size() < needed) {
    return Answer<LinearCost>::refused(too_few("T(x) = a + b x", needed, "sizes", sizes.size()));
  }
  const auto solution = least_squares(rows, std::vector<double>(rows.size(), 1.0));
  if (!solution) return Answer<LinearCost>::refused("the times do not determine a line");
  return Answer<LinearCost>::of({(*solution)[0], (*solution)[1]});
}

double ScalabilityLaw::speedup(int threads) const {
  const double p = threads;
  return p / (1 + contention * (p - 1) + coherency * p * (p - 1));
}

Answer<ScalabilityLaw> fit_scalability_law(std::span<const TeamSeconds> times) {
  constexpr std::size_t needed = 4;
  const std::size_t found = distinct_threads(times, 1);
  if (found < needed) {
    return Answer<ScalabilityLaw>::refused(
        too_few("the universal scalability law", needed, "thread counts", found));
  }
  std::vector<Row<3>> rows;
  std::vector<double> values;
  for (const TeamSeconds& time : times) {
    const double p = time.threads;
    rows.push_back({1, p - 1, p * (p - 1)});
    values.push_back(p * time.seconds);
  }
  const auto solution = least_squares(rows, values);
  if (!solution || !((*solution)[0] > 0)) {
    return Answer<ScalabilityLaw>::refused("the times do not follow the universal scalability law");
  }
  const auto& [one, contention, coherency] = *solution;
  return Answer<ScalabilityLaw>::of({contention / one, coherency / one});
}

Answer<SpeedupBand> extrapolate_speedup(std::span<const TeamSeconds> times, int threads) {
  const std::map<int, double> means = mean_by_threads(times);
  if (means.size() < 2 || means.begin()->first != 1) {
    return Answer<SpeedupBand>::refused(
        "an extrapolation needs the time on one thread and one on several");
  }
  const auto [most, seconds] = *means.rbegin();
  if (threads < most) {
    return Answer<SpeedupBand>::refused(
        fmt::format("{} threads lie below the {} that were measured", threads, most));
  }
  const double speedup = std::min<double>(most, means.at(1) / seconds);
  const double serial = std::clamp((most / speedup - 1) / (most - 1), 0.0, 1.0);
  const double lowest = 1 / (serial + (1 - serial) / threads);
  const double highest = speedup * threads / most;
  return Answer<SpeedupBand>::of(
      {{std::min(lowest, highest), std::max(lowest, highest)},
       fmt::format("a serial fraction between 0 and {:.2g}, the largest that {} threads allow",
                   serial, most)});
}

}  // namespace crossover::harness
