#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossover::kernels {

/// The instruction sets that this build was compiled for and this CPU can run, best first: lower
/// case names of Highway's targets such as "avx3" (AVX-512), "avx2", "sse4", "neon", "scalar".
/// Never empty, and not narrowed by force_instruction_set().
std::vector<std::string> instruction_sets();

/// The one that dispatched kernels use now.
std::string instruction_set();

/// Makes every dispatched kernel of the process use one instruction set; "avx512" is accepted for
/// "avx3". What was prepared before keeps its code, so call it before prepare(), and never while a
/// kernel runs. Vendor libraries that choose for themselves are not affected.
/// Errors: std::invalid_argument naming the legal values.
void force_instruction_set(std::string_view name);

}  // namespace crossover::kernels
