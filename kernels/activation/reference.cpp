#include "kernels/activation/reference.h"

#include <cmath>
#include <fmt/format.h>
#include <numbers>

namespace crossover::kernels::activation {
namespace {

constexpr double unit_roundoff = 0x1p-24;  // f32
constexpr double flushed = 2e-36;

// By erfc and exp, so that nothing cancels where x is negative.
double value_at(Function function, double x) {
  switch (function) {
    case Function::gelu:
      return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Function::gelu_tanh: {
      const double u = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return x / (1 + std::exp(-2 * u));
    }
    case Function::silu:
      return x / (1 + std::exp(-x));
  }
  return NAN;
}

double error_of(Function function) {
  if (function == Function::gelu) return 5e-7 / 2 + 4 * unit_roundoff;
  return 0x1p-21 / 4 + 8 * unit_roundoff;
}

bool is_within(float value, double expected, double bound) {
  return std::isinf(expected) ? value == expected : std::abs(value - expected) <= bound;
}

}  // namespace

std::optional<std::string> why_wrong(const Args& args, Function function, Gated gated) {
  const double error = error_of(function);
  for (Index i = 0; i < args.x.rows; ++i) {
    for (Index j = 0; j < args.x.cols; ++j) {
      const double x = args.x.row(i)[j];
      if (x == -INFINITY) continue;
      const double up = gated == Gated::mul ? args.up.row(i)[j] : 1;
      const float value = args.y.row(i)[j];
      const double expected = value_at(function, x) * up;
      if (std::isnan(expected) && std::isnan(value)) continue;
      const double bound = (std::abs(x) * error + flushed) * std::abs(up) +
                           2 * unit_roundoff * std::abs(expected) + 0x1p-149;
      if (is_within(value, expected, bound)) continue;
      return fmt::format("row {}, col {}: value {}, expected {}, bound {:.3g}", i, j, value,
                         expected, bound);
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::activation
