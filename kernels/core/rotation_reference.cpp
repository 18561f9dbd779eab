#include "kernels/core/rotation_reference.h"

#include <cmath>
#include <limits>

namespace crossover::kernels {
namespace {

constexpr double unit_roundoff = 0x1p-24;  // f32

}  // namespace

ReferenceRotation::ReferenceRotation(const Rotation& rotation)
    : rotation_(rotation),
      cosines_(static_cast<std::size_t>(rotation.pairs())),
      sines_(cosines_.size()),
      trigonometric_errors_(cosines_.size()) {}

void ReferenceRotation::move_to(Index position) {
  using Wide = long double;
  for (std::size_t pair = 0; pair < cosines_.size(); ++pair) {
    const Wide exponent = -2 * static_cast<Wide>(pair) / static_cast<Wide>(rotation_.rotary_dim);
    const Wide angle = static_cast<Wide>(position) * static_cast<Wide>(rotation_.scale) *
                       std::pow(static_cast<Wide>(rotation_.base), exponent);
    cosines_[pair] = static_cast<double>(std::cos(angle));
    sines_[pair] = static_cast<double>(std::sin(angle));
    trigonometric_errors_[pair] =
        4 * unit_roundoff + 0x1p-48 * static_cast<double>(std::abs(angle));
  }
}

void ReferenceRotation::rotate(std::span<double> values, std::span<double> errors) const {
  constexpr double gamma_2 = 2 * unit_roundoff / (1 - 2 * unit_roundoff);
  constexpr double underflow = 2.0 * std::numeric_limits<float>::denorm_min();
  for (Index pair = 0; pair < rotation_.pairs(); ++pair) {
    const auto i = static_cast<std::size_t>(pair);
    double& first = values[static_cast<std::size_t>(rotation_.first_of(pair))];
    double& second = values[static_cast<std::size_t>(rotation_.second_of(pair))];
    double& first_error = errors[static_cast<std::size_t>(rotation_.first_of(pair))];
    double& second_error = errors[static_cast<std::size_t>(rotation_.second_of(pair))];
    const double a = first;
    const double b = second;
    const double e = trigonometric_errors_[i];
    const double carried = (std::abs(a) + std::abs(b)) * e + (first_error + second_error) * (1 + e);
    const auto bound = [&](double cosine_term, double sine_term) {
      const double magnitude = std::abs(cosine_term) + std::abs(sine_term);
      return carried + gamma_2 * (magnitude + carried) + underflow;
    };
    first_error = bound(a * cosines_[i], b * sines_[i]);
    second_error = bound(b * cosines_[i], a * sines_[i]);
    first = a * cosines_[i] - b * sines_[i];
    second = a * sines_[i] + b * cosines_[i];
  }
}

}  // namespace crossover::kernels
