#include "kernels/matmul/simd_team.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "kernels/core/partition.h"
#include "kernels/core/spin_barrier.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

TEST(SpinBarrier, NobodyIsAheadOfAnybody) {
  constexpr int members = 3;
  constexpr int rounds = 200;
  SpinBarrier barrier(members);
  std::vector<std::atomic<int>> round(members);
  std::atomic<bool> ahead = false;
  std::vector<std::thread> threads;
  for (int member = 0; member < members; ++member) {
    threads.emplace_back([&, member] {
      for (int i = 1; i <= rounds; ++i) {
        round[static_cast<std::size_t>(member)] = i;
        barrier.arrive_and_wait();
        for (const std::atomic<int>& other : round) {
          if (other < i) ahead = true;
        }
        barrier.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(ahead);
}

TEST(SpinBarrier, OneMemberNeverWaits) {
  SpinBarrier barrier(1);
  for (int i = 0; i < 3; ++i) barrier.arrive_and_wait();
}

// Every way of cutting one packed product, shared copies of B included.
TEST(SimdTeam, AnySplitGivesTheProduct) {
  const matmul::TileKernels& tiles = matmul::tile_kernels();
  for (const matmul::Layout layout : {matmul::Layout::ab, matmul::Layout::abt}) {
    for (const matmul::Split split : {matmul::Split{1, 1, 1}, matmul::Split{1, 2, 1},
                                      matmul::Split{1, 3, 2}, matmul::Split{2, 2, 2}}) {
      const MatmulCase c = {.problem = {2, 61, 150, 700, layout}, .layout = {}};
      const Operands operands(c);
      matmul::TeamPlan plan = {tiles, split, tiles.lanes, {}};
      const matmul::Problem piece = matmul::largest_piece(c.problem, split, tiles.lanes);
      plan.blocking = {.path = matmul::Path::packed,
                       .rows = piece.m,
                       .depth = 256,
                       .cols = round_up(ceil_div(piece.n, 2), tiles.cols),
                       .pack_b = false,
                       .pack_a = true};
      const Workspace workspace(matmul::team_workspace_bytes(plan));
      matmul::multiply_with_team(plan, operands.args(), nullptr, workspace.span(),
                                 {static_cast<int>(split.pieces())});
      const auto why = matmul::why_wrong(operands.args(), 3);
      EXPECT_EQ(why, std::nullopt) << split.rows << "x" << split.cols << ": " << *why;
    }
  }
}

}  // namespace
}  // namespace crossover::kernels::test
