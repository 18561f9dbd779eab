#include "kernels/quant/simd_team.h"

#include <cassert>
#include <limits>

#include "kernels/core/spin_barrier.h"
#include "kernels/quant/variants.h"

namespace crossover::kernels::quant {
namespace {

// What packing a panel costs in rows of it: 17 ns per 32 columns of a block against 2.8 ns for a
// row of them (AVX-512 on Zen 5).
constexpr Index rows_per_packing = 6;

constexpr Index columns_in_place = 4;  // what multiply_rows takes at a time

Index blocks_of(const Problem& problem) { return problem.k / block_values; }

/// What the columns of a piece are a multiple of.
Index granule(Path path) { return path == Path::rows ? columns_in_place : panel_cols; }

std::size_t whole_lines(Index bytes) { return static_cast<std::size_t>(round_up(bytes, 64)); }

std::size_t values_bytes(const Problem& p) { return whole_lines(p.m * p.k); }
std::size_t numbers_bytes(const Problem& p) { return whole_lines(4 * p.m * blocks_of(p)); }
std::size_t offsets_8_bytes(const TeamPlan& plan) {
  return plan.path == Path::rows ? whole_lines(plan.problem.m * plan.problem.k) : 0;
}
std::size_t panel_bytes(const TeamPlan& plan) {
  return plan.path == Path::panels
             ? static_cast<std::size_t>(blocks_of(plan.problem)) * sizeof(PanelBlock)
             : 0;
}

/// A workspace cut into its parts.
struct Memory {
  QuantisedRows rows;
  std::byte* panels;  // one for each piece

  Memory(const TeamPlan& plan, std::span<std::byte> workspace) {
    std::byte* at = workspace.data();
    const auto take = [&](std::size_t bytes) {
      std::byte* part = at;
      at += bytes;
      return part;
    };
    const Problem& p = plan.problem;
    rows.rows = p.m;
    rows.blocks = blocks_of(p);
    rows.values = reinterpret_cast<std::int8_t*>(take(values_bytes(p)));
    rows.scales = reinterpret_cast<float*>(take(numbers_bytes(p)));
    rows.offsets = reinterpret_cast<std::int32_t*>(take(numbers_bytes(p)));
    if (plan.path == Path::rows) {
      rows.offsets_8 = reinterpret_cast<std::int32_t*>(take(offsets_8_bytes(plan)));
    }
    panels = at;
  }
};

/// The thread's share of the blocks of A, row by row.
void quantise_share(const TeamPlan& plan, const MatrixBatch<const float>& a, int thread,
                    int threads, const QuantisedRows& to) {
  const Range all = share(a.rows * to.blocks, threads, thread, 8);
  for (Index at = all.begin; at < all.end;) {
    const Index row = at / to.blocks;
    const Index end = std::min(all.end, (row + 1) * to.blocks);
    plan.code->quantise(a.row(0, row), row, {at - row * to.blocks, end - row * to.blocks}, to);
    at = end;
  }
}

WeightRows weights_of(const MatrixBatch<const BlockQ8>& w, Range cols) {
  return {w.row(0, cols.begin), w.row_stride, cols.size(), w.cols};
}

void multiply_in_place(const TeamPlan& plan, const Args& args, const QuantisedRows& a, Range rows,
                       Range cols) {
  QuantisedRows own = a;
  own.rows = rows.size();
  own.values += rows.begin * a.blocks * block_values;
  own.scales += rows.begin * a.blocks;
  own.offsets += rows.begin * a.blocks;
  own.offsets_8 += rows.begin * a.blocks * (block_values / 4);
  plan.code->multiply_rows(weights_of(args.w, cols), own,
                           {args.c.row(0, rows.begin) + cols.begin, args.c.row_stride});
}

void multiply_panels(const TeamPlan& plan, const Args& args, const QuantisedRows& a, Range rows,
                     Range cols, const PanelBlock* packed, PanelBlock* own) {
  for (Index col = cols.begin; col < cols.end; col += panel_cols) {
    const Range of = {col, std::min(cols.end, col + panel_cols)};
    if (packed == nullptr) plan.code->pack(weights_of(args.w, of), own);
    const PanelBlock* panel =
        packed == nullptr ? own : packed + col / panel_cols * blocks_of(plan.problem);
    const bool more = packed != nullptr && of.end < cols.end;
    const PanelBlock* next = more ? panel + blocks_of(plan.problem) : nullptr;
    plan.code->multiply_panel(panel, next, a, rows, of.size(),
                              {args.c.data + col, args.c.row_stride});
  }
}

}  // namespace

TeamPlan plan_team(const Code& code, Path path, const Problem& problem, int threads) {
  TeamPlan plan{&code, path, problem, threads, {}};
  const Index col_units = ceil_div(problem.n, granule(path));
  const Index packing = path == Path::panels ? rows_per_packing : 0;
  Index least = std::numeric_limits<Index>::max();
  for (Index row_parts = 1; row_parts <= std::min<Index>(threads, std::max<Index>(1, problem.m));
       ++row_parts) {
    const Index col_parts = std::max<Index>(1, std::min(threads / row_parts, col_units));
    const Index cost = ceil_div(col_units, col_parts) * (ceil_div(problem.m, row_parts) + packing);
    if (cost < least) {
      least = cost;
      plan.split = {row_parts, col_parts};
    }
  }
  return plan;
}

Path choose_path(const Code& code, const Problem& problem) {
  return problem.m <= code.most_rows_in_place ? Path::rows : Path::panels;
}

std::string code_path(const TeamPlan& plan) {
  constexpr const char* names[] = {" rows", " panels", " prepacked"};
  return std::string(plan.code->name) + names[static_cast<int>(plan.path)];
}

std::size_t workspace_bytes(const TeamPlan& plan) {
  return values_bytes(plan.problem) + 2 * numbers_bytes(plan.problem) + offsets_8_bytes(plan) +
         static_cast<std::size_t>(plan.split.pieces()) * panel_bytes(plan);
}

Index panel_blocks(const Problem& problem) {
  return ceil_div(problem.n, panel_cols) * blocks_of(problem);
}

void pack_all(const TeamPlan& plan, const MatrixBatch<const BlockQ8>& w, PanelBlock* panels) {
  const Index parts = plan.split.cols;
  parallel_region({static_cast<int>(parts)}, [&](int thread, int threads) {
    for (Index part = thread; part < parts; part += threads) {
      const Range cols = share(w.rows, parts, part, panel_cols);
      for (Index col = cols.begin; col < cols.end; col += panel_cols) {
        plan.code->pack(weights_of(w, {col, std::min(cols.end, col + panel_cols)}),
                        panels + col / panel_cols * w.cols);
      }
    }
  });
}

void multiply_with_team(const TeamPlan& plan, const Args& args, const PanelBlock* panels,
                        std::span<std::byte> workspace, const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const Memory memory(plan, workspace);
  const Index pieces = plan.split.pieces();
  const int team = std::max(plan.threads, 1);
  SpinBarrier barrier(team);
  parallel_region(policy.with_threads(team), [&](int thread, int threads) {
    quantise_share(plan, args.a, thread, threads, memory.rows);
    if (threads == team) {
      barrier.arrive_and_wait();
    } else {
#pragma omp barrier  // OpenMP granted fewer threads than the spinning one would wait for
    }
    for (Index piece = thread; piece < pieces; piece += threads) {
      const Range rows = share(args.c.rows, plan.split.rows, piece % plan.split.rows);
      const Range cols =
          share(args.c.cols, plan.split.cols, piece / plan.split.rows, granule(plan.path));
      if (rows.size() == 0 || cols.size() == 0) continue;
      if (plan.path == Path::rows) {
        multiply_in_place(plan, args, memory.rows, rows, cols);
      } else {
        std::byte* own = memory.panels + static_cast<std::size_t>(piece) * panel_bytes(plan);
        multiply_panels(plan, args, memory.rows, rows, cols, panels,
                        reinterpret_cast<PanelBlock*>(own));
      }
    }
  });
}

}  // namespace crossover::kernels::quant
