#pragma once

#include "harness/names.h"
#include "harness/results/evidence.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

inline constexpr Names<Verdict, 4> verdict_names{{{Verdict::faster, "faster"},
                                                  {Verdict::slower, "slower"},
                                                  {Verdict::equivalent, "equivalent"},
                                                  {Verdict::undecided, "undecided"}}};

/// The verdict on one pair of arms on one problem from the order-statistic interval of its launch
/// effects: undecided below six launches and, where too much was disturbed to set it aside, unless
/// a second opinion confirms the verdict. `margin` as in verdict().
Verdict pair_verdict(const PairEffects& effects, double margin);

/// The interval of one of so many cells for a gate, simultaneous over the cells and the looks;
/// where all blocks are primary although some were disturbed, wide enough for the undisturbed ones
/// with the time that others took subtracted from either arm, so that both must agree.
Interval simultaneous_interval(const PairEffects& effects, std::size_t cells, std::size_t looks);

}  // namespace crossover::harness
