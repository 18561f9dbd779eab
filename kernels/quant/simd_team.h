#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "kernels/core/parallel.h"
#include "kernels/quant/matmul_q8.h"
#include "kernels/quant/simd_code.h"

namespace crossover::kernels::quant {

/// How the weights reach the registers.
enum class Path {
  rows,       // read where they lie in the file, for few rows of A
  panels,     // packed in the call, a panel at a time, for all rows of a thread
  prepacked,  // packed before
};

/// C is cut into rows x cols pieces, one for each thread.
struct Split {
  Index rows = 1;
  Index cols = 1;

  Index pieces() const { return rows * cols; }
};

/// How a team computes one product.
struct TeamPlan {
  const Code* code = nullptr;
  Path path = Path::rows;
  Problem problem;
  int threads = 1;
  Split split;
};

/// The plan with the fewest rows of panels for the busiest thread; packing a panel counts as some
/// rows of it.
TeamPlan plan_team(const Code& code, Path path, const Problem& problem, int threads);

/// Path::rows or Path::panels, whichever is faster for so many rows of A.
Path choose_path(const Code& code, const Problem& problem);

/// "avx512vnni 6x32 panels"
std::string code_path(const TeamPlan& plan);

std::size_t workspace_bytes(const TeamPlan& plan);

/// Panels of n columns, each k/32 blocks.
Index panel_blocks(const Problem& problem);

/// Packs all of W; panels [panel_blocks]. Each thread packs a share of its columns: what it will
/// read itself, and what thus lies near it, unless rows of C are shared out, too.
void pack_all(const TeamPlan& plan, const MatrixBatch<const BlockQ8>& w, PanelBlock* panels);

/// Runs the product: all threads quantise A, wait for each other, and compute a piece of C each.
/// `panels` is what pack_all() made, or null where the path is another.
void multiply_with_team(const TeamPlan& plan, const Args& args, const PanelBlock* panels,
                        std::span<std::byte> workspace, const ParallelPolicy& policy);

}  // namespace crossover::kernels::quant
