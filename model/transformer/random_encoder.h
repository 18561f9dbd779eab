#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "model/gguf/gguf_header.h"
#include "model/tokenizer/bpe_trainer.h"
#include "model/transformer/encoder_preset.h"

namespace crossover::model {

struct RandomEncoder {
  EncoderPreset preset;
  TensorType type;  // of the matrices; norms are f32
  std::uint64_t seed;
  /// At most the preset's vocabulary less the special tokens; what is missing becomes unused
  /// tokens.
  BpeVocabulary vocabulary;
};

/// Tokens that stand before those of the vocabulary: padding, end, beginning, unknown.
constexpr std::size_t special_tokens = 4;

/// Metadata and tensors of the encoder. Throws std::invalid_argument for a vocabulary that is too
/// large.
GgufHeader encoder_header(const RandomEncoder& encoder);

/// Writes the encoder as a GGUF file: matrices with deviation 1/sqrt(inputs), so that activations
/// keep their size, norms 1 +- 0.05. The same seed gives the same bytes with any number of threads.
/// Rows are made and written in pieces of about a megabyte, one per thread.
/// `cancelled` is asked between pieces; where it says so, nothing is left behind.
/// Returns whether the file was written. Throws FileError, std::invalid_argument.
bool write_random_encoder(const std::filesystem::path& path, const RandomEncoder& encoder,
                          int threads, const std::function<bool()>& cancelled);

}  // namespace crossover::model
