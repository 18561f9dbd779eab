#pragma once

#include "kernels/attention/simd_loops.h"

namespace crossover::kernels::attention {

/// A plan that was made in prepare().
struct Planned : Prepared {
  explicit Planned(const Plan& chosen) : plan(chosen) {}
  std::optional<std::string> code_path() const override { return attention::code_path(plan); }

  Plan plan;
};

/// Bytes of workspace of attend_with_team().
std::size_t team_workspace_bytes(const Plan& plan, const Problem& problem,
                                 const ParallelPolicy& policy);

/// The whole attention on a team. Blocks of rows are dealt in equal shares where heads divide
/// evenly among threads, else one by one; with streams the keys of a head are cut where heads are
/// too few, and the parts are merged behind a barrier.
void attend_with_team(const Plan& plan, const Args& args, std::span<std::byte> workspace,
                      const ParallelPolicy& policy);

}  // namespace crossover::kernels::attention
