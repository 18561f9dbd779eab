#include "kernels/quant/simd_code.h"

#include <string>

#include "kernels/core/instruction_set.h"
#include "kernels/quant/simd_codes.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace crossover::kernels::quant {

const Code& code() {
  const std::string set = instruction_set();
#if defined(__x86_64__)
  const bool vnni = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512vnni");
  if (set.starts_with("avx3") && vnni) return avx512_code;
  if (set.starts_with("avx3") || set == "avx2") return avx2_code;
#elif defined(__aarch64__)
  if (set == "neon" && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) return neon_code;
#endif
  return portable_code;
}

}  // namespace crossover::kernels::quant
