#include "model/transformer/encoder.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <numeric>

#include "kernels/core/partition.h"
#include "model/gguf/blocks.h"
#include "model/transformer/matmul_products.h"

namespace crossover::model {

using kernels::dense;
using kernels::dense_rows;
using kernels::MatrixBatch;
using kernels::ParallelPolicy;

/// What all steps of one pass know.
struct Encoder::Pass {
  std::span<const Tokens> texts;
  Index rows;
  const PassPolicy& policy;
  const PreparedRows& prepared;

  template <class Step>
  void timed(Operation operation, const Step& step) const {
    if (policy.profile == nullptr) return step();
    const Clock::time_point begin = Clock::now();
    step();
    policy.profile->add(operation, policy.first_text, begin, Clock::now());
  }
};

Encoder::Encoder(const EncoderWeights& weights, const EncoderKernels& kernels, int threads)
    : weights_(weights), kernels_(kernels), threads_(threads) {
  for (const EncoderLayer& layer : weights.layers) {
    layers_.push_back({Linear(layer.query_key_value, kernels, threads),
                       Linear(layer.attention_output, kernels, threads),
                       Linear(layer.gate_up, kernels, threads),
                       Linear(layer.down, kernels, threads)});
  }
  for (const WeightMatrix& matrix : weights.dense) dense_.emplace_back(matrix, kernels, threads);
  attention_.resize(static_cast<std::size_t>(threads) + 1);
}

void Encoder::prepare(std::span<const Index> lengths, const Encoder* shared) {
  const Index rows = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  const auto texts = static_cast<Index>(lengths.size());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerProducts* other = shared == nullptr ? nullptr : &shared->layers_[i];
    layers_[i].query_key_value.prepare(rows, other ? &other->query_key_value : nullptr);
    layers_[i].attention_output.prepare(rows, other ? &other->attention_output : nullptr);
    layers_[i].gate_up.prepare(rows, other ? &other->gate_up : nullptr);
    layers_[i].down.prepare(rows, other ? &other->down : nullptr);
  }
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    dense_[i].prepare(texts, shared == nullptr ? nullptr : &shared->dense_[i]);
  }
  prepare_rows(rows);
  if (texts == 1) prepare_attention(rows, threads_, team_slot());
  for (std::size_t slot = 0; texts > 1 && slot < team_slot(); ++slot) {
    for (const Index length : lengths) prepare_attention(length, 1, slot);
  }

  workspace_bytes_ = std::max(workspace_bytes_, attention_bytes_ * team_slot());
  for (const LayerProducts& layer : layers_) {
    for (const Linear* product :
         {&layer.query_key_value, &layer.attention_output, &layer.gate_up, &layer.down}) {
      workspace_bytes_ = std::max(workspace_bytes_, product->workspace_bytes());
    }
  }
  for (const Linear& product : dense_) {
    workspace_bytes_ = std::max(workspace_bytes_, product.workspace_bytes());
  }
  most_rows_ = std::max(most_rows_, rows);
  most_texts_ = std::max(most_texts_, texts);
  positions_.resize(static_cast<std::size_t>(most_rows_));
  order_.resize(static_cast<std::size_t>(most_texts_));
  first_rows_.resize(static_cast<std::size_t>(most_texts_));
  buffers_ = Buffers();
  buffers_ = buffers_for(most_rows_, most_texts_);
}

Encoder::Buffers Encoder::buffers_for(Index rows, Index texts) const {
  const EncoderShape& shape = weights_.config.shape;
  const auto floats = [](Index count, std::uint64_t each) {
    return AlignedBuffer<float>(static_cast<std::size_t>(count) * each);
  };
  return {floats(rows, shape.embedding),
          floats(rows, shape.embedding),
          floats(rows, shape.embedding),
          floats(rows, shape.heads * shape.head_dim),
          floats(rows, std::max((shape.heads + 2 * shape.kv_heads) * shape.head_dim,
                                2 * shape.feed_forward)),
          floats(texts, shape.embedding),
          floats(texts, shape.dense),
          AlignedBuffer<std::byte>(workspace_bytes_)};
}

void Encoder::need_workspace(std::size_t bytes) {
  workspace_bytes_ = std::max(workspace_bytes_, bytes);
}

void Encoder::prepare_rows(Index rows) {
  if (rows_.contains(rows)) return;
  const EncoderShape& shape = weights_.config.shape;
  const ParallelPolicy policy{threads_};
  PreparedRows prepared;
  kernels::norm::Problem norm{rows, static_cast<Index>(shape.embedding)};
  prepared.norm = kernels_.norm->prepare(norm, {}, policy);
  need_workspace(kernels_.norm->workspace_bytes(norm, policy));
  norm.residual = kernels::norm::Residual::fused;
  prepared.norm_of_sum = kernels_.norm->prepare(norm, {}, policy);
  need_workspace(kernels_.norm->workspace_bytes(norm, policy));

  const auto prepare_turn = [&](const kernels::RopeTable& angles) {
    const kernels::qk_norm_rope::Problem turn{rows,
                                              static_cast<Index>(shape.heads),
                                              static_cast<Index>(shape.kv_heads),
                                              static_cast<Index>(shape.head_dim),
                                              angles.rotation(),
                                              angles.range()};
    need_workspace(kernels_.qk_norm_rope->workspace_bytes(turn, policy));
    return kernels_.qk_norm_rope->prepare(turn, {&angles}, policy);
  };
  prepared.local_turn = prepare_turn(weights_.local_angles);
  prepared.global_turn = prepare_turn(weights_.global_angles);

  const kernels::activation::Problem gelu{rows, static_cast<Index>(shape.feed_forward),
                                          kernels::activation::Function::gelu_tanh,
                                          kernels::activation::Gated::mul};
  prepared.activation = kernels_.activation->prepare(gelu, {}, policy);
  need_workspace(kernels_.activation->workspace_bytes(gelu, policy));
  rows_.emplace(rows, std::move(prepared));
}

kernels::attention::Problem Encoder::attention_problem(Index length, bool local) const {
  const EncoderShape& shape = weights_.config.shape;
  kernels::attention::Mask mask;
  if (local) {
    mask = {kernels::attention::MaskKind::window, static_cast<Index>(shape.sliding_window)};
  }
  return {1,
          static_cast<Index>(shape.heads),
          static_cast<Index>(shape.kv_heads),
          length,
          length,
          static_cast<Index>(shape.head_dim),
          mask};
}

void Encoder::prepare_attention(Index length, int threads, std::size_t slot) {
  if (attention_[slot].contains(length)) return;
  const ParallelPolicy policy{threads};
  const kernels::attention::Constants constants{attention_products(*kernels::matmul::find("simd"))};
  const auto prepare_one = [&](bool local) {
    const kernels::attention::Problem problem = attention_problem(length, local);
    if (const auto why = kernels_.attention->why_unsupported(problem)) {
      throw std::runtime_error(*why);
    }
    const std::size_t bytes = kernels_.attention->workspace_bytes(problem, policy);
    attention_bytes_ = std::max(attention_bytes_, (bytes + 63) / 64 * 64);
    return kernels_.attention->prepare(problem, constants, policy);
  };
  attention_[slot].emplace(length, PreparedAttention{prepare_one(true), prepare_one(false)});
}

std::size_t Encoder::memory_bytes() const {
  std::size_t floats = 0;
  for (const AlignedBuffer<float>* buffer :
       {&buffers_.residual, &buffers_.hidden, &buffers_.projected, &buffers_.attended,
        &buffers_.wide, &buffers_.pooled, &buffers_.inner}) {
    floats += buffer->span().size();
  }
  return floats * sizeof(float) + workspace_bytes_;
}

void Encoder::run(std::span<const Tokens> texts, const MatrixBatch<float>& embeddings,
                  const PassPolicy& policy) {
  // Freed at the end of the pass, as the buffers of a program would be that keeps none.
  Buffers fresh;
  Index rows = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    first_rows_[i] = rows;
    std::iota(positions_.begin() + rows, positions_.begin() + rows + std::ssize(texts[i]), 0);
    rows += std::ssize(texts[i]);
  }
  assert(rows_.contains(rows));
  if (policy.fresh_buffers) {
    fresh = buffers_for(rows, std::ssize(texts));
    std::swap(fresh, buffers_);
  }
  std::iota(order_.begin(), order_.begin() + std::ssize(texts), std::size_t{0});
  std::sort(order_.begin(), order_.begin() + std::ssize(texts), [&](std::size_t a, std::size_t b) {
    return texts[a].size() != texts[b].size() ? texts[a].size() > texts[b].size() : a < b;
  });
  const Pass pass{texts, rows, policy, rows_.find(rows)->second};
  pass.timed(Operation::lookup, [&] { look_up(pass); });
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) run_layer(pass, layer);
  pass.timed(Operation::norm, [&] { add_and_normalise(pass, weights_.output_norm); });
  pass.timed(Operation::pooling, [&] { pool(pass, embeddings); });
  if (policy.fresh_buffers) std::swap(fresh, buffers_);
}

void Encoder::look_up(const Pass& pass) {
  const float scale = std::sqrt(static_cast<float>(embedding()));
  const Tensor& table = weights_.token_embedding;
  const auto width = static_cast<std::size_t>(embedding());
  kernels::parallel_region(pass.policy.parallel, [&](int thread, int threads) {
    const kernels::Range own = kernels::share(pass.rows, threads, thread);
    for (std::size_t text = 0; text < pass.texts.size(); ++text) {
      const Index first = first_rows_[text];
      const Index begin = std::max(own.begin, first);
      const Index end = std::min(own.end, first + std::ssize(pass.texts[text]));
      for (Index row = begin; row < end; ++row) {
        const auto id =
            static_cast<std::uint64_t>(pass.texts[text][static_cast<std::size_t>(row - first)]);
        const std::span<float> to(buffers_.residual.data() + row * embedding(), width);
        decode(table.type, table.row(id), to);
        for (float& value : to) value *= scale;
      }
    }
  });
}

void Encoder::run_layer(const Pass& pass, std::size_t number) {
  const EncoderLayer& layer = weights_.layers[number];
  LayerProducts& products = layers_[number];
  const EncoderShape& shape = weights_.config.shape;
  const bool local = weights_.config.is_local(number);
  const Index d = embedding();
  const auto heads = static_cast<Index>(shape.heads);
  const auto kv_heads = static_cast<Index>(shape.kv_heads);
  const auto head_dim = static_cast<Index>(shape.head_dim);
  const auto inner = static_cast<Index>(shape.feed_forward);
  const ParallelPolicy& parallel = pass.policy.parallel;
  const MatrixBatch<float> hidden = dense(buffers_.hidden.data(), 1, pass.rows, d);
  const MatrixBatch<float> projected = dense(buffers_.projected.data(), 1, pass.rows, d);
  const std::span<std::byte> workspace = buffers_.workspace.span();

  pass.timed(Operation::norm, [&] {
    if (number == 0) {
      normalise(pass, buffers_.residual.data(), buffers_.hidden.data(), layer.attention_norm);
    } else {
      add_and_normalise(pass, layer.attention_norm);
    }
  });
  const MatrixBatch<float> qkv =
      dense(buffers_.wide.data(), 1, pass.rows, (heads + 2 * kv_heads) * head_dim);
  pass.timed(Operation::projection,
             [&] { products.query_key_value.run(hidden, qkv, workspace, parallel); });
  pass.timed(Operation::qk_norm_rope, [&] {
    const MatrixBatch<float> q = qkv.block(0, 0, pass.rows, heads * head_dim);
    const MatrixBatch<float> k = qkv.block(0, heads * head_dim, pass.rows, kv_heads * head_dim);
    const kernels::RopeTable& angles = local ? weights_.local_angles : weights_.global_angles;
    kernels_.qk_norm_rope->run(
        {.q = {q, q, layer.query_norm.data(), heads},
         .k = {k, k, layer.key_norm.data(), kv_heads},
         .positions = {0, std::span(positions_).first(static_cast<std::size_t>(pass.rows))},
         .rotation = angles.rotation(),
         .head_dim = head_dim,
         .epsilon = weights_.config.epsilon},
        local ? *pass.prepared.local_turn : *pass.prepared.global_turn, workspace, parallel);
  });
  pass.timed(Operation::attention, [&] { attend(pass, local); });
  pass.timed(Operation::output, [&] {
    products.attention_output.run(dense(buffers_.attended.data(), 1, pass.rows, heads * head_dim),
                                  projected, workspace, parallel);
  });
  pass.timed(Operation::norm, [&] {
    normalise(pass, buffers_.projected.data(), buffers_.projected.data(),
              layer.post_attention_norm);
    add_and_normalise(pass, layer.feed_forward_norm);
  });
  const MatrixBatch<float> gate_up = dense(buffers_.wide.data(), 1, pass.rows, 2 * inner);
  pass.timed(Operation::gate_up,
             [&] { products.gate_up.run(hidden, gate_up, workspace, parallel); });
  const MatrixBatch<float> gate = gate_up.block(0, 0, pass.rows, inner);
  pass.timed(Operation::activation, [&] {
    const kernels::Rows<float> y{gate.data, pass.rows, inner, gate.row_stride};
    const kernels::Rows<const float> up{gate.data + inner, pass.rows, inner, gate.row_stride};
    kernels_.activation->run({y, up, y}, *pass.prepared.activation, workspace, parallel);
  });
  pass.timed(Operation::down, [&] { products.down.run(gate, projected, workspace, parallel); });
  pass.timed(Operation::norm, [&] {
    normalise(pass, buffers_.projected.data(), buffers_.projected.data(),
              layer.post_feed_forward_norm);
  });
}

void Encoder::normalise(const Pass& pass, const float* x, float* y,
                        const std::vector<float>& weight) {
  const kernels::norm::Args args{.x = dense_rows(x, pass.rows, embedding()),
                                 .residual = {},
                                 .h = {},
                                 .y = dense_rows(y, pass.rows, embedding()),
                                 .weight = weight.data(),
                                 .bias = nullptr,
                                 .epsilon = weights_.config.epsilon};
  kernels_.norm->run(args, *pass.prepared.norm, buffers_.workspace.span(), pass.policy.parallel);
}

/// residual += projected; hidden = norm(residual).
void Encoder::add_and_normalise(const Pass& pass, const std::vector<float>& weight) {
  const kernels::Rows<float> residual =
      dense_rows(buffers_.residual.data(), pass.rows, embedding());
  const kernels::norm::Args args{
      .x = dense_rows<const float>(buffers_.projected.data(), pass.rows, embedding()),
      .residual = residual,
      .h = residual,
      .y = dense_rows(buffers_.hidden.data(), pass.rows, embedding()),
      .weight = weight.data(),
      .bias = nullptr,
      .epsilon = weights_.config.epsilon};
  kernels_.norm->run(args, *pass.prepared.norm_of_sum, buffers_.workspace.span(),
                     pass.policy.parallel);
}

void Encoder::attend(const Pass& pass, bool local) {
  if (pass.texts.size() == 1) {
    return attend_to_text(pass, 0, local, team_slot(), pass.policy.parallel);
  }
  std::atomic<std::size_t> next{0};
  kernels::parallel_region(pass.policy.parallel, [&](int thread, int) {
    for (std::size_t i = next++; i < pass.texts.size(); i = next++) {
      attend_to_text(pass, order_[i], local, static_cast<std::size_t>(thread), {});
    }
  });
}

void Encoder::attend_to_text(const Pass& pass, std::size_t text, bool local, std::size_t slot,
                             const ParallelPolicy& policy) {
  const Index length = std::ssize(pass.texts[text]);
  const kernels::attention::Problem problem = attention_problem(length, local);
  const Index queries = problem.heads * problem.head_dim;
  const Index keys = problem.kv_heads * problem.head_dim;
  const MatrixBatch<const float> qkv =
      dense<const float>(buffers_.wide.data(), 1, pass.rows, queries + 2 * keys)
          .block(first_rows_[text], 0, length, queries + 2 * keys);
  const MatrixBatch<float> out = dense(buffers_.attended.data(), 1, pass.rows, queries)
                                     .block(first_rows_[text], 0, length, queries);
  const PreparedAttention& prepared = attention_[slot].find(length)->second;
  const std::size_t first_byte = slot == team_slot() ? 0 : slot * attention_bytes_;
  kernels_.attention->run({.q = qkv.block(0, 0, length, queries),
                           .k = qkv.block(0, queries, length, keys),
                           .v = qkv.block(0, queries + keys, length, keys),
                           .o = out,
                           .heads = problem.heads,
                           .kv_heads = problem.kv_heads,
                           .head_dim = problem.head_dim,
                           .scale = 1 / std::sqrt(static_cast<float>(problem.head_dim)),
                           .mask = problem.mask},
                          local ? *prepared.local : *prepared.global,
                          buffers_.workspace.span().subspan(first_byte), policy);
}

void Encoder::pool(const Pass& pass, const MatrixBatch<float>& embeddings) {
  const auto texts = static_cast<Index>(pass.texts.size());
  const Index d = embedding();
  const MatrixBatch<float> pooled = dense(buffers_.pooled.data(), 1, texts, d);
  for (Index text = 0; text < texts; ++text) {
    float* const mean = pooled.row(0, text);
    const Index length = std::ssize(pass.texts[static_cast<std::size_t>(text)]);
    std::fill_n(mean, d, 0.0F);
    for (Index row = 0; row < length; ++row) {
      const float* const from =
          buffers_.hidden.data() + (first_rows_[static_cast<std::size_t>(text)] + row) * d;
      for (Index j = 0; j < d; ++j) mean[j] += from[j];
    }
    const float share = 1 / static_cast<float>(length);
    for (Index j = 0; j < d; ++j) mean[j] *= share;
  }
  if (!dense_.empty()) {
    const MatrixBatch<float> inner =
        dense(buffers_.inner.data(), 1, texts, static_cast<Index>(weights_.config.shape.dense));
    dense_[0].run(pooled, inner, buffers_.workspace.span(), pass.policy.parallel);
    dense_[1].run(inner, pooled, buffers_.workspace.span(), pass.policy.parallel);
  }
  for (Index text = 0; text < texts; ++text) {
    const float* const from = pooled.row(0, text);
    double squares = 0;
    for (Index j = 0; j < d; ++j) squares += double{from[j]} * double{from[j]};
    const auto factor = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0F;
    for (Index j = 0; j < d; ++j) embeddings.row(0, text)[j] = factor * from[j];
  }
}

}  // namespace crossover::model
