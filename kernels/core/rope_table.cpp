#include "kernels/core/rope_table.h"

#include <cmath>
#include <utility>

namespace crossover::kernels {

std::vector<double> frequencies(const Rotation& rotation) {
  std::vector<double> result(static_cast<std::size_t>(rotation.pairs()));
  for (std::size_t pair = 0; pair < result.size(); ++pair) {
    const double exponent =
        -2 * static_cast<double>(pair) / static_cast<double>(rotation.rotary_dim);
    result[pair] = rotation.scale * std::pow(rotation.base, exponent);
  }
  return result;
}

RopeTable::RopeTable(const Rotation& rotation, const PositionRange& range)
    : rotation_(rotation),
      range_(range),
      values_(static_cast<std::size_t>(range.count * rotation.rotary_dim)) {
  const std::vector<double> radians = frequencies(rotation);
  float* cosine = values_.data();
  for (Index row = 0; row < range.count; ++row) {
    float* sine = cosine + rotation.pairs();
    for (const double frequency : radians) {
      const double angle = static_cast<double>(range.first + row) * frequency;
      *cosine++ = static_cast<float>(std::cos(angle));
      *sine++ = static_cast<float>(std::sin(angle));
    }
    cosine = sine;
  }
}

PreparedTable::PreparedTable(const Rotation& rotation, const PositionRange& range,
                             const RopeTable* shared, std::optional<std::string> code_path)
    : shared_(shared), code_path_(std::move(code_path)) {
  if (shared_ == nullptr) {
    own_ = std::make_unique<const RopeTable>(rotation, range);
    return;
  }
  assert(shared_->rotation() == rotation);
  assert(range.count == 0 || (shared_->range().holds(range.first) &&
                              shared_->range().holds(range.first + range.count - 1)));
}

}  // namespace crossover::kernels
