#include "kernels/attention/simd_team.h"

#include <array>
#include <atomic>
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/attention/variants.h"
#include "kernels/core/spin_barrier.h"

namespace crossover::kernels::attention {
namespace {

Problem problem_of(const Args& args) {
  return {args.o.batch, args.heads,    args.kv_heads, args.o.rows,
          args.k.rows,  args.head_dim, args.mask};
}

class Team {
 public:
  Team(const Plan& plan, const Args& args, std::span<std::byte> workspace, int threads)
      : plan_(plan),
        args_(args),
        rows_(args.o.rows * group_of(args)),
        items_(args.o.batch * args.kv_heads),
        thread_elements_(thread_elements(plan, problem_of(args))),
        threads_(threads),
        workspace_(reinterpret_cast<float*>(workspace.data())),
        partials_(workspace_ + threads * thread_elements_),
        barrier_(threads) {}

  void work(int thread) {
    if (plan_.path != Path::stream) return work_on_blocks(thread);
    if (plan_.key_parts == 1) {
      const Range items = share(items_, threads_, thread);
      for (Index item = items.begin; item < items.end; ++item) stream_whole(item, thread);
      return;
    }
    const Range parts = share(items_ * plan_.key_parts, threads_, thread);
    for (Index part = parts.begin; part < parts.end; ++part) stream_part(part, thread);
    barrier_.arrive_and_wait();
    const Range items = share(items_, threads_, thread);
    for (Index item = items.begin; item < items.end; ++item) merge(item);
  }

 private:
  float* thread_workspace(int thread) const { return workspace_ + thread * thread_elements_; }

  RowBlock whole(Index item) const {
    return {item / args_.kv_heads, item % args_.kv_heads, {0, rows_}};
  }

  // Under a causal mask the last rows see most keys, and are dealt first.
  void work_on_blocks(int thread) {
    const Index blocks = ceil_div(rows_, plan_.rows);
    const Index all = items_ * blocks;
    const auto attend = [&](Index n) {
      RowBlock block = whole(n / blocks);
      block.rows = share(rows_, blocks, blocks - 1 - n % blocks, plan_.tiles.lanes);
      attend_tiled(plan_, args_, block, thread_workspace(thread));
    };
    if (items_ % threads_ == 0) {
      const Range mine = share(all, threads_, thread);
      for (Index n = mine.begin; n < mine.end; ++n) attend(n);
    } else {
      for (Index n = next_++; n < all; n = next_++) attend(n);
    }
  }

  void stream_whole(Index item, int thread) {
    const RowBlock block = whole(item);
    std::array<float, most_block_rows> largest;
    std::array<float, most_block_rows> sums;
    std::array<float*, most_block_rows> out;
    for (Index r = 0; r < rows_; ++r) out[r] = out_row(args_, block, r);
    const PartialRows result{largest.data(), sums.data(), out.data()};
    attend_streamed(plan_, args_, block, {0, args_.k.rows}, result, thread_workspace(thread));
    divide_rows(plan_, result, rows_, args_.head_dim);
  }

  // Behind the results of a part stand the largest scores and the sums of its rows.
  float* partial(Index part) const {
    return partials_ + part * round_up(plan_.rows * (args_.head_dim + 2), 16);
  }

  void stream_part(Index part, int thread) {
    const RowBlock block = whole(part / plan_.key_parts);
    const Range seen = seen_keys(args_, block.rows).by_any;
    Range keys = share(seen.size(), plan_.key_parts, part % plan_.key_parts, 16);
    keys = {keys.begin + seen.begin, keys.end + seen.begin};
    float* const results = partial(part);
    float* const largest = results + rows_ * args_.head_dim;
    std::array<float*, most_block_rows> out;
    for (Index r = 0; r < rows_; ++r) out[r] = results + r * args_.head_dim;
    attend_streamed(plan_, args_, block, keys, {largest, largest + rows_, out.data()},
                    thread_workspace(thread));
  }

  void merge(Index item) const {
    const RowBlock block = whole(item);
    for (Index r = 0; r < rows_; ++r) merge_row(item, r, out_row(args_, block, r));
  }

  void merge_row(Index item, Index row, float* out) const {
    const Index d = args_.head_dim;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    float largest = -infinity;
    const auto largest_of = [&](Index part) {
      return partial(item * plan_.key_parts + part)[rows_ * d + row];
    };
    for (Index part = 0; part < plan_.key_parts; ++part) {
      largest = std::max(largest, largest_of(part));
    }
    const float shift = largest == -infinity ? 0 : largest;
    std::fill_n(out, d, 0.0F);
    float sum = 0;
    for (Index part = 0; part < plan_.key_parts; ++part) {
      const float* const results = partial(item * plan_.key_parts + part);
      const float factor = std::exp(largest_of(part) - shift);
      sum += factor * results[rows_ * (d + 1) + row];
      for (Index p = 0; p < d; ++p) out[p] += factor * results[row * d + p];
    }
    const float inverse = sum == 0 ? 0 : 1 / sum;
    for (Index p = 0; p < d; ++p) out[p] *= inverse;
  }

  const Plan& plan_;
  const Args& args_;
  Index rows_;
  Index items_;
  Index thread_elements_;
  int threads_;
  float* workspace_;
  float* partials_;
  SpinBarrier barrier_;
  alignas(64) std::atomic<Index> next_ = 0;
};

}  // namespace

std::size_t team_workspace_bytes(const Plan& plan, const Problem& problem,
                                 const ParallelPolicy& policy) {
  const Index elements =
      thread_elements(plan, problem) * policy.threads + partial_elements(plan, problem);
  return static_cast<std::size_t>(elements) * sizeof(float);
}

void attend_with_team(const Plan& plan, const Args& args, std::span<std::byte> workspace,
                      const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  if (args.o.batch * args.heads * args.o.rows == 0) return;
  Team team(plan, args, workspace, policy.threads);
  parallel_region(policy, [&](int thread, int) { team.work(thread); });
}

}  // namespace crossover::kernels::attention
