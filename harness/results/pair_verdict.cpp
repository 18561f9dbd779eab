#include "harness/results/pair_verdict.h"

#include <algorithm>
#include <limits>

#include "harness/statistics/gate.h"

namespace crossover::harness {
namespace {

constexpr Interval unbounded = {-std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::infinity()};

}  // namespace

Verdict pair_verdict(const PairEffects& effects, double margin) {
  const auto estimate = median_interval(effects.primary());
  if (!estimate) return Verdict::undecided;
  const Verdict primary = verdict(estimate->ci, margin);
  const auto second_opinion = effects.second_opinion();
  if (!second_opinion) return primary;
  const bool confirmed = second_opinion->confirms(
      [](const std::vector<double>& values) {
        const auto found = median_interval(values);
        return found ? found->ci : unbounded;
      },
      [&](const Interval& interval) { return verdict(interval, margin) == primary; });
  return confirmed ? primary : Verdict::undecided;
}

Interval simultaneous_interval(const PairEffects& effects, std::size_t cells, std::size_t looks) {
  Interval interval = gate_interval({effects.primary()}, cells, looks).ci;
  if (effects.use_all) {
    const auto& [least, most] = effects.bounds.undisturbed;
    interval = {std::min(interval.low, gate_interval({least}, cells, looks).ci.low),
                std::max(interval.high, gate_interval({most}, cells, looks).ci.high)};
  }
  return interval;
}

}  // namespace crossover::harness
