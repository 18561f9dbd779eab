#include "kernels/attention/simd_plan.h"

#include <fmt/format.h>
#include <numeric>

#include "kernels/core/cpu_caches.h"

namespace crossover::kernels::attention {
namespace {

constexpr Index float_bytes = sizeof(float);
constexpr Index line_floats = 16;

constexpr Index most_streamed_rows = 8;
constexpr Index flash_keys = 128;
constexpr Index stream_keys = 256;
constexpr Index least_keys_of_part = 64;

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
  const Index most = std::min(most_block_rows, plan.tiles.cols);
  const Index blocks =
      std::max(ceil_div(rows, most), items % threads == 0 ? 1 : ceil_div(threads, items));
  return round_up(ceil_div(std::max<Index>(rows, 1), std::max<Index>(blocks, 1)), plan.tiles.lanes);
}

}  // namespace

Plan choose_plan(const Problem& problem, int threads, std::optional<Path> path) {
  Plan plan;
  const Index rows = problem.query_len * group_of(problem);
  if (!path && rows <= most_streamed_rows) path = Path::stream;
  plan.path = path.value_or(Path::flash);
  if (plan.path == Path::stream) {
    plan.rows = rows;
    plan.keys = std::min(round_up(std::max<Index>(problem.key_len, 1), line_floats), stream_keys);
    const Index items = std::max<Index>(1, problem.batch * problem.kv_heads);
    const Index even = threads / std::gcd<Index, Index>(items, threads);
    plan.key_parts = std::clamp<Index>(problem.key_len / least_keys_of_part, 1, even);
    return plan;
  }
  plan.rows = block_rows(plan, problem, rows, threads);
  plan.keys = plan.path == Path::blocked ? problem.key_len : std::min(problem.key_len, flash_keys);
  return plan;
}

std::string code_path(const Plan& plan) {
  return fmt::format("{} {} {}x{}", plan.tiles.name, to_string(plan.path), plan.rows, plan.keys);
}

Index thread_elements(const Plan& plan, const Problem& problem) {
  if (plan.path == Path::stream) {
    return round_up(plan.rows * (plan.keys + 2 * line_floats + problem.head_dim), line_floats);
  }
  constexpr Index states = 5;  // largest, sums, factors, begins, ends
  return round_up(plan.rows * (problem.head_dim + plan.keys + states), line_floats);
}

Index partial_elements(const Plan& plan, const Problem& problem) {
  if (plan.key_parts == 1) return 0;
  const Index of_part = round_up(plan.rows * (problem.head_dim + 2), line_floats);
  return problem.batch * problem.kv_heads * plan.key_parts * of_part;
}

}  // namespace crossover::kernels::attention
