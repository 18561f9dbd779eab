#include "kernels/probe/int8_loops.h"

#include <array>
#include <numeric>

#include "kernels/core/instruction_set.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

// Intrinsics and function attributes instead of Highway, whose version in Debian 12 has no 8-bit
// dot product. Every accumulator starts at its own number, or the compiler would compute one of
// them and copy it.

namespace crossover::kernels::probe {
namespace {

constexpr int most_accumulators = 12;  // hides a latency of 5 cycles behind two units

template <int bytes_per_register, int accumulators>
constexpr Index steps_per_iteration() {
  constexpr Index per_step = Index{bytes_per_register} * accumulators;
  constexpr Index steps = dot_multiply_adds_per_iteration / per_step;
  static_assert(steps * per_step == dot_multiply_adds_per_iteration);
  return steps;
}

/// The growth of the lanes of all accumulators, where accumulator i started at i.
template <std::size_t lanes, std::size_t accumulators>
std::int64_t growth(const std::array<std::array<std::int32_t, lanes>, accumulators>& sums) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < accumulators; ++i) {
    total = std::accumulate(sums[i].begin(), sums[i].end(), total) -
            static_cast<std::int64_t>(i * lanes);
  }
  return total;
}

std::int64_t run_portable(Index iterations, int one) {
  constexpr int accumulators = most_accumulators;
  std::array<std::array<std::int32_t, 1>, accumulators> sums{};
  for (int i = 0; i < accumulators; ++i) sums[i][0] = i;
  auto a = static_cast<std::int8_t>(one);
  const auto b = static_cast<std::int8_t>(one);
  const Index steps = iterations * steps_per_iteration<1, accumulators>();
  for (Index s = 0; s < steps; ++s) {
    for (int i = 0; i < accumulators; ++i) {
      asm("" : "+r"(a));  // or one product would serve all sums
      sums[i][0] += a * b;
    }
  }
  return growth(sums);
}

constexpr Int8Loop portable{"portable 12x1", run_portable};

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512bw,avx512vnni"))) std::int64_t run_avx512_vnni(
    Index iterations, int one) {
  constexpr int accumulators = most_accumulators;
  const __m512i a = _mm512_set1_epi8(static_cast<char>(one));
  __m512i x[accumulators];
  for (int i = 0; i < accumulators; ++i) x[i] = _mm512_set1_epi32(i);
  const Index steps = iterations * steps_per_iteration<64, accumulators>();
  for (Index s = 0; s < steps; ++s) {
    for (int i = 0; i < accumulators; ++i) x[i] = _mm512_dpbusd_epi32(x[i], a, a);
  }
  std::array<std::array<std::int32_t, 16>, accumulators> sums{};
  for (int i = 0; i < accumulators; ++i) _mm512_storeu_si512(sums[i].data(), x[i]);
  return growth(sums);
}

/// Three instructions where VNNI has one. maddubs saturates in 16 bits, which products of ones do
/// not reach.
__attribute__((target("avx2"))) std::int64_t run_avx2(Index iterations, int one) {
  constexpr int accumulators = 8;  // beside them, three constants and the products need registers
  __m256i a = _mm256_set1_epi8(static_cast<char>(one));
  const __m256i b = a;
  const __m256i ones = _mm256_set1_epi16(static_cast<short>(one));
  __m256i x[accumulators];
  for (int i = 0; i < accumulators; ++i) x[i] = _mm256_set1_epi32(i);
  const Index steps = iterations * steps_per_iteration<32, accumulators>();
  for (Index s = 0; s < steps; ++s) {
    for (int i = 0; i < accumulators; ++i) {
      asm("" : "+x"(a));  // or one product would serve all sums
      x[i] = _mm256_add_epi32(x[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  }
  std::array<std::array<std::int32_t, 8>, accumulators> sums{};
  for (int i = 0; i < accumulators; ++i) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums[i].data()), x[i]);
  }
  return growth(sums);
}

constexpr Int8Loop avx512_vnni{"avx512vnni 12x64", run_avx512_vnni};
constexpr Int8Loop avx2{"avx2 8x32", run_avx2};

#elif defined(__aarch64__)

__attribute__((target("arch=armv8.2-a+dotprod"))) std::int64_t run_sdot(Index iterations, int one) {
  constexpr int accumulators = most_accumulators;
  const int8x16_t a = vdupq_n_s8(static_cast<std::int8_t>(one));
  int32x4_t x[accumulators];
  for (int i = 0; i < accumulators; ++i) x[i] = vdupq_n_s32(i);
  const Index steps = iterations * steps_per_iteration<16, accumulators>();
  for (Index s = 0; s < steps; ++s) {
    for (int i = 0; i < accumulators; ++i) x[i] = vdotq_s32(x[i], a, a);
  }
  std::array<std::array<std::int32_t, 4>, accumulators> sums{};
  for (int i = 0; i < accumulators; ++i) vst1q_s32(sums[i].data(), x[i]);
  return growth(sums);
}

constexpr Int8Loop sdot{"neon sdot 12x16", run_sdot};

#endif

}  // namespace

const Int8Loop& int8_loop() {
  const std::string set = instruction_set();
#if defined(__x86_64__)
  const bool vnni = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
  if (set.starts_with("avx3") && vnni) return avx512_vnni;
  if (set.starts_with("avx3") || set == "avx2") return avx2;
#elif defined(__aarch64__)
  if (set == "neon" && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) return sdot;
#endif
  return portable;
}

}  // namespace crossover::kernels::probe
