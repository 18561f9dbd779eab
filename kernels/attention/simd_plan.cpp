#include "kernels/attention/simd_plan.h"

#include <fmt/format.h>
#include <numeric>

#include "kernels/core/cpu_caches.h"

namespace crossover::kernels::attention {
namespace {

constexpr Index float_bytes = sizeof(float);
constexpr Index line_floats = 16;

// Up to so many rows, dot products are no slower than tiles, which are at least a vector wide, and
// read keys and values in the order of memory.
constexpr Index most_streamed_rows = 8;

// Their scores and a panel of values are 64 KiB beside 32 rows. With 128 keys, which fit L1, there
// are twice as many results to rescale and tiles to start: 4% slower at 1024 keys.
constexpr Index flash_keys = 256;

// Keys are read once for each block of rows. 64 rows are no faster than 32.
constexpr Index least_rows = 32;

// Scores of one row take 1 KiB, so that the values find them in L1.
constexpr Index stream_keys = 256;

// A part of a thread that is shorter would not pay for its barrier and for merging it.
constexpr Index least_keys_of_part = 64;

// All scores of a block of rows may take a quarter of L2: keys and values pass by beside them. At
// 1024 keys blocked is 2% faster than flash, at 4096 no more.
Index most_blocked_keys(Index rows) {
  return static_cast<Index>(cpu_caches().level2) / 4 / (rows * float_bytes);
}

// Copying a key and its value costs about as much as one block's use of them.
constexpr Index least_blocks_that_pay_for_copies = 4;

std::string_view to_string(Path path) {
  switch (path) {
    case Path::blocked:
      return "blocked";
    case Path::flash:
      return "flash";
    case Path::stream:
      return "stream";
  }
  return "";
}

// Equal blocks of whole vectors, at least one for each thread where there are too few heads.
Index block_rows(const Plan& plan, const Problem& problem, Index rows, int threads) {
  const Index items = std::max<Index>(1, problem.batch * problem.kv_heads);
  const Index most = std::clamp(plan.tiles.cols, least_rows, most_block_rows);
  const Index blocks =
      std::max(ceil_div(rows, most), items % threads == 0 ? 1 : ceil_div(threads, items));
  return round_up(ceil_div(std::max<Index>(rows, 1), std::max<Index>(blocks, 1)), plan.tiles.lanes);
}

}  // namespace

Plan choose_plan(const Problem& problem, int threads, std::optional<Path> path) {
  Plan plan;
  const Index rows = problem.query_len * group_of(problem);
  const Index rows_of_block = block_rows(plan, problem, rows, threads);
  if (!path) {
    const bool few_keys = problem.key_len <= most_blocked_keys(rows_of_block);
    path = rows <= most_streamed_rows ? Path::stream : few_keys ? Path::blocked : Path::flash;
  }
  plan.path = *path;
  if (plan.path == Path::stream) {
    plan.rows = rows;
    plan.keys = std::min(round_up(std::max<Index>(problem.key_len, 1), line_floats), stream_keys);
    const Index items = std::max<Index>(1, problem.batch * problem.kv_heads);
    const Index even = threads / std::gcd<Index, Index>(items, threads);
    plan.key_parts = std::clamp<Index>(problem.key_len / least_keys_of_part, 1, even);
    return plan;
  }
  plan.rows = rows_of_block;
  plan.keys = plan.path == Path::blocked ? problem.key_len : std::min(problem.key_len, flash_keys);
  const bool whole_heads = problem.batch * problem.kv_heads % threads == 0;
  plan.may_copy_keys = whole_heads && rows >= least_blocks_that_pay_for_copies * plan.rows;
  return plan;
}

std::string code_path(const Plan& plan) {
  return fmt::format("{} {} {}x{}", plan.tiles.name, to_string(plan.path), plan.rows, plan.keys);
}

Index thread_elements(const Plan& plan, const Problem& problem) {
  if (plan.path == Path::stream) {
    return round_up(plan.rows * (plan.keys + 2 * line_floats), line_floats);
  }
  constexpr Index states = 5;  // largest, sums, factors, begins, ends
  return round_up(plan.rows * (problem.head_dim + plan.keys + states), line_floats) +
         copied_key_elements(plan, problem);
}

Index copied_key_elements(const Plan& plan, const Problem& problem) {
  if (!plan.may_copy_keys) return 0;
  return 2 * problem.key_len * copied_key_stride(problem.head_dim);
}

Index partial_elements(const Plan& plan, const Problem& problem) {
  if (plan.key_parts == 1) return 0;
  const Index of_part = round_up(plan.rows * (problem.head_dim + 2), line_floats);
  return problem.batch * problem.kv_heads * plan.key_parts * of_part;
}

}  // namespace crossover::kernels::attention
