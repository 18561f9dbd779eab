#include "harness/statistics/gate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace crossover::harness {

Estimate gate_interval(const GateCell& cell, std::size_t cells, std::size_t looks) {
  if (cells == 0 || looks == 0) {
    throw std::invalid_argument("gate_interval: no cells or no looks; expected at least one");
  }
  constexpr double family_alpha = 0.05;
  const double alpha = family_alpha / (static_cast<double>(cells) * static_cast<double>(looks));
  if (const auto estimate = mean_interval(cell.launch_effects, alpha)) return *estimate;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double value = cell.launch_effects.empty() ? 0 : cell.launch_effects.front();
  return {value, {-infinity, infinity}, 1 - alpha};
}

GateVerdict gate(const Interval& log_ratio, double margin) {
  const double bound = -std::log1p(margin);
  if (log_ratio.high < bound) return GateVerdict::regression;
  return log_ratio.low >= bound ? GateVerdict::pass : GateVerdict::undecided;
}

GateVerdict gate(std::span<const Interval> log_ratios, double margin) {
  bool all_pass = !log_ratios.empty();
  for (const Interval& log_ratio : log_ratios) {
    const GateVerdict verdict = gate(log_ratio, margin);
    if (verdict == GateVerdict::regression) return verdict;
    all_pass = all_pass && verdict == GateVerdict::pass;
  }
  return all_pass ? GateVerdict::pass : GateVerdict::undecided;
}

}  // namespace crossover::harness
