#pragma once

#include <string>
#include <vector>

#include "harness/cell.h"
#include "harness/plan/plan.h"
#include "harness/plan/section_keys.h"

namespace crossover::harness {

/// The arms of a section and which of them are compared.
struct ArmSet {
  std::vector<Arm> arms;             // the variants' in listed order, further bases, A/A replicas
  std::vector<Pair> comparisons;     // variant versus base
  bool self_comparison = false;      // A/A was asked for: the only arms are their own bases
  std::vector<Pair> aa_pairs;        // an arm and its replica
  std::vector<std::string> varying;  // setting keys on which the arms differ
};

/// Expands variants times settings into arms and pairs each with its base. A base has the settings
/// of the arm that it is the base of (like for like), except for its own bracket, for threads
/// (its bracket, else 1), and, where it is the same variant, for what the arm's bracket sets.
/// `against = each`, of a crossover, pairs every arm with all that are listed before it.
/// Without `against` the base is the first variant, or the first arm where that leaves nothing to
/// compare. Throws ConfigError.
ArmSet expand_arms(const SectionInput& input, Question question);

}  // namespace crossover::harness
