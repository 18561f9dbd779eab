#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "kernels/core/token_ids.h"
#include "model/transformer/encoder_weights.h"
#include "model/transformer/linear.h"
#include "model/transformer/pass_profile.h"

namespace crossover::model {

using Tokens = std::span<const kernels::TokenId>;

/// How one pass is computed.
struct PassPolicy {
  kernels::ParallelPolicy parallel;      // of the threads that the encoder was made for
  PassProfile::Team* profile = nullptr;  // null: no clock is read
  std::int32_t first_text = 0;           // number of the first text in the profile
  bool fresh_buffers = false;            // allocate all memory anew for this pass
};

/// Passes of one team of threads through an encoder, with all memory that they need.
///
/// h = sqrt(embedding) * table[ids]; in each layer
///   h += norm(attention(norm(h))),  h += norm(down(gelu(gate(norm(h))) * up(norm(h))))
/// where attention turns normalised queries and keys by their positions and sees the whole text in
/// every sixth layer, and a window on both sides in the others. Then the mean of norm(h) over the
/// text, two dense layers, and division by the length.
/// Source: google/embeddinggemma-300m, 2025; Gemma 3, arXiv:2503.19786, 2025.
class Encoder {
 public:
  /// `threads`: of every pass. Weights and kernels outlive this.
  Encoder(const EncoderWeights& weights, const EncoderKernels& kernels, int threads);

  /// Makes passes over texts of these lengths (each from 1 to the `longest` of the weights)
  /// possible, all in one pass. `shared`, or null, is an encoder of the same weights, kernels and
  /// threads that was prepared before, outlives this, and whose copies of weights are used instead
  /// of own ones. Throws std::runtime_error where a variant cannot be used; std::bad_alloc.
  void prepare(std::span<const Index> lengths, const Encoder* shared);

  /// Row i of embeddings [texts, embedding] becomes the embedding of texts[i], whose ids are all
  /// below the vocabulary's size. The texts go through the layers as the rows of one matrix.
  /// Requires a prepare() for these lengths. Neither allocates nor throws, unless fresh_buffers say
  /// so.
  void run(std::span<const Tokens> texts, const kernels::MatrixBatch<float>& embeddings,
           const PassPolicy& policy);

  Index embedding() const { return static_cast<Index>(weights_.config.shape.embedding); }

  /// Of the largest product of a layer, e.g. "avx512vnni 6x32 prepacked".
  std::optional<std::string> code_path() const { return layers_.front().gate_up.code_path(); }

  /// Bytes of activations and scratch memory.
  std::size_t memory_bytes() const;

 private:
  struct LayerProducts {
    Linear query_key_value;
    Linear attention_output;
    Linear gate_up;
    Linear down;
  };
  struct PreparedRows {
    std::unique_ptr<kernels::Prepared> norm;
    std::unique_ptr<kernels::Prepared> norm_of_sum;
    std::unique_ptr<kernels::Prepared> local_turn;
    std::unique_ptr<kernels::Prepared> global_turn;
    std::unique_ptr<kernels::Prepared> activation;
  };
  struct PreparedAttention {
    std::unique_ptr<kernels::Prepared> local;
    std::unique_ptr<kernels::Prepared> global;
  };
  struct Buffers {
    AlignedBuffer<float> residual;   // [rows, embedding]
    AlignedBuffer<float> hidden;     // [rows, embedding]
    AlignedBuffer<float> projected;  // [rows, embedding]
    AlignedBuffer<float> attended;   // [rows, heads * head_dim]
    AlignedBuffer<float> wide;       // [rows, queries, keys and values, or gate and up]
    AlignedBuffer<float> pooled;     // [texts, embedding]
    AlignedBuffer<float> inner;      // [texts, dense]
    AlignedBuffer<std::byte> workspace;
  };
  struct Pass;

  Buffers buffers_for(Index rows, Index texts) const;

  std::size_t team_slot() const { return static_cast<std::size_t>(threads_); }
  void prepare_rows(Index rows);
  void prepare_attention(Index length, int threads, std::size_t slot);
  void need_workspace(std::size_t bytes);
  kernels::attention::Problem attention_problem(Index length, bool local) const;

  void look_up(const Pass& pass);
  void run_layer(const Pass& pass, std::size_t layer);
  void normalise(const Pass& pass, const float* x, float* y, const std::vector<float>& weight);
  void add_and_normalise(const Pass& pass, const std::vector<float>& weight);
  void attend(const Pass& pass, bool local);
  void attend_to_text(const Pass& pass, std::size_t text, bool local, std::size_t slot,
                      const kernels::ParallelPolicy& policy);
  void pool(const Pass& pass, const kernels::MatrixBatch<float>& embeddings);

  const EncoderWeights& weights_;
  const EncoderKernels& kernels_;
  int threads_;
  std::vector<LayerProducts> layers_;
  std::vector<Linear> dense_;
  std::map<Index, PreparedRows> rows_;
  // By the thread that uses them, since several texts are attended to by one thread each; the last
  // one is for the whole team.
  std::vector<std::map<Index, PreparedAttention>> attention_;
  std::size_t attention_bytes_ = 0;  // of workspace, for one slot

  Index most_rows_ = 0;
  Index most_texts_ = 0;
  std::size_t workspace_bytes_ = 0;
  Buffers buffers_;
  std::vector<std::int32_t> positions_;  // [rows]
  std::vector<std::size_t> order_;       // of texts, longest first
  std::vector<Index> first_rows_;        // [texts]
};

}  // namespace crossover::model
