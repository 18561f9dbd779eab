#include "kernels/probe/simd_fma.h"

#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/probe/simd_fma.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::probe::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

// Enough to hide a latency of 4 or 5 cycles behind two to four units, and few enough to stay in 16
// or 32 registers beside factor and addend.
#if HWY_TARGET == HWY_AVX3
constexpr const char* loop_name = "avx3 24x16";
constexpr Index accumulators = 24;
#elif HWY_TARGET == HWY_AVX2
constexpr const char* loop_name = "avx2 12x8";
constexpr Index accumulators = 12;
#elif HWY_TARGET == HWY_NEON
constexpr const char* loop_name = "neon 24x4";
constexpr Index accumulators = 24;
#elif HWY_TARGET == HWY_SSE4
constexpr const char* loop_name = "sse4 12x4";
constexpr Index accumulators = 12;
#else
constexpr const char* loop_name = "generic";
constexpr Index accumulators = 12;
#endif
constexpr Index steps_per_iteration = multiply_adds_per_iteration / (accumulators * lanes);
static_assert(steps_per_iteration * accumulators * lanes == multiply_adds_per_iteration);

// Different starts, or the compiler would compute one accumulator and copy it.
template <std::size_t... i>
HWY_INLINE void start(std::index_sequence<i...>, float first, Vector* x) {
  ((x[i] = hn::Set(tag, first * static_cast<float>(i))), ...);
}

template <std::size_t... i>
HWY_INLINE void step(std::index_sequence<i...>, Vector factor, Vector addend, Vector* x) {
  ((x[i] = hn::MulAdd(x[i], factor, addend)), ...);
}

double run(Index iterations, float factor, float addend) {
  constexpr auto all = std::make_index_sequence<accumulators>();
  const Vector factors = hn::Set(tag, factor);
  const Vector addends = hn::Set(tag, addend);
  Vector x[accumulators];
  start(all, factor, x);
  for (Index s = 0; s < iterations * steps_per_iteration; ++s) step(all, factors, addends, x);
  double gained = 0;
  for (Index i = 0; i < accumulators; ++i) {
    std::array<float, lanes> values;
    hn::StoreU(x[i], tag, values.data());
    for (const float value : values) gained += value - factor * static_cast<float>(i);
  }
  return gained;
}

const FmaLoop& dispatched_fma_loop() {
  static constexpr FmaLoop loop = {loop_name, run};
  return loop;
}

}  // namespace crossover::kernels::probe::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::probe {

HWY_EXPORT(dispatched_fma_loop);

const FmaLoop& fma_loop() { return HWY_DYNAMIC_DISPATCH(dispatched_fma_loop)(); }

}  // namespace crossover::kernels::probe
#endif
