#include "model/transformer/encoder_preset.h"

#include <algorithm>
#include <array>

namespace crossover::model {
namespace {

constexpr std::array<EncoderPreset, 2> presets{{
    // As published: google/embeddinggemma-300m.
    {"embeddinggemma-300m",
     {.layers = 24,
      .embedding = 768,
      .heads = 3,
      .kv_heads = 1,
      .head_dim = 256,
      .feed_forward = 1152,
      .vocabulary = 262'144,
      .context = 2048,
      .sliding_window = 512,
      .dense = 3072}},
    // The same architecture for tests; six layers, since every sixth looks at the whole text.
    {"tiny-encoder",
     {.layers = 6,
      .embedding = 128,
      .heads = 3,
      .kv_heads = 1,
      .head_dim = 64,
      .feed_forward = 256,
      .vocabulary = 4096,
      .context = 2048,
      .sliding_window = 32,
      .dense = 256}},
}};

}  // namespace

std::span<const EncoderPreset> encoder_presets() { return presets; }

const EncoderPreset* find_encoder_preset(std::string_view name) {
  const auto found = std::find_if(presets.begin(), presets.end(),
                                  [&](const EncoderPreset& preset) { return preset.name == name; });
  return found == presets.end() ? nullptr : &*found;
}

}  // namespace crossover::model
