#include "kernels/attention/simd_loops.h"

#include <array>
#include <cassert>
#include <limits>

namespace crossover::kernels::attention {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

Range intersection(Range a, Range b) {
  const Index begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

// One block of rows, and the blocks of keys that they see, one after the other.
class TiledRows {
 public:
  TiledRows(const Plan& plan, const Args& args, const RowBlock& block, const HeadKeys& keys,
            float* workspace)
      : plan_(plan),
        args_(args),
        block_(block),
        keys_(keys),
        count_(block.rows.size()),
        width_(round_up(count_, plan.tiles.lanes)),
        seen_(seen_keys(args, block.rows)) {
    const auto take = [&](Index elements) {
      float* const taken = workspace;
      workspace += elements;
      return taken;
    };
    scores_ = take(plan.rows * plan.keys);
    queries_ = take(width_ * args.head_dim);
    largest_ = take(width_);
    sums_ = take(width_);
    factors_ = take(width_);
    begins_ = reinterpret_cast<std::int32_t*>(take(width_));
    ends_ = reinterpret_cast<std::int32_t*>(take(width_));
  }

  void attend() {
    for (Index r = 0; r < count_; ++r) out_[r] = out_row(args_, block_, block_.rows.begin + r);
    if (seen_.by_any.size() == 0 || args_.head_dim == 0) {
      for (Index r = 0; r < count_; ++r) std::fill_n(out_[r], args_.head_dim, 0.0F);
      return;
    }
    prepare();
    const Range keys = seen_.by_any;
    for (Index begin = keys.begin; begin < keys.end; begin += plan_.keys) {
      add_keys({begin, std::min(begin + plan_.keys, keys.end)});
      first_ = false;
    }
    divide_rows(plan_, {largest_, sums_, out_.data()}, count_, args_.head_dim);
  }

 private:
  void prepare() {
    std::array<const float*, most_block_rows> queries;
    for (Index r = 0; r < count_; ++r) {
      queries[r] = query_row(args_, block_, block_.rows.begin + r);
    }
    plan_.softmax.transpose(queries.data(), count_, args_.head_dim, args_.scale, queries_, width_);
    std::fill_n(largest_, width_, -infinity);
    std::fill_n(sums_, width_, 0.0F);
    if (same_for_all(seen_)) return;
    for (Index r = 0; r < width_; ++r) {
      const Index row = block_.rows.begin + std::min(r, count_ - 1);
      const Range seen = visible_keys(args_, row / group_of(args_));
      begins_[r] = static_cast<std::int32_t>(seen.begin);
      ends_[r] = static_cast<std::int32_t>(seen.end);
    }
  }

  static bool same_for_all(const SeenKeys& seen) {
    return seen.by_any.begin == seen.by_all.begin && seen.by_any.end == seen.by_all.end;
  }

  void add_keys(Range keys) {
    score(keys);
    if (!same_for_all(seen_)) {
      mask({keys.begin, std::clamp(seen_.by_all.begin, keys.begin, keys.end)}, keys.begin);
      mask({std::clamp(seen_.by_all.end, keys.begin, keys.end), keys.end}, keys.begin);
    }
    plan_.softmax.weigh({.scores = scores_,
                         .count = keys.size(),
                         .width = width_,
                         .largest = largest_,
                         .sums = sums_,
                         .factors = factors_});
    // A panel of values stays in L1 while the rows pass by.
    const Index strips = ceil_div(count_, plan_.tiles.rows);
    for (Index col = 0; col < args_.head_dim; col += plan_.tiles.cols) {
      for (Index i = 0; i < strips; ++i) add_values(share(count_, strips, i), keys, col);
    }
  }

  // Where rows see different keys, those that only half of them see are left out for the other
  // half.
  void score(Range keys) {
    const Index half = round_up(width_ / 2, plan_.tiles.lanes);
    if (same_for_all(seen_) || half >= count_) return score(keys, 0, width_, keys.begin);
    const Index first = block_.rows.begin;
    const Range left = intersection(seen_keys(args_, {first, first + half}).by_any, keys);
    const Range right =
        intersection(seen_keys(args_, {first + half, block_.rows.end}).by_any, keys);
    const Range both = intersection(left, right);
    score({left.begin, std::min(left.end, both.begin)}, 0, half, keys.begin);
    score(both, 0, width_, keys.begin);
    score({std::max(right.begin, both.end), right.end}, half, width_ - half, keys.begin);
  }

  void score(Range keys, Index col, Index cols, Index first) {
    if (keys.size() <= 0) return;
    plan_.tiles.scores({.keys = keys_.keys + keys.begin * keys_.key_stride,
                        .key_stride = keys_.key_stride,
                        .queries = queries_ + col,
                        .scores = scores_ + (keys.begin - first) * width_ + col,
                        .count = keys.size(),
                        .head_dim = args_.head_dim,
                        .width = width_,
                        .cols = cols});
  }

  void mask(Range keys, Index first) {
    if (keys.size() == 0) return;
    plan_.softmax.mask({.scores = scores_ + (keys.begin - first) * width_,
                        .count = keys.size(),
                        .width = width_,
                        .first_key = static_cast<std::int32_t>(keys.begin),
                        .begins = begins_,
                        .ends = ends_});
  }

  // Weights of keys that a row does not see are 0, which is enough where the values are finite.
  void add_values(Range strip, Range keys, Index col) {
    const SeenKeys seen =
        seen_keys(args_, {block_.rows.begin + strip.begin, block_.rows.begin + strip.end});
    const Range any = intersection(seen.by_any, keys);
    if (any.size() == 0 && !first_) return;
    ValueTask task = {.weights = scores_ + strip.begin,
                      .values = keys_.values + col,
                      .value_stride = keys_.value_stride,
                      .out = out_.data() + strip.begin,
                      .col = col,
                      .factors = first_ ? nullptr : factors_ + strip.begin,
                      .cols = std::min(plan_.tiles.cols, args_.head_dim - col),
                      .width = width_,
                      .rows = strip.size()};
    const Range all = intersection(seen.by_all, keys);
    const bool safe =
        same_for_all(seen) || (finite(task, {any.begin, std::min(all.begin, any.end)}) &&
                               finite(task, {std::max(all.end, any.begin), any.end}));
    if (safe) return multiply(task, any, keys.begin);
    task.rows = 1;
    for (Index r = strip.begin; r < strip.end; ++r) {
      const Range seen_by_row =
          seen_keys(args_, {block_.rows.begin + r, block_.rows.begin + r + 1}).by_any;
      multiply(task, intersection(seen_by_row, keys), keys.begin);
      ++task.weights;
      ++task.out;
      if (!first_) ++task.factors;
    }
  }

  bool finite(const ValueTask& task, Range keys) const {
    return keys.size() <= 0 ||
           plan_.softmax.all_finite(task.values + keys.begin * task.value_stride, task.value_stride,
                                    keys.size(), task.cols);
  }

  void multiply(ValueTask task, Range keys, Index first_key) const {
    task.weights += (keys.begin - first_key) * width_;
    task.values += keys.begin * task.value_stride;
    task.count = keys.size();
    plan_.tiles.values(task);
  }

  const Plan& plan_;
  const Args& args_;
  const RowBlock& block_;
  const HeadKeys& keys_;
  Index count_;
  Index width_;
  SeenKeys seen_;
  float* scores_;   // [keys, width]
  float* queries_;  // [head_dim, width]
  float* largest_;  // and below: [width]
  float* sums_;
  float* factors_;
  std::int32_t* begins_;
  std::int32_t* ends_;
  std::array<float*, most_block_rows> out_;
  bool first_ = true;
};

// The keys of a part, for few rows that share them.
class StreamedRows {
 public:
  StreamedRows(const Plan& plan, const Args& args, const RowBlock& block, const PartialRows& result,
               float* workspace)
      : plan_(plan),
        args_(args),
        block_(block),
        result_(result),
        scores_(workspace),
        score_stride_(plan.keys + 2 * plan.tiles.lanes) {}

  void attend(Range part) {
    const Index count = block_.rows.size();
    for (Index r = 0; r < count; ++r) {
      queries_[r] = query_row(args_, block_, block_.rows.begin + r);
      seen_[r] = intersection(visible_keys(args_, (block_.rows.begin + r) / group_of(args_)), part);
      result_.largest[r] = -infinity;
      result_.sums[r] = 0;
      std::fill_n(result_.out[r], args_.head_dim, 0.0F);
    }
    const Range keys = intersection(seen_keys(args_, block_.rows).by_any, part);
    for (Index begin = keys.begin; begin < keys.end; begin += plan_.keys) {
      const Range some{begin, std::min(begin + plan_.keys, keys.end)};
      for (Index r = 0; r < count; r += plan_.streams.most_rows) {
        add_keys({r, std::min(r + plan_.streams.most_rows, count)}, some);
      }
    }
  }

 private:
  const float* at(const MatrixBatch<const float>& rows, Index j) const {
    return rows.row(block_.element, j) + block_.kv_head * args_.head_dim;
  }

  StreamTask task(Range rows, Range keys, const MatrixBatch<const float>& from, Index first) {
    return {.queries = queries_.data() + rows.begin,
            .rows_in = at(from, keys.begin),
            .stride = from.row_stride,
            .scores = scores_ + (rows.begin - first) * score_stride_,
            .score_stride = score_stride_,
            .out = result_.out + rows.begin,
            .factors = factors_.data() + rows.begin,
            .rows = rows.size(),
            .count = keys.size(),
            .head_dim = args_.head_dim};
  }

  void add_keys(Range rows, Range keys) {
    plan_.streams.dots(task(rows, keys, args_.k, rows.begin));
    bool joint = true;
    for (Index r = rows.begin; r < rows.end; ++r) {
      const Range seen = intersection(seen_[r], keys);
      joint = joint && seen.begin == keys.begin && seen.end == keys.end;
      float* const scores = scores_ + (r - rows.begin) * score_stride_ + seen.begin - keys.begin;
      factors_[r] = plan_.softmax.weigh_row(scores, seen.size(), args_.scale, result_.largest[r],
                                            result_.sums[r]);
    }
    if (joint) return plan_.streams.values(task(rows, keys, args_.v, rows.begin));
    for (Index r = rows.begin; r < rows.end; ++r) {
      const Range seen = intersection(seen_[r], keys);
      StreamTask one = task({r, r + 1}, seen, args_.v, rows.begin);
      one.scores += seen.begin - keys.begin;
      plan_.streams.values(one);
    }
  }

  const Plan& plan_;
  const Args& args_;
  const RowBlock& block_;
  const PartialRows& result_;
  float* scores_;  // [rows, keys]
  Index score_stride_;
  std::array<const float*, most_block_rows> queries_;
  std::array<Range, most_block_rows> seen_;
  std::array<float, most_block_rows> factors_;
};

}  // namespace

SeenKeys seen_keys(const Args& args, Range rows) {
  const Range first = visible_keys(args, rows.begin / group_of(args));
  const Range last = visible_keys(args, (rows.end - 1) / group_of(args));
  const Range any{first.begin, std::max(first.end, last.end)};
  const Index begin = std::min(std::max(first.begin, last.begin), any.end);
  return {any, {begin, std::max(begin, std::min(first.end, last.end))}};
}

void divide_rows(const Plan& plan, const PartialRows& rows, Index count, Index head_dim) {
  for (Index r = 0; r < count; ++r) {
    plan.softmax.multiply(rows.out[r], head_dim, rows.sums[r] == 0 ? 0 : 1 / rows.sums[r]);
  }
}

HeadKeys keys_in_place(const Args& args, const RowBlock& block) {
  const Index offset = block.kv_head * args.head_dim;
  return {args.k.matrix(block.element) + offset, args.k.row_stride,
          args.v.matrix(block.element) + offset, args.v.row_stride};
}

bool rows_collide(const Args& args) {
  constexpr Index floats_that_collide = 256;  // 1 KiB
  const auto collides = [](Index stride) {
    return stride >= 2 * floats_that_collide && stride % floats_that_collide == 0;
  };
  return collides(args.k.row_stride) || collides(args.v.row_stride);
}

HeadKeys copy_keys(const Args& args, const RowBlock& block, float* to) {
  const HeadKeys from = keys_in_place(args, block);
  const Index stride = copied_key_stride(args.head_dim);
  float* const values = to + args.k.rows * stride;
  for (Index j = 0; j < args.k.rows; ++j) {
    std::copy_n(from.keys + j * from.key_stride, args.head_dim, to + j * stride);
    std::copy_n(from.values + j * from.value_stride, args.head_dim, values + j * stride);
  }
  return {to, stride, values, stride};
}

void attend_tiled(const Plan& plan, const Args& args, const RowBlock& block, const HeadKeys& keys,
                  float* workspace) {
  TiledRows(plan, args, block, keys, workspace).attend();
}

void attend_streamed(const Plan& plan, const Args& args, const RowBlock& block, Range keys,
                     const PartialRows& result, float* workspace) {
  assert(block.rows.size() <= plan.rows && plan.rows <= most_block_rows);
  StreamedRows(plan, args, block, result, workspace).attend(keys);
}

}  // namespace crossover::kernels::attention
