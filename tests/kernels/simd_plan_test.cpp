#include "kernels/matmul/simd_plan.h"

#include <array>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <set>
#include <vector>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/partition.h"
#include "tests/kernels/matmul_case.h"

// Whether the paths of `simd` meet without a cliff is asked of the plan, not of a clock.
namespace crossover::kernels::test {
namespace {

using matmul::Blocking;
using matmul::choose_blocking;
using matmul::Layout;
using matmul::Path;
using matmul::Problem;
using matmul::Split;

Blocking blocking_of(const Problem& problem) {
  return choose_blocking(matmul::tile_kernels(), problem, problem.n);
}

Problem any_problem() {
  const auto extent = [] {
    return *rc::gen::map(rc::gen::inRange(0, 14000), [](int x) { return Index{x}; });
  };
  return {1, extent(), extent(), extent(), *rc::gen::element(Layout::ab, Layout::abt)};
}

/// What is left for the last block along an extent, as a share of a whole block.
double rest(Index extent, Index block) {
  if (extent == 0) return 1;
  const Index last = extent - (ceil_div(extent, block) - 1) * block;
  return static_cast<double>(last) / static_cast<double>(block);
}

std::string describe(const Problem& p) {
  return fmt::format("{}x{}x{} {}", p.m, p.n, p.k, p.layout == Layout::abt ? "abt" : "ab");
}

TEST(SimdPlan, BlocksFitTheCachesThatTheyAreMeantFor) {
  const auto level2 = static_cast<Index>(cpu_caches().level2);
  const auto level3 = static_cast<Index>(cpu_caches().level3);
  EXPECT_TRUE(rc::check([&] {
    const Problem problem = any_problem();
    const Blocking blocking = blocking_of(problem);
    const Index float_bytes = sizeof(float);
    if (blocking.path == Path::blocks) {
      RC_ASSERT(blocking.depth * blocking.cols * float_bytes <= level2);
    }
    if (blocking.path == Path::packed) {
      RC_ASSERT(blocking.depth * blocking.rows * float_bytes <= level2);
      RC_ASSERT(blocking.depth * blocking.cols * float_bytes <= level3);
    }
  }));
}

// Of k, a short last block would pay for its loads and stores of C with little work. Of columns,
// each block pays for another pass over A: blocks of whole tiles are as even as their number
// allows, if none could be a tile narrower without one more of them.
bool blocks_are_even(const Problem& problem) {
  const Blocking blocking = blocking_of(problem);
  if (blocking.path != Path::blocks && blocking.path != Path::packed) return true;
  const Index narrower = blocking.cols - matmul::tile_kernels().cols;
  const bool as_few =
      narrower == 0 || ceil_div(problem.n, narrower) > ceil_div(problem.n, blocking.cols);
  return as_few && rest(problem.k, blocking.depth) >= 0.5;
}

TEST(SimdPlan, BlocksAreEven) {
  EXPECT_TRUE(rc::check([] { RC_ASSERT(blocks_are_even(any_problem())); }));
  // On caches of 1 MiB nine blocks, of which the last has 40% of the columns: eight would not fit.
  EXPECT_TRUE(blocks_are_even({1, 13, 4033, 390}));
}

// Growing along one extent, the path changes a few times and never goes back and forth, but for the
// sizes whose rows collide in the caches and the rows that tiles of AVX-512 read in long runs.
TEST(SimdPlan, PathsChangeRarelyAlongAnExtent) {
  for (const auto& [n, k] : std::vector<std::pair<Index, Index>>{
           {16, 16}, {64, 64}, {768, 768}, {1152, 768}, {13824, 5120}, {1024, 1024}}) {
    for (const Layout layout : {Layout::ab, Layout::abt}) {
      std::vector<Path> paths;
      for (Index m = 1; m <= 2048; ++m) {
        const Path path = blocking_of({1, m, n, k, layout}).path;
        if (paths.empty() || paths.back() != path) paths.push_back(path);
      }
      EXPECT_LE(paths.size(), 3u) << n << "x" << k;
      EXPECT_EQ(std::set<Path>(paths.begin(), paths.end()).size(), paths.size()) << n << "x" << k;
    }
  }
}

TEST(SimdPlan, EachPathIsTakenWhereItBelongs) {
  const auto level2 = static_cast<Index>(cpu_caches().level2 / sizeof(float));
  const auto level3 = static_cast<Index>(cpu_caches().level3 / sizeof(float));
  EXPECT_EQ(blocking_of({1, 32, 32, 32}).path, Path::whole);
  EXPECT_EQ(blocking_of({1, 1, 2 * level3 / 1000 + 8, 1000}).path, Path::stream);
  EXPECT_EQ(blocking_of({1, 1, 1000, 1000}).path, Path::whole);
  EXPECT_EQ(blocking_of({1, 1, 16 * level2 / 1000, 1000}).path, Path::stream);
  EXPECT_EQ(blocking_of({1, 12, 1024, level2 / 512}).path, Path::stream);
  EXPECT_EQ(blocking_of({1, 24, level3 / 1000 + 8, 1000}).path, Path::stream);
  EXPECT_EQ(blocking_of({1, 32, level3 / 1000 + 8, 1000}).path, Path::packed);
  EXPECT_EQ(blocking_of({1, 4, 1000, 1000, Layout::abt}).path, Path::dots);
  EXPECT_EQ(blocking_of({1, 32, 1000, 1000, Layout::abt}).path, Path::dots);
  EXPECT_EQ(blocking_of({1, 32, 1000, 1024, Layout::abt}).path, Path::flipped);
  EXPECT_EQ(blocking_of({1, 65, 1000, 1024, Layout::abt}).path, Path::packed);
  EXPECT_EQ(blocking_of({1, 2000, 2000, 2000}).path, Path::packed);
  EXPECT_EQ(blocking_of({1, 2000, 2000, 2000, Layout::abt}).path, Path::packed);
  EXPECT_EQ(blocking_of({1, 64, level2 / 512 + 16, 528}).path, Path::blocks);
}

// A copy of A, of B, or of both; Path::flipped: of A's transpose and of C's.
TEST(SimdPlan, WorkspaceIsBoundedByWhatIsCopied) {
  const auto& tiles = matmul::tile_kernels();
  EXPECT_TRUE(rc::check([&] {
    const Problem p = any_problem();
    const Blocking blocking = blocking_of(p);
    const auto elements =
        static_cast<Index>(matmul::block_workspace_bytes(tiles, blocking) / sizeof(float));
    const Index padded_a = (p.k + 16) * (p.m + tiles.rows);
    const Index padded_b = (p.k + 16) * (p.n + tiles.cols);
    if (blocking.path == Path::flipped) {
      RC_ASSERT(elements <= (p.m + tiles.cols) * (p.k + p.n + 16));
    } else {
      RC_ASSERT(elements <= padded_a + padded_b);
    }
  }));
}

/// Whether the largest piece is at most twice a fair share of C in rows of whole granules.
bool is_fair(const Problem& problem, const Problem& largest, Index threads, Index granule) {
  const auto granules = [&](const Problem& p) { return p.batch * p.m * ceil_div(p.n, granule); };
  return granules(largest) <= 2 * ceil_div(granules(problem), threads);
}

// Pieces cover C once, none is larger than the plan's largest one, and the largest is not much
// larger than a fair share.
TEST(SimdPlan, SplitsAreFairAndCoverC) {
  EXPECT_TRUE(rc::check([] {
    const auto threads = *rc::gen::inRange<Index>(1, 129);
    const auto granule = *rc::gen::element<Index>(8, 16, 32);
    Problem problem = any_problem();
    problem.batch = *rc::gen::inRange<Index>(0, 5);
    const Split split = matmul::choose_split(problem, threads, granule);
    RC_ASSERT(split.pieces() <= threads);
    const Problem largest = matmul::largest_piece(problem, split, granule);
    RC_ASSERT(is_fair(problem, largest, threads, granule));
    Index cols = 0;
    for (Index part = 0; part < split.cols; ++part) {
      const Range range = share(problem.n, split.cols, part, granule);
      RC_ASSERT(range.size() <= largest.n);
      cols += range.size();
    }
    RC_ASSERT(cols == problem.n);
    for (Index part = 0; part < split.rows; ++part) {
      RC_ASSERT(share(problem.m, split.rows, part).size() <= largest.m);
    }
  }));
}

TEST(SimdPlan, TwoThreadsHalveALargeProduct) {
  for (const Index size : {64, 100, 256, 1000}) {
    const Problem problem{1, size, size, size};
    const Split split = matmul::choose_split(problem, 2, 16);
    const Problem largest = matmul::largest_piece(problem, split, 16);
    EXPECT_LE(largest.m * largest.n, size * size * 6 / 10) << describe(problem);
  }
}

TEST(SimdPlan, DescribesTilesAndBlocks) {
  const std::string text = matmul::describe_blocking();
  EXPECT_NE(text.find(matmul::tile_kernels().name), std::string::npos) << text;
  EXPECT_NE(text.find(std::to_string(cpu_caches().level2 / 1024)), std::string::npos) << text;
}

}  // namespace
}  // namespace crossover::kernels::test
