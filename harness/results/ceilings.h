#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"

namespace crossover::harness {

/// What the probes of the ceilings section reached, by variant (results/README.md has the schema):
/// a rate in operations or bytes per second, or seconds per construct where a probe does no work
/// but forks and joins. A ceiling is that of the best launch, because what disturbs a machine can
/// only lower it; the cost of a construct is the median over launches, because kernels pay it as it
/// comes.
Json ceilings_json(const SectionPlan& section, const Evidence& evidence);

/// Whether the arm's operands come from memory: its setting `cache` is cold.
bool is_cold(const Arm& arm);

/// What bounds one cell: a rate that a probe reached in the same run.
struct Ceiling {
  std::string probe;
  int threads = 1;
  std::optional<std::int64_t> kib;  // that each thread went through; null beyond the caches
  bool of_bytes = false;            // the rate counts bytes, else operations
  double per_second = 0;
};

/// The ceiling of an arm that does that work: at its thread count, or at the largest one measured
/// below it. Of a probe of memory, where the operands live: cold ones in memory, warm ones where
/// the probe went through no more than each thread's share of them, or through the least. That may
/// be a faster level than theirs and is no slower one, so that it is a bound in any case. Nullopt
/// where that was not measured.
std::optional<Ceiling> ceiling_of(const Json& ceilings, const std::string& probe, const Arm& arm,
                                  const Work& work);

/// Null for nullopt.
Json to_json(const std::optional<Ceiling>& ceiling);

}  // namespace crossover::harness
