#pragma once

#include <span>
#include <string_view>

#include "model/transformer/encoder_layout.h"

namespace crossover::model {

/// A shape that can be asked for by name.
struct EncoderPreset {
  std::string_view name;
  EncoderShape shape;
};

std::span<const EncoderPreset> encoder_presets();

/// Null where there is none.
const EncoderPreset* find_encoder_preset(std::string_view name);

}  // namespace crossover::model
