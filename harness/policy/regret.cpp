#include "harness/policy/regret.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

namespace crossover::harness {
namespace {

using Launches = std::vector<std::size_t>;

/// Medians of each count over some launches.
std::vector<double> medians_of(const std::vector<std::vector<double>>& seconds,
                               std::span<const std::size_t> launches) {
  std::vector<double> medians;
  std::vector<double> chosen;
  for (const std::vector<double>& count : seconds) {
    chosen.clear();
    for (const std::size_t launch : launches) chosen.push_back(count[launch]);
    const auto middle = chosen.begin() + static_cast<std::ptrdiff_t>(chosen.size() / 2);
    std::nth_element(chosen.begin(), middle, chosen.end());
    const double upper = *middle;
    const bool even = chosen.size() % 2 == 0;
    medians.push_back(even ? std::midpoint(*std::max_element(chosen.begin(), middle), upper)
                           : upper);
  }
  return medians;
}

std::size_t least(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::min_element(values.begin(), values.end()) - values.begin());
}

/// Regret of every count at one shape: what a strategy gets for choosing it.
std::vector<ShapeRegret> regrets_of(const std::vector<std::vector<double>>& seconds,
                                    std::span<const std::size_t> first_half,
                                    std::span<const std::size_t> second_half) {
  const std::vector<double> first = medians_of(seconds, first_half);
  const std::vector<double> second = medians_of(seconds, second_half);
  const std::size_t best_first = least(first);
  const std::size_t best_second = least(second);
  std::vector<ShapeRegret> regrets;
  for (std::size_t choice = 0; choice < seconds.size(); ++choice) {
    const double judged_by_second = second[choice] / second[best_first] - 1;
    const double judged_by_first = first[choice] / first[best_second] - 1;
    const int wrong = static_cast<int>(choice != best_first) + (choice != best_second);
    regrets.push_back({(judged_by_second + judged_by_first) / 2, wrong / 2.0});
  }
  return regrets;
}

/// The launches of one half of a shape with `count` launches: `draw` places of the half, as shares
/// of it. The half holds the even launches or the odd ones.
Launches drawn_half(std::size_t count, std::size_t parity, std::span<const double> draw) {
  const std::size_t size = (count + 1 - parity) / 2;
  Launches launches;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t place =
        draw.empty()
            ? i
            : std::min(size - 1, static_cast<std::size_t>(draw[i] * static_cast<double>(size)));
    launches.push_back(2 * place + parity);
  }
  return launches;
}

/// Which count every strategy chooses at every shape that can be judged.
struct Choices {
  std::vector<const MeasuredShape*> shapes;
  std::vector<std::vector<std::size_t>> chosen;  // [strategy][shape]
  std::vector<std::size_t> approximated;         // by strategy
  std::size_t most_launches = 0;
};

Choices choices_of(const MeasuredShapes& measured, std::span<const Strategy> strategies) {
  Choices choices;
  for (const MeasuredShape& shape : measured.shapes) {
    const std::size_t launches = shape.seconds.front().size();
    if (launches < 2) continue;
    choices.shapes.push_back(&shape);
    choices.most_launches = std::max(choices.most_launches, launches);
  }
  if (strategies.empty()) throw std::invalid_argument("no strategies to judge");
  if (choices.shapes.empty()) throw std::invalid_argument("no shape has two launches");
  for (const Strategy& strategy : strategies) {
    choices.chosen.emplace_back();
    choices.approximated.push_back(0);
    for (const MeasuredShape* shape : choices.shapes) {
      const int wanted = strategy.threads(shape->shape);
      const std::size_t index = nearest_count(measured.threads, wanted);
      choices.chosen.back().push_back(index);
      if (measured.threads[index] != wanted) ++choices.approximated.back();
    }
  }
  return choices;
}

/// Regrets of all counts at all shapes for one draw of launches (none: the launches as they are).
std::vector<std::vector<ShapeRegret>> all_regrets(const Choices& choices,
                                                  std::span<const double> even,
                                                  std::span<const double> odd) {
  std::vector<std::vector<ShapeRegret>> regrets;
  for (const MeasuredShape* shape : choices.shapes) {
    const std::size_t launches = shape->seconds.front().size();
    regrets.push_back(
        regrets_of(shape->seconds, drawn_half(launches, 0, even), drawn_half(launches, 1, odd)));
  }
  return regrets;
}

/// Mean and 95th percentile of each strategy in one bootstrap sample.
struct Replicates {
  std::vector<std::vector<double>> mean;  // [strategy][replicate]
  std::vector<std::vector<double>> p95;
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Uniform in [0,1), the same on every platform.
double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

Replicates resample(const Choices& choices, std::uint64_t seed, std::size_t replicates) {
  const std::size_t strategies = choices.chosen.size();
  Replicates result{std::vector<std::vector<double>>(strategies),
                    std::vector<std::vector<double>>(strategies)};
  std::mt19937_64 random(seed);
  std::vector<std::size_t> drawn(choices.shapes.size());
  for (std::size_t replicate = 0; replicate < replicates; ++replicate) {
    std::vector<double> even(choices.most_launches);
    std::vector<double> odd(choices.most_launches);
    for (double& draw : even) draw = uniform(random);
    for (double& draw : odd) draw = uniform(random);
    for (std::size_t& shape : drawn) shape = random() % drawn.size();
    const auto regrets = all_regrets(choices, even, odd);
    for (std::size_t strategy = 0; strategy < strategies; ++strategy) {
      std::vector<double> values;
      for (const std::size_t shape : drawn) {
        values.push_back(regrets[shape][choices.chosen[strategy][shape]].regret);
      }
      result.mean[strategy].push_back(mean_of(values));
      result.p95[strategy].push_back(quantile(values, 0.95));
    }
  }
  return result;
}

Interval interval_of(std::span<const double> values) {
  return {quantile(values, 0.025), quantile(values, 0.975)};
}

RegretFinding finding_of(const Strategy& strategy, const Choices& choices, std::size_t number,
                         const std::vector<std::vector<ShapeRegret>>& regrets) {
  RegretFinding finding;
  finding.name = strategy.name;
  finding.rule = strategy.rule;
  finding.source = strategy.source;
  finding.published = strategy.published;
  finding.approximated = choices.approximated[number];
  finding.worst_regret = -1;
  std::vector<double> values;
  double wrong = 0;
  for (std::size_t shape = 0; shape < choices.shapes.size(); ++shape) {
    const ShapeRegret& one = regrets[shape][choices.chosen[number][shape]];
    values.push_back(one.regret);
    wrong += one.wrong;
    if (one.regret <= finding.worst_regret) continue;
    finding.worst_regret = one.regret;
    finding.worst = choices.shapes[shape]->shape;
  }
  finding.mean = mean_of(values);
  finding.p95 = quantile(values, 0.95);
  finding.wrong = wrong / static_cast<double>(values.size());
  return finding;
}

}  // namespace

ShapeRegret shape_regret(const std::vector<std::vector<double>>& seconds, std::size_t choice,
                         std::span<const std::size_t> first_half,
                         std::span<const std::size_t> second_half) {
  return regrets_of(seconds, first_half, second_half).at(choice);
}

std::size_t nearest_count(std::span<const int> counts, int threads) {
  const auto distance = [&](std::size_t i) {
    return std::abs(std::log(static_cast<double>(counts[i]) / std::max(1, threads)));
  };
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (distance(i) < distance(nearest)) nearest = i;
  }
  return nearest;
}

std::vector<RegretFinding> judge(const MeasuredShapes& measured,
                                 std::span<const Strategy> strategies, std::uint64_t seed,
                                 std::size_t replicates) {
  const Choices choices = choices_of(measured, strategies);
  const auto regrets = all_regrets(choices, {}, {});
  const Replicates resampled = resample(choices, seed, std::max<std::size_t>(2, replicates));
  std::vector<RegretFinding> findings;
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    findings.push_back(finding_of(strategies[i], choices, i, regrets));
    RegretFinding& finding = findings.back();
    finding.mean_ci = interval_of(resampled.mean[i]);
    finding.p95_ci = interval_of(resampled.p95[i]);
    if (i == 0) continue;
    std::vector<double> behind;
    for (std::size_t replicate = 0; replicate < resampled.mean[i].size(); ++replicate) {
      behind.push_back(resampled.mean[i][replicate] - resampled.mean[0][replicate]);
    }
    finding.behind_first =
        Estimate{finding.mean - findings.front().mean, interval_of(behind), 0.95};
  }
  return findings;
}

std::optional<bool> at_most(const Interval& ci, double bound) {
  if (ci.high <= bound) return true;
  if (ci.low > bound) return false;
  return std::nullopt;
}

}  // namespace crossover::harness
