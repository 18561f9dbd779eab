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
        copied_elements_(copied_key_elements(plan, problem_of(args))),
        threads_(threads),
        workspace_(reinterpret_cast<float*>(workspace.data())),
        partials_(workspace_ + threads * thread_elements_),
        barrier_(threads) {}

  /// The part of one of `granted` threads.
  void work(int thread, int granted) {
    if (granted != threads_) {  // nobody may wait for those that are missing
      if (thread == 0) work_alone();
      return;
    }
    if (plan_.path != Path::stream) return work_on_blocks(thread);
    if (plan_.key_parts == 1) return stream_items(share(items_, threads_, thread), thread);
    stream_parts(share(items_ * plan_.key_parts, threads_, thread), thread);
    barrier_.arrive_and_wait();
    merge_items(share(items_, threads_, thread));
  }

 private:
  float* thread_workspace(int thread) const { return workspace_ + thread * thread_elements_; }

  void work_alone() {
    if (plan_.path != Path::stream) return work_on_heads({0, items_}, 0);
    if (plan_.key_parts == 1) return stream_items({0, items_}, 0);
    stream_parts({0, items_ * plan_.key_parts}, 0);
    merge_items({0, items_});
  }

  void stream_items(Range items, int thread) {
    for (Index item = items.begin; item < items.end; ++item) stream_whole(item, thread);
  }
  void stream_parts(Range parts, int thread) {
    for (Index part = parts.begin; part < parts.end; ++part) stream_part(part, thread);
  }
  void merge_items(Range items) const {
    for (Index item = items.begin; item < items.end; ++item) merge(item);
  }

  RowBlock whole(Index item) const {
    return {item / args_.kv_heads, item % args_.kv_heads, {0, rows_}};
  }

  void work_on_blocks(int thread) {
    if (items_ % threads_ == 0) return work_on_heads(share(items_, threads_, thread), thread);
    const Index blocks = ceil_div(rows_, plan_.rows);
    for (Index n = next_++; n < items_ * blocks; n = next_++) {
      attend(n, keys_in_place(args_, whole(n / blocks)), thread);
    }
  }

  /// Whole heads, so that a copy of their keys serves all of their blocks.
  void work_on_heads(Range items, int thread) {
    const Index blocks = ceil_div(rows_, plan_.rows);
    const bool copies = copied_elements_ > 0 && rows_collide(args_);
    for (Index item = items.begin; item < items.end; ++item) {
      const HeadKeys keys = copies ? copy_keys(args_, whole(item), thread_workspace(thread))
                                   : keys_in_place(args_, whole(item));
      for (Index n = item * blocks; n < (item + 1) * blocks; ++n) attend(n, keys, thread);
    }
  }

  /// Block n of all heads. Under a causal mask the last rows see most keys, and are dealt first.
  void attend(Index n, const HeadKeys& keys, int thread) {
    const Index blocks = ceil_div(rows_, plan_.rows);
    RowBlock block = whole(n / blocks);
    block.rows = share(rows_, blocks, blocks - 1 - n % blocks, plan_.tiles.lanes);
    attend_tiled(plan_, args_, block, keys, thread_workspace(thread) + copied_elements_);
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
  Index copied_elements_;  // of these, at the beginning
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
  parallel_region(policy, [&](int thread, int threads) { team.work(thread, threads); });
}

}  // namespace crossover::kernels::attention
