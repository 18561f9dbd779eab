#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/rows.h"

namespace crossover::kernels::activation {

enum class Function {
  gelu,       // x / 2 * (1 + erf(x / sqrt(2)))
  gelu_tanh,  // x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
  silu,       // x / (1 + exp(-x))
};

/// What the value of the function is multiplied with.
enum class Gated {
  none,
  mul,  // the element of `up` at the same place, as in GeGLU and SwiGLU
};

/// Every extent may be 0.
struct Problem {
  Index rows = 0;
  Index cols = 0;
  Function function = Function::gelu;
  Gated gated = Gated::none;
};

/// Computes y = f(x), or f(x) * up with Gated::mul, element by element.
/// Shapes: x, up, y [rows, cols]; strides in elements, so that gate and up may be the halves of one
/// matrix; no alignment is required. Aliasing: y may be x or up (same pointer, same stride); else
/// it overlaps neither. Memory between the rows is not touched. NaN stays NaN; -infinity may become
/// NaN, as 0 * infinity does in the formulas. Results below about 1e-36 may become 0. Errors: none.
/// Cost: one error function, hyperbolic tangent or exponential and one division per element; 8
/// bytes of compulsory traffic, 12 with Gated::mul. Source: Hendrycks & Gimpel, arXiv:1606.08415,
/// 2016; Elfwing, Uchibe & Doya, Neural Networks 107, 2018; Shazeer, arXiv:2002.05202, 2020
/// (gated).
struct Args {
  Rows<const float> x;
  Rows<const float> up;  // of Gated::mul alone
  Rows<float> y;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::activation
