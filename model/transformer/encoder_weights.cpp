#include "model/transformer/encoder_weights.h"

#include "model/gguf/blocks.h"

namespace crossover::model {
namespace {

kernels::RopeTable angles(const EncoderConfig& config, double base, Index positions) {
  kernels::Rotation rotation;
  rotation.rotary_dim = static_cast<Index>(config.shape.head_dim);
  rotation.base = base;
  return {rotation, {0, positions}};
}

/// The weights of one layer, by the last part of their names.
class LayerReader {
 public:
  LayerReader(const GgufFile& file, std::uint64_t layer, bool copied)
      : file_(file), layer_(layer), copied_(copied) {}

  const Tensor& tensor(const char* name, const Extents& extents) const {
    return file_.tensor(fmt::format("blk.{}.{}.weight", layer_, name), extents);
  }
  std::vector<float> vector(const char* name, std::uint64_t length) const {
    return weight_vector(file_, tensor(name, {length}));
  }
  WeightMatrix matrix(const std::vector<const Tensor*>& parts) const {
    return {file_, parts, copied_};
  }

 private:
  const GgufFile& file_;
  std::uint64_t layer_;
  bool copied_;
};

EncoderLayer read_layer(const LayerReader& reader, const EncoderShape& shape) {
  const std::uint64_t d = shape.embedding;
  const std::uint64_t queries = shape.heads * shape.head_dim;
  const std::uint64_t keys = shape.kv_heads * shape.head_dim;
  const std::uint64_t inner = shape.feed_forward;
  EncoderLayer layer;
  layer.attention_norm = reader.vector("attn_norm", d);
  layer.query_key_value =
      reader.matrix({&reader.tensor("attn_q", {d, queries}), &reader.tensor("attn_k", {d, keys}),
                     &reader.tensor("attn_v", {d, keys})});
  layer.query_norm = reader.vector("attn_q_norm", shape.head_dim);
  layer.key_norm = reader.vector("attn_k_norm", shape.head_dim);
  layer.attention_output = reader.matrix({&reader.tensor("attn_output", {queries, d})});
  layer.post_attention_norm = reader.vector("post_attention_norm", d);
  layer.feed_forward_norm = reader.vector("ffn_norm", d);
  layer.gate_up =
      reader.matrix({&reader.tensor("ffn_gate", {d, inner}), &reader.tensor("ffn_up", {d, inner})});
  layer.down = reader.matrix({&reader.tensor("ffn_down", {inner, d})});
  layer.post_feed_forward_norm = reader.vector("post_ffw_norm", d);
  return layer;
}

}  // namespace

EncoderWeights::EncoderWeights(const GgufFile& file, Index longest, bool copied)
    : config(read_encoder_config(file)),
      token_embedding(
          file.tensor("token_embd.weight", {config.shape.embedding, config.shape.vocabulary})),
      output_norm(weight_vector(file, file.tensor("output_norm.weight", {config.shape.embedding}))),
      local_angles(angles(config, config.local_base, longest)),
      global_angles(angles(config, config.global_base, longest)) {
  const EncoderShape& shape = config.shape;
  if (!has_codec(token_embedding.type)) {
    file.fail(token_embedding.offset,
              fmt::format("tensor 'token_embd.weight' has the type {}; expected f32, f16, bf16 or "
                          "q8_0",
                          info_of(token_embedding.type).name));
  }
  for (std::uint64_t layer = 0; layer < shape.layers; ++layer) {
    layers.push_back(read_layer(LayerReader(file, layer, copied), shape));
  }
  if (shape.dense == 0) return;
  dense.emplace_back(
      file, std::vector{&file.tensor("dense_2.weight", {shape.embedding, shape.dense})}, copied);
  dense.emplace_back(
      file, std::vector{&file.tensor("dense_3.weight", {shape.dense, shape.embedding})}, copied);
}

}  // namespace crossover::model
