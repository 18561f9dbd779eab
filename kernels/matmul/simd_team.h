#pragma once

#include "kernels/matmul/simd_loops.h"

namespace crossover::kernels::matmul {

/// A product cut into pieces, and how each piece is multiplied.
struct TeamPlan {
  const TileKernels& tiles;
  Split split;
  Index granule = 1;  // the columns of every piece but the last are a multiple of it
  Blocking blocking;  // of the largest piece
};

/// Bytes of workspace for multiply_with_team().
std::size_t team_workspace_bytes(const TeamPlan& plan);

/// Computes the family's definition, one piece per thread; on the calling thread alone where there
/// is one piece. `panels` is B where the path is Path::prepacked, else nullptr.
void multiply_with_team(const TeamPlan& plan, const Args& args, const PanelsOfB* panels,
                        std::span<std::byte> workspace, const ParallelPolicy& policy);

}  // namespace crossover::kernels::matmul
