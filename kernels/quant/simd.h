#pragma once

#include "kernels/quant/simd_team.h"
#include "kernels/quant/variants.h"

namespace crossover::kernels::quant {

/// What a product with W as it lies in the file needs in every run.
struct TeamPrepared : Prepared {
  explicit TeamPrepared(const TeamPlan& team) : plan(team) {}

  std::optional<std::string> code_path() const override { return quant::code_path(plan); }

  TeamPlan plan;
};

inline void run_with_team(const Args& args, const Prepared& prepared,
                          std::span<std::byte> workspace, const ParallelPolicy& policy) {
  multiply_with_team(static_cast<const TeamPrepared&>(prepared).plan, args, nullptr, workspace,
                     policy);
}

}  // namespace crossover::kernels::quant
