#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/rows.h"

namespace crossover::kernels::norm {

/// What the norm is taken of.
enum class Residual {
  none,      // x
  fused,     // x + residual, added to each row right before its norm
  separate,  // x + residual, added in a pass of its own (and a parallel region of its own)
};

/// Every extent may be 0.
struct Problem {
  Index rows = 0;
  Index cols = 0;
  Residual residual = Residual::none;
};

/// Normalises the rows of h, which is x without a residual and x + residual with one.
///
/// RMS norm, for each row i:
///   y[i,j] = h[i,j] / sqrt(mean of h[i,l]^2 over l + epsilon) * weight[j]
/// Layer norm:
///   y[i,j] = (h[i,j] - mean) / sqrt(variance + epsilon) * weight[j] + bias[j]
/// with the mean of h[i,:] and its variance, the mean of (h[i,l] - mean)^2. The variance is taken
/// in a second pass, and the rounding error of the mean out of both, so that a mean that is large
/// beside the deviations costs no accuracy but that of h itself.
///
/// Shapes: x, residual, h, y [rows, cols]; weight, bias [cols]; strides in elements; no alignment
/// is required. `residual` and `h` are for Residual::fused and ::separate alone; `bias` may be null
/// and is not read by RMS norm. Aliasing: y may be x where there is no residual, h may be x or
/// residual (same pointer, same stride); else written operands overlap nothing. Memory between the
/// rows is not touched. Requires: finite operands whose squares can be summed in f32, epsilon >= 0,
/// and epsilon > 0 where a row may be all equal. Errors: none. Cost: 8 bytes of compulsory traffic
/// per element, 16 with a residual.
/// Source: Ba, Kiros & Hinton, arXiv:1607.06450, 2016; Zhang & Sennrich, NeurIPS 2019 (RMS norm);
/// Chan, Golub & LeVeque, The American Statistician 37(3), 1983 (corrected two-pass variance).
struct Args {
  Rows<const float> x;
  Rows<const float> residual;
  Rows<float> h;
  Rows<float> y;
  const float* weight = nullptr;
  const float* bias = nullptr;
  float epsilon = 1e-5F;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// The family of one norm.
struct Family {
  std::span<const Kernel> (*list)();             // in the order of listing and plotting
  const Kernel* (*find)(std::string_view name);  // nullptr where there is none
};

extern const Family rms_norm;
extern const Family layer_norm;

}  // namespace crossover::kernels::norm
