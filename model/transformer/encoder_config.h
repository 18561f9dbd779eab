#pragma once

#include "model/gguf/gguf_file.h"
#include "model/transformer/encoder_layout.h"

namespace crossover::model {

/// An encoder of the architecture gemma-embedding, as its file describes it.
struct EncoderConfig {
  EncoderShape shape;  // dense: 0 where nothing stands behind the pooling
  float epsilon = 1e-6F;
  double global_base = 1e6;  // of the rotation in layers that see the whole text
  double local_base = 1e4;   // and in those with a sliding window
  std::uint64_t period = 6;  // every so manieth layer is global
  bool is_local(std::uint64_t layer) const { return (layer + 1) % period != 0; }
};

/// Throws GgufError: another architecture, with its name; a value that is missing or out of range;
/// a pooling other than the mean.
EncoderConfig read_encoder_config(const GgufFile& file);

}  // namespace crossover::model
