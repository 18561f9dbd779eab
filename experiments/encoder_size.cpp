#include "experiments/encoder_size.h"

#include <algorithm>
#include <map>

#include "experiments/encoder_setup.h"
#include "model/transformer/encoder_preset.h"

namespace crossover::experiments {
namespace {

double bytes_of(const model::TensorTypeInfo& type, double weights) {
  return weights * type.block_bytes / type.block_elements;
}

EncoderSize size_of(const model::EncoderShape& shape, const model::TensorTypeInfo& type) {
  const auto d = static_cast<double>(shape.embedding);
  const double used = layer_weights(shape) + dense_weights(shape);
  EncoderSize size;
  size.layer_weights = layer_weights(shape);
  size.file_bytes = bytes_of(type, used + d * static_cast<double>(shape.vocabulary));
  size.matrix_bytes = bytes_of(type, used);
  const bool q8 = type.type == model::TensorType::q8_0;
  size.packed_bytes = q8 ? size.matrix_bytes : sizeof(float) * used;
  const auto attended = static_cast<double>(shape.heads * shape.head_dim);
  const auto keys_and_values = static_cast<double>(2 * shape.kv_heads * shape.head_dim);
  const double wide =
      std::max(attended + keys_and_values, 2 * static_cast<double>(shape.feed_forward));
  constexpr double of_width = 3;  // residual, hidden, projected
  constexpr double with_workspace = 2;
  size.floats_per_token = with_workspace * (of_width * d + attended + wide);
  return size;
}

/// Throws GgufError, FileError, where the file is not one of an encoder.
EncoderSize size_of_file(const std::filesystem::path& path) {
  const model::GgufFile file = model::GgufFile::open(path);
  const model::TensorType type = file.tensor("blk.0.attn_q.weight").type;
  EncoderSize size = size_of(model::read_encoder_config(file).shape, model::info_of(type));
  size.file_bytes = static_cast<double>(file.size());
  return size;
}

EncoderSize read_size(const std::string& name_or_path, const std::string& type) {
  const model::TensorTypeInfo* const info = model::find_tensor_type(type);
  const model::TensorTypeInfo& known = info ? *info : model::info_of(model::TensorType::f32);
  if (const auto* preset = model::find_encoder_preset(name_or_path)) {
    return size_of(preset->shape, known);
  }
  try {
    return size_of_file(name_or_path);
  } catch (const std::exception&) {
    return size_of(model::find_encoder_preset("embeddinggemma-300m")->shape, known);
  }
}

}  // namespace

double layer_weights(const model::EncoderShape& shape) {
  const auto d = static_cast<double>(shape.embedding);
  const auto queries = static_cast<double>(shape.heads * shape.head_dim);
  const auto keys = static_cast<double>(shape.kv_heads * shape.head_dim);
  const double of_layer =
      d * (2 * queries + 2 * keys) + 3 * d * static_cast<double>(shape.feed_forward);
  return of_layer * static_cast<double>(shape.layers);
}

double dense_weights(const model::EncoderShape& shape) {
  return 2 * static_cast<double>(shape.embedding) * static_cast<double>(shape.dense);
}

EncoderSize encoder_size(const harness::Arm& arm) {
  static std::map<std::pair<std::string, std::string>, EncoderSize> known;
  const std::pair key(arm.settings.at("model"), arm.settings.at("type"));
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known.emplace(key, read_size(key.first, key.second)).first->second;
}

}  // namespace crossover::experiments
