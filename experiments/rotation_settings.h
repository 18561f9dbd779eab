#pragma once

#include <cstdint>
#include <vector>

#include "harness/cell.h"
#include "harness/family.h"
#include "kernels/core/rotation.h"

namespace crossover::experiments {

/// The settings of families that turn heads by position: pairing (halves, interleaved), rotated
/// (all dimensions, or half of them) and positions (consecutive; or packed, which restart at every
/// 128th row, as where texts stand one behind the other, so that rows name their positions).
std::vector<harness::SettingInfo> rotation_settings();

/// The rotation that an arm wants for heads of that dimension, with base 10,000: what a rotation
/// costs does not depend on its angles.
kernels::Rotation rotation_of(const harness::Arm& arm, kernels::Index head_dim);

/// One position for each of `rows` rows where the arm's positions are packed, else none.
std::vector<std::int32_t> packed_positions(const harness::Arm& arm, kernels::Index rows);

/// The range of the positions of `rows` rows that begin at `first`, or that are packed.
kernels::PositionRange position_range(const harness::Arm& arm, kernels::Index first,
                                      kernels::Index rows);

}  // namespace crossover::experiments
