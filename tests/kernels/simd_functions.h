#pragma once

#include <span>

namespace crossover::kernels::test {

// The vector functions of kernels/core on arrays, for the instruction set in use. x and y are of
// the same length.

void exp_of(std::span<const float> x, std::span<float> y);
void exp_nonpositive_of(std::span<const float> x, std::span<float> y);
void erf_of(std::span<const float> x, std::span<float> y);

/// The sum and the largest of the first x.size() elements, by fold_row() with 8 and with 4
/// accumulators; lanes behind the elements must not show.
float sum_of(std::span<const float> x);
float max_of(std::span<const float> x);

}  // namespace crossover::kernels::test
