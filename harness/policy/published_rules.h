#pragma once

#include <vector>

#include "harness/policy/regret.h"

namespace crossover::harness {

/// What a rule may know of the machine.
struct RuleMachine {
  int threads = 1;          // that it may use at most
  double vector_lanes = 8;  // floats in a register; one rule counts cycles
};

/// Every published rule for when a product in f32 goes parallel, as a function of (m,n,k) and the
/// threads there are, and one thread and all threads always.
std::vector<Strategy> published_rules(const RuleMachine& machine);

}  // namespace crossover::harness
