#include "kernels/qk_norm_rope/simd_heads.h"

#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/qk_norm_rope/simd_heads.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/simd_rotation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::qk_norm_rope::HWY_NAMESPACE {

namespace core = kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using core::HeadRow;
using core::lanes;
using core::tag;
using core::Vector;

/// What the norm does to elements on their way to the rotation: x * factor[head] * weight.
template <int heads>
struct Scaled {
  const float* weight;
  Vector factor[heads];

  struct Here {
    const Scaled& all;
    Vector weight;

    template <std::size_t head>
    HWY_INLINE Vector scale(Vector value) const {
      return hn::Mul(hn::Mul(value, all.factor[head]), weight);
    }
  };

  template <class Memory>
  HWY_INLINE Here at(const Memory& memory, Index offset) const {
    return {*this, memory.load(weight + offset)};
  }
};

/// 1 / sqrt(sum(x^2) / head_dim + epsilon) of some heads at once, each in several sums, so that
/// enough additions are under way to hide their latency.
template <int heads>
struct Factors {
  static constexpr int sums = heads >= 3 ? 2 : 4;
  static constexpr auto all_heads = std::make_index_sequence<heads>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{heads} * sums>();

  template <std::size_t... i>
  static HWY_INLINE void clear(Vector* sum, std::index_sequence<i...>) {
    ((sum[i] = hn::Zero(tag)), ...);
  }

  static HWY_INLINE Vector add_square(Vector value, Vector sum) {
    return hn::MulAdd(value, value, sum);
  }

  template <std::size_t... i>
  static HWY_INLINE void add_vectors(const HeadRow& row, Index offset, Vector* sum,
                                     std::index_sequence<i...>) {
    ((sum[i] = add_square(hn::LoadU(tag, row.x + static_cast<Index>(i / sums) * row.head_dim +
                                             offset + static_cast<Index>(i % sums) * lanes),
                          sum[i])),
     ...);
  }

  template <class Memory, std::size_t... head>
  static HWY_INLINE void add_rest(const HeadRow& row, const Memory& memory, Index offset,
                                  Vector* sum, std::index_sequence<head...>) {
    ((sum[head * sums] = add_square(
          memory.load(row.x + static_cast<Index>(head) * row.head_dim + offset), sum[head * sums])),
     ...);
  }

  static HWY_INLINE Vector factor_of(const HeadRow& row, const Vector* sum, float epsilon) {
    Vector all = hn::Add(sum[0], sum[1]);
    if constexpr (sums == 4) all = hn::Add(all, hn::Add(sum[2], sum[3]));
    const float squares = hn::GetLane(hn::SumOfLanes(tag, all));
    return hn::Set(tag, 1 / std::sqrt(squares / static_cast<float>(row.head_dim) + epsilon));
  }

  template <std::size_t... head>
  static HWY_INLINE Scaled<heads> scaled(const HeadRow& row, const Norm& norm, const Vector* sum,
                                         std::index_sequence<head...>) {
    return {norm.weight, {factor_of(row, sum + head * sums, norm.epsilon)...}};
  }

  static HWY_INLINE Scaled<heads> of(const HeadRow& row, const Norm& norm) {
    Vector sum[heads * sums];
    clear(sum, all_sums);
    Index offset = 0;
    for (; offset + sums * lanes <= row.head_dim; offset += sums * lanes) {
      add_vectors(row, offset, sum, all_sums);
    }
    for (; offset + lanes <= row.head_dim; offset += lanes) {
      add_rest(row, core::WholeVector(), offset, sum, all_heads);
    }
    if (offset < row.head_dim) {
      add_rest(row, core::PartOfVector(row.head_dim - offset), offset, sum, all_heads);
    }
    return scaled(row, norm, sum, all_heads);
  }
};

/// Calls Group<count>::run(row, ...) for groups of as many heads as are taken at a time.
template <template <int> class Group, class... Arguments>
HWY_INLINE void for_each_group(const Heads& heads, const Arguments&... arguments) {
  constexpr int group = core::heads_at_a_time;
  HeadRow row = {heads.x, heads.y, heads.head_dim};
  Index left = heads.count;
  for (; left >= group; left -= group) {
    Group<group>::run(row, arguments...);
    row.x += group * row.head_dim;
    row.y += group * row.head_dim;
  }
  if (left == 1) Group<1>::run(row, arguments...);
  if (left == 2) Group<2>::run(row, arguments...);
  if (left == 3) Group<3>::run(row, arguments...);
}

template <int heads>
struct Normalise {
  static void run(const HeadRow& row, const Norm& norm) {
    constexpr Rotation none;
    core::HeadGroup<Pairing::halves, heads, Scaled<heads>>::rotate(
        row, none, Factors<heads>::of(row, norm), nullptr, nullptr);
  }
};

template <Pairing pairing>
struct Turning {
  template <int heads>
  struct Rotate {
    static void run(const HeadRow& row, const Angles& angles) {
      core::HeadGroup<pairing, heads, core::Unscaled>::rotate(row, angles.rotation, {},
                                                              angles.cosines, angles.sines);
    }
  };

  template <int heads>
  struct NormaliseAndRotate {
    static void run(const HeadRow& row, const Norm& norm, const Angles& angles) {
      core::HeadGroup<pairing, heads, Scaled<heads>>::rotate(
          row, angles.rotation, Factors<heads>::of(row, norm), angles.cosines, angles.sines);
    }
  };
};

using Halves = Turning<Pairing::halves>;
using Interleaved = Turning<Pairing::interleaved>;

void normalise(const Heads& heads, const Norm& norm) { for_each_group<Normalise>(heads, norm); }

void rotate(const Heads& heads, const Angles& angles) {
  if (angles.rotation.pairing == Pairing::halves) {
    for_each_group<Halves::Rotate>(heads, angles);
  } else {
    for_each_group<Interleaved::Rotate>(heads, angles);
  }
}

void normalise_and_rotate(const Heads& heads, const Norm& norm, const Angles& angles) {
  if (angles.rotation.pairing == Pairing::halves) {
    for_each_group<Halves::NormaliseAndRotate>(heads, norm, angles);
  } else {
    for_each_group<Interleaved::NormaliseAndRotate>(heads, norm, angles);
  }
}

const HeadKernels& dispatched_head_kernels() {
  static constexpr HeadKernels kernels = {
      .normalise = normalise, .rotate = rotate, .normalise_and_rotate = normalise_and_rotate};
  return kernels;
}

}  // namespace crossover::kernels::qk_norm_rope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::qk_norm_rope {

HWY_EXPORT(dispatched_head_kernels);

const HeadKernels& head_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_head_kernels)(); }

}  // namespace crossover::kernels::qk_norm_rope
#endif
