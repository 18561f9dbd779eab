#include "experiments/rotation_settings.h"

#include <algorithm>

#include "experiments/instruction_set_setting.h"

namespace crossover::experiments {
namespace {

constexpr kernels::Index rows_per_text = 128;

bool is_packed(const harness::Arm& arm) { return arm.settings.at("positions") == "packed"; }

}  // namespace

std::vector<harness::SettingInfo> rotation_settings() {
  return {instruction_set_setting(),
          {"pairing", {"halves", "interleaved"}, false},
          {"rotated", {"all", "half"}, false},
          {"positions", {"consecutive", "packed"}, false}};
}

kernels::Rotation rotation_of(const harness::Arm& arm, kernels::Index head_dim) {
  kernels::Rotation rotation;
  rotation.rotary_dim = arm.settings.at("rotated") == "all" ? head_dim : head_dim / 4 * 2;
  rotation.pairing = arm.settings.at("pairing") == "halves" ? kernels::Pairing::halves
                                                            : kernels::Pairing::interleaved;
  return rotation;
}

std::vector<std::int32_t> packed_positions(const harness::Arm& arm, kernels::Index rows) {
  if (!is_packed(arm)) return {};
  std::vector<std::int32_t> positions(static_cast<std::size_t>(rows));
  for (kernels::Index row = 0; row < rows; ++row) {
    positions[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(row % rows_per_text);
  }
  return positions;
}

kernels::PositionRange position_range(const harness::Arm& arm, kernels::Index first,
                                      kernels::Index rows) {
  if (is_packed(arm)) return {0, std::min(rows, rows_per_text)};
  return {first, rows};
}

}  // namespace crossover::experiments
