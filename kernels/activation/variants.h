#pragma once

#include <string>

#include "kernels/activation/piece.h"
#include "kernels/core/row_team.h"

namespace crossover::kernels::activation {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
extern const Kernel parallel;
extern const Kernel simd;
extern const Kernel simd_parallel;

/// What every variant makes of its problem.
struct Plan : Prepared {
  Plan(Loop chosen, Gated is_gated, std::optional<std::string> path)
      : loop(chosen), gated(is_gated), path_name(std::move(path)) {}

  std::optional<std::string> code_path() const override { return path_name; }

  Loop loop;
  Gated gated;
  std::optional<std::string> path_name;
};

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> always_supported(const Problem&) { return std::nullopt; }
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// What every variant asserts.
inline bool is_valid(const Args& args, Gated gated) {
  return same_shape<float>(args.x, args.y) &&
         (gated == Gated::none || same_shape<float>(args.x, args.up));
}

/// The whole call on one thread.
inline void run_serial(const Args& args, const Plan& plan) {
  const Args flat = flattened(args, plan.gated);
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index i = 0; i < flat.x.rows; ++i) {
      plan.loop(piece_of(flat, plan.gated, i, 0, flat.x.cols));
    }
  });
}

/// The whole call on a team, as many elements for each thread.
inline void run_parallel(const Args& args, const Plan& plan, const ParallelPolicy& policy) {
  const Args flat = flattened(args, plan.gated);
  const RowShares shares(flat.x.rows, flat.x.cols, policy.threads);
  parallel_region(policy, [&](int thread, int threads) {
    for (int part = thread; part < policy.threads; part += threads) {
      shares.for_each_piece(part, [&](Index row, Range cols, Index) {
        plan.loop(piece_of(flat, plan.gated, row, cols.begin, cols.size()));
      });
    }
  });
}

}  // namespace crossover::kernels::activation
