#include "harness/results/pair_verdict.h"

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

}  // namespace crossover::harness
