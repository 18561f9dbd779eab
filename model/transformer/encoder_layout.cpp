#include "model/transformer/encoder_layout.h"

#include <fmt/format.h>

namespace crossover::model {
namespace {

using enum WeightRole;

void append_layer(std::vector<EncoderWeight>& weights, const EncoderShape& shape,
                  std::uint64_t layer) {
  const std::uint64_t d = shape.embedding;
  const std::uint64_t head = shape.head_dim;
  const std::uint64_t queries = shape.heads * head;
  const std::uint64_t keys = shape.kv_heads * head;
  const std::vector<EncoderWeight> parts = {
      {"attn_k", {d, keys}, matrix},
      {"attn_k_norm", {head}, norm},
      {"attn_norm", {d}, norm},
      {"attn_output", {queries, d}, matrix},
      {"attn_q", {d, queries}, matrix},
      {"attn_q_norm", {head}, norm},
      {"attn_v", {d, keys}, matrix},
      {"ffn_down", {shape.feed_forward, d}, matrix},
      {"ffn_gate", {d, shape.feed_forward}, matrix},
      {"ffn_norm", {d}, norm},
      {"ffn_up", {d, shape.feed_forward}, matrix},
      {"post_attention_norm", {d}, norm},
      {"post_ffw_norm", {d}, norm},
  };
  for (const EncoderWeight& part : parts) {
    weights.push_back({fmt::format("blk.{}.{}.weight", layer, part.name), part.extents, part.role});
  }
}

}  // namespace

std::vector<EncoderWeight> encoder_weights(const EncoderShape& shape) {
  const std::uint64_t d = shape.embedding;
  std::vector<EncoderWeight> weights = {
      {"dense_2.weight", {d, shape.dense}, matrix},
      {"dense_3.weight", {shape.dense, d}, matrix},
      {"output_norm.weight", {d}, norm},
      {"token_embd.weight", {d, shape.vocabulary}, matrix},
  };
  for (std::uint64_t layer = 0; layer < shape.layers; ++layer) append_layer(weights, shape, layer);
  return weights;
}

}  // namespace crossover::model
