#include "harness/results/pair_verdict.h"

#include <algorithm>

#include "harness/statistics/gate.h"

namespace crossover::harness {

Verdict pair_verdict(const PairEffects& effects, double margin) {
  const auto estimate = median_interval(effects.primary());
  if (!estimate) return Verdict::undecided;
  const Verdict primary = verdict(estimate->ci, margin);
  if (!effects.use_all) return primary;
  const auto undisturbed = median_interval(PairEffects::values(effects.kept));
  const bool agreed = undisturbed && verdict(undisturbed->ci, margin) == primary;
  return agreed ? primary : Verdict::undecided;
}

Interval simultaneous_interval(const PairEffects& effects, std::size_t cells, std::size_t looks) {
  Interval interval = gate_interval({effects.primary()}, cells, looks).ci;
  if (effects.use_all) {
    const Interval kept = gate_interval({PairEffects::values(effects.kept)}, cells, looks).ci;
    interval = {std::min(interval.low, kept.low), std::max(interval.high, kept.high)};
  }
  return interval;
}

}  // namespace crossover::harness
