#include "harness/run/gate_stopping.h"

#include "harness/statistics/gate.h"

namespace crossover::harness {

std::size_t gate_cells(std::span<const SectionPlan> sections) {
  std::size_t cells = 0;
  for (const SectionPlan& section : sections) {
    cells += section.comparisons.size() * section.problems.size();
  }
  return cells;
}

StoppingRule gate_stopping(std::size_t cells, double margin) {
  return [=](const SectionPlan& section, const Evidence& evidence) {
    std::vector<bool> wanted(section.problems.size(), false);
    for (const Pair& pair : section.comparisons) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        const PairEffects effects = evidence.effects(pair, problem);
        if (effects.all.empty()) continue;  // cannot be measured, however often
        const Estimate estimate =
            gate_interval({effects.primary()}, cells, section.protocol.looks.size());
        if (gate(estimate.ci, margin) == GateVerdict::undecided) wanted[problem] = true;
      }
    }
    return wanted;
  };
}

}  // namespace crossover::harness
