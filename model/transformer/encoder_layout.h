#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/gguf/gguf_file.h"

namespace crossover::model {

/// How GGUF calls the architecture of EmbeddingGemma.
constexpr const char* encoder_architecture = "gemma-embedding";

/// The extents of an encoder of that architecture.
struct EncoderShape {
  std::uint64_t layers;
  std::uint64_t embedding;
  std::uint64_t heads;
  std::uint64_t kv_heads;
  std::uint64_t head_dim;
  std::uint64_t feed_forward;
  std::uint64_t vocabulary;
  std::uint64_t context;
  std::uint64_t sliding_window;
  std::uint64_t dense;  // width between the two layers behind the pooling
};

/// A matrix maps row_elements() inputs to rows() outputs; a norm is a vector of factors near 1.
enum class WeightRole { matrix, norm };

struct EncoderWeight {
  std::string name;
  Extents extents;
  WeightRole role;
};

/// All weights of an encoder, in the order in which files hold them.
std::vector<EncoderWeight> encoder_weights(const EncoderShape& shape);

}  // namespace crossover::model
