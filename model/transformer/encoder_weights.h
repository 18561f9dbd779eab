#pragma once

#include <vector>

#include "kernels/core/rope_table.h"
#include "model/transformer/encoder_config.h"
#include "model/transformer/weight_matrix.h"

namespace crossover::model {

/// The weights of one layer; vectors are the factors of RMS norms.
struct EncoderLayer {
  std::vector<float> attention_norm;          // [embedding], before the projections
  WeightMatrix query_key_value;               // [(heads + 2 * kv_heads) * head_dim, embedding]
  std::vector<float> query_norm;              // [head_dim]
  std::vector<float> key_norm;                // [head_dim]
  WeightMatrix attention_output;              // [embedding, heads * head_dim]
  std::vector<float> post_attention_norm;     // [embedding]
  std::vector<float> feed_forward_norm;       // [embedding]
  WeightMatrix gate_up;                       // [2 * feed_forward, embedding]
  WeightMatrix down;                          // [embedding, feed_forward]
  std::vector<float> post_feed_forward_norm;  // [embedding]
};

/// Everything of an encoder that is the same in every pass; shared by all threads.
struct EncoderWeights {
  /// For texts of up to `longest` tokens. `copied`: nothing but the table of tokens is read from
  /// the file any more. The file outlives this. Throws GgufError: a tensor is missing, of another
  /// shape, or of a type that is not supported.
  EncoderWeights(const GgufFile& file, Index longest, bool copied);

  EncoderConfig config;
  Tensor token_embedding;  // [vocabulary, embedding]
  std::vector<EncoderLayer> layers;
  std::vector<float> output_norm;   // [embedding]
  std::vector<WeightMatrix> dense;  // behind the pooling: none, or two
  kernels::RopeTable local_angles;
  kernels::RopeTable global_angles;
};

}  // namespace crossover::model
