#include "kernels/attention/simd_softmax.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/simd_softmax.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include "kernels/attention/simd_vectors-inl.h"
#include "kernels/core/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::attention::HWY_NAMESPACE {

using kernels::HWY_NAMESPACE::exp_nonpositive;

constexpr float infinity = std::numeric_limits<float>::infinity();

// What is subtracted from a score: -infinity minus itself would be NaN.
HWY_INLINE Vector shift_of(Vector largest) {
  return hn::IfThenZeroElse(hn::Eq(largest, hn::Set(tag, -infinity)), largest);
}

void transpose(const float* const* rows, Index count, Index head_dim, float scale, float* to,
               Index width) {
  Index r = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> four;
  const hn::Repartition<double, decltype(four)> pairs;
  const auto factor4 = hn::Set(four, scale);
  for (; r + 4 <= count; r += 4) {
    Index p = 0;
    for (; p + 4 <= head_dim; p += 4) {
      const auto r0 = hn::LoadU(four, rows[r] + p);
      const auto r1 = hn::LoadU(four, rows[r + 1] + p);
      const auto r2 = hn::LoadU(four, rows[r + 2] + p);
      const auto r3 = hn::LoadU(four, rows[r + 3] + p);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(four, r0, r1));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(four, r0, r1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(four, r2, r3));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(four, r2, r3));
      const auto store = [&](auto column, Index at) HWY_ATTR {
        hn::StoreU(hn::Mul(factor4, hn::BitCast(four, column)), four, to + (p + at) * width + r);
      };
      store(hn::InterleaveLower(pairs, low01, low23), 0);
      store(hn::InterleaveUpper(pairs, low01, low23), 1);
      store(hn::InterleaveLower(pairs, high01, high23), 2);
      store(hn::InterleaveUpper(pairs, high01, high23), 3);
    }
    for (; p < head_dim; ++p) {
      for (Index i = r; i < r + 4; ++i) to[p * width + i] = scale * rows[i][p];
    }
  }
#endif
  for (; r < width; ++r) {
    for (Index p = 0; p < head_dim; ++p) to[p * width + r] = r < count ? scale * rows[r][p] : 0.0F;
  }
}

// `vectors` columns of vectors at a time: the sums of one would wait for each other.
template <int vectors>
HWY_INLINE void weigh_columns(const SoftmaxTask& t, Index col) {
  float* const scores = t.scores + col;
  Vector largest[vectors];
  Vector sum[vectors];
  Vector shift[vectors];
  for (int v = 0; v < vectors; ++v) largest[v] = hn::LoadU(tag, t.largest + col + v * lanes);
  for (Index j = 0; j < t.count; ++j) {
    for (int v = 0; v < vectors; ++v) {
      largest[v] = hn::Max(largest[v], hn::LoadU(tag, scores + j * t.width + v * lanes));
    }
  }
  for (int v = 0; v < vectors; ++v) {
    const Index at = col + v * lanes;
    shift[v] = shift_of(largest[v]);
    const Vector factor = exp_nonpositive(tag, hn::Sub(hn::LoadU(tag, t.largest + at), shift[v]));
    hn::StoreU(largest[v], tag, t.largest + at);
    hn::StoreU(factor, tag, t.factors + at);
    sum[v] = hn::Mul(factor, hn::LoadU(tag, t.sums + at));
  }
  for (Index j = 0; j < t.count; ++j) {
    for (int v = 0; v < vectors; ++v) {
      float* const at = scores + j * t.width + v * lanes;
      const Vector weight = exp_nonpositive(tag, hn::Sub(hn::LoadU(tag, at), shift[v]));
      hn::StoreU(weight, tag, at);
      sum[v] = hn::Add(sum[v], weight);
    }
  }
  for (int v = 0; v < vectors; ++v) hn::StoreU(sum[v], tag, t.sums + col + v * lanes);
}

void weigh(const SoftmaxTask& t) {
  Index col = 0;
  for (; col + 2 * lanes <= t.width; col += 2 * lanes) weigh_columns<2>(t, col);
  for (; col < t.width; col += lanes) weigh_columns<1>(t, col);
}

void mask(const MaskTask& t) {
  const hn::RebindToSigned<Tag> ints;
  for (Index col = 0; col < t.width; col += lanes) {
    const auto begin = hn::LoadU(ints, t.begins + col);
    const auto end = hn::LoadU(ints, t.ends + col);
    for (Index j = 0; j < t.count; ++j) {
      const auto key = hn::Set(ints, t.first_key + static_cast<std::int32_t>(j));
      const auto seen = hn::AndNot(hn::VecFromMask(ints, hn::Gt(begin, key)),
                                   hn::VecFromMask(ints, hn::Gt(end, key)));
      float* const at = t.scores + j * t.width + col;
      hn::StoreU(hn::IfThenElse(hn::RebindMask(tag, hn::MaskFromVec(seen)), hn::LoadU(tag, at),
                                hn::Set(tag, -infinity)),
                 tag, at);
    }
  }
}

float weigh_row(float* scores, Index count, float scale, float& largest, float& sum) {
  const Vector factor = hn::Set(tag, scale);
  const Vector lowest = hn::Set(tag, -infinity);
  const auto load = [&](Index j) HWY_ATTR {
    const Vector score = hn::Mul(factor, hn::LoadU(tag, scores + j));
    if (j + lanes <= count) return score;
    return hn::IfThenElse(hn::FirstN(tag, static_cast<size_t>(count - j)), score, lowest);
  };
  Vector most = hn::Set(tag, largest);
  for (Index j = 0; j < count; j += lanes) most = hn::Max(most, load(j));
  most = hn::MaxOfLanes(tag, most);
  const Vector shift = shift_of(most);
  const float rescale = hn::GetLane(exp_nonpositive(tag, hn::Sub(hn::Set(tag, largest), shift)));
  Vector total = hn::Zero(tag);
  for (Index j = 0; j < count; j += lanes) {
    const Vector weight = exp_nonpositive(tag, hn::Sub(load(j), shift));
    hn::StoreU(weight, tag, scores + j);
    total = hn::Add(total, weight);
  }
  largest = hn::GetLane(most);
  sum = rescale * sum + hn::GetLane(hn::SumOfLanes(tag, total));
  return rescale;
}

void multiply(float* x, Index count, float factor) {
  Index j = 0;
  for (; j + lanes <= count; j += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(tag, x + j), hn::Set(tag, factor)), tag, x + j);
  }
  for (; j < count; ++j) x[j] *= factor;
}

bool all_finite(const float* rows, Index stride, Index count, Index cols) {
  Vector seen = hn::Zero(tag);  // 0 * x is NaN for infinities and NaN alone
  float rest = 0;
  for (Index i = 0; i < count; ++i) {
    const float* const row = rows + i * stride;
    Index j = 0;
    for (; j + lanes <= cols; j += lanes) {
      seen = hn::MulAdd(hn::LoadU(tag, row + j), hn::Zero(tag), seen);
    }
    for (; j < cols; ++j) rest += row[j] * 0.0F;
  }
  return hn::AllTrue(tag, hn::Eq(seen, seen)) && rest == rest;
}

const SoftmaxKernels& dispatched_softmax_kernels() {
  static constexpr SoftmaxKernels kernels = {
      .transpose = transpose,
      .weigh = weigh,
      .mask = mask,
      .weigh_row = weigh_row,
      .multiply = multiply,
      .all_finite = all_finite,
  };
  return kernels;
}

}  // namespace crossover::kernels::attention::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::attention {

HWY_EXPORT(dispatched_softmax_kernels);

const SoftmaxKernels& softmax_kernels() {
  return HWY_DYNAMIC_DISPATCH(dispatched_softmax_kernels)();
}

}  // namespace crossover::kernels::attention
#endif
