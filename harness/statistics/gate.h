#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// One cell of a gate: the launch effects of the new build B against the old one A, each
/// log(T_A / T_B), so that less than 0 means that B is slower.
struct GateCell {
  std::vector<double> launch_effects;
};

/// pass: no cell is slower by more than the margin; regression: at least one certainly is.
enum class GateVerdict { pass, regression, undecided };

/// The simultaneous interval of one cell: Student's t of the mean launch effect at
/// 1 - 0.05 / (cells * looks) (Bonferroni), so that all cells are covered at all looks with at
/// least 95%, and looking for a decision at every look does not inflate the error rate. Unbounded
/// below two launches, with the one effect or 0 as its value.
/// Errors: std::invalid_argument where cells or looks is 0.
Estimate gate_interval(const GateCell& cell, std::size_t cells, std::size_t looks);

/// The verdict on one cell at a margin >= 0 (0.03: three per cent more time): regression where the
/// interval lies wholly below -log1p(margin), pass where no part of it does, else undecided.
GateVerdict gate(const Interval& log_ratio, double margin);

/// The verdict on all cells: regression where one is, pass where all pass, else undecided; so for
/// no cells.
GateVerdict gate(std::span<const Interval> log_ratios, double margin);

}  // namespace crossover::harness
