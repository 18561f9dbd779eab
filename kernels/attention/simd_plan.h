#pragma once

#include <string>

#include "kernels/attention/attention.h"
#include "kernels/attention/simd_softmax.h"
#include "kernels/attention/simd_streams.h"
#include "kernels/attention/simd_tiles.h"

namespace crossover::kernels::attention {

enum class Path {
  blocked,  // all scores of a block of rows, then their softmax, then the values
  flash,    // the same for a block of keys after the other; sums and results are rescaled
  stream,   // few rows: dot products, keys and values pass by once
};

/// What the rows of a key-value head are: row r is query r / group of head r % group of the group
/// of heads that share it. Neighbours see almost the same keys.
struct Plan {
  const TileKernels& tiles = tile_kernels();
  const SoftmaxKernels& softmax = softmax_kernels();
  const StreamKernels& streams = stream_kernels();
  Path path = Path::flash;
  Index rows = 0;              // of a block; those that share the keys of one pass
  Index keys = 0;              // of a block
  Index key_parts = 1;         // stream: into so many parts the keys are cut for threads
  bool may_copy_keys = false;  // a thread has all blocks of a head, and enough of them to pay for
                               // copying its keys where their rows collide in the caches
};

/// No block has more rows.
inline constexpr Index most_block_rows = 64;

/// From the sizes and the caches. `path` forces one; blocked and flash know no streams.
Plan choose_plan(const Problem& problem, int threads, std::optional<Path> path);

/// "avx3 12x32 flash 32x128"
std::string code_path(const Plan& plan);

/// Floats from one row of copied keys or values to the next: an odd number of cache lines.
inline Index copied_key_stride(Index head_dim) {
  constexpr Index line = 16;
  return round_up(head_dim, 2 * line) + line;
}

/// Floats of the keys and values of one head, copied; 0 where they never are.
Index copied_key_elements(const Plan& plan, const Problem& problem);

/// Floats that one thread works in, copies included.
Index thread_elements(const Plan& plan, const Problem& problem);

/// Floats of the parts that threads compute of rows whose keys are cut, all of them.
Index partial_elements(const Plan& plan, const Problem& problem);

inline Index group_of(const Problem& problem) {
  return problem.heads == 0 ? 0 : problem.heads / problem.kv_heads;
}

}  // namespace crossover::kernels::attention
