#include "model/transformer/random_encoder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "model/gguf/blocks.h"
#include "model/gguf/gguf_writer.h"
#include "model/transformer/random_weights.h"

namespace crossover::model {
namespace {

enum class TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, unused = 5 };

/// general.file_type of a file whose matrices are of that type.
std::uint32_t file_type(TensorType type) {
  if (type == TensorType::f32) return 0;
  if (type == TensorType::f16) return 1;
  if (type == TensorType::q8_0) return 7;
  if (type == TensorType::bf16) return 32;
  throw std::invalid_argument(fmt::format("an encoder cannot be {}", info_of(type).name));
}

void set_tokenizer(GgufHeader& header, const BpeVocabulary& vocabulary, std::uint64_t size) {
  std::vector<std::string> tokens = {"<pad>", "<eos>", "<bos>", "<unk>"};
  std::vector<std::int32_t> types(special_tokens, static_cast<std::int32_t>(TokenType::control));
  types.back() = static_cast<std::int32_t>(TokenType::unknown);
  if (vocabulary.tokens.size() > size - tokens.size()) {
    throw std::invalid_argument(
        fmt::format("{} tokens; expected at most {} beside the special ones",
                    vocabulary.tokens.size(), size - tokens.size()));
  }
  tokens.insert(tokens.end(), vocabulary.tokens.begin(), vocabulary.tokens.end());
  types.resize(tokens.size(), static_cast<std::int32_t>(TokenType::normal));
  for (std::size_t i = 0; tokens.size() < size; ++i) tokens.push_back(fmt::format("<unused{}>", i));
  types.resize(size, static_cast<std::int32_t>(TokenType::unused));
  header.set("tokenizer.ggml.model", "gpt2");
  header.set("tokenizer.ggml.pre", "gpt-2");
  header.set("tokenizer.ggml.tokens", tokens);
  header.set("tokenizer.ggml.token_type", types);
  header.set("tokenizer.ggml.merges", vocabulary.merges);
  header.set("tokenizer.ggml.padding_token_id", std::uint32_t{0});
  header.set("tokenizer.ggml.eos_token_id", std::uint32_t{1});
  header.set("tokenizer.ggml.bos_token_id", std::uint32_t{2});
  header.set("tokenizer.ggml.unknown_token_id", std::uint32_t{3});
  header.set("tokenizer.ggml.add_bos_token", true);
  header.set("tokenizer.ggml.add_eos_token", false);
}

void set_shape(GgufHeader& header, const EncoderShape& shape) {
  const auto set = [&](const char* key, std::uint64_t value) {
    header.set(fmt::format("{}.{}", encoder_architecture, key), static_cast<std::uint32_t>(value));
  };
  const auto set_number = [&](const char* key, float value) {
    header.set(fmt::format("{}.{}", encoder_architecture, key), value);
  };
  constexpr std::uint64_t mean_pooling = 1;
  set("context_length", shape.context);
  set("embedding_length", shape.embedding);
  set("block_count", shape.layers);
  set("feed_forward_length", shape.feed_forward);
  set("attention.head_count", shape.heads);
  set("attention.head_count_kv", shape.kv_heads);
  set("attention.key_length", shape.head_dim);
  set("attention.value_length", shape.head_dim);
  set_number("attention.layer_norm_rms_epsilon", 1e-6F);
  set_number("rope.freq_base", 1e6F);
  set("attention.sliding_window", shape.sliding_window);
  set("pooling_type", mean_pooling);
  set("dense_2_feat_in", shape.embedding);
  set("dense_2_feat_out", shape.dense);
  set("dense_3_feat_in", shape.dense);
  set("dense_3_feat_out", shape.embedding);
}

TensorType stored_type(const EncoderWeight& weight, TensorType type) {
  return weight.role == WeightRole::norm ? TensorType::f32 : type;
}

/// Consecutive rows of one tensor.
struct RowPiece {
  std::size_t tensor;
  std::uint64_t first;
  std::uint64_t count;
};

std::vector<RowPiece> row_pieces(const std::vector<EncoderWeight>& weights) {
  constexpr std::uint64_t piece_elements = std::uint64_t{1} << 18;
  std::vector<RowPiece> pieces;
  for (std::size_t tensor = 0; tensor < weights.size(); ++tensor) {
    const std::uint64_t width = weights[tensor].extents.along[0];
    const std::uint64_t rows = weights[tensor].extents.elements() / width;
    const std::uint64_t step = std::max<std::uint64_t>(piece_elements / width, 1);
    for (std::uint64_t first = 0; first < rows; first += step) {
      pieces.push_back({tensor, first, std::min(step, rows - first)});
    }
  }
  return pieces;
}

void write_piece(GgufWriter& writer, const EncoderWeight& weight, TensorType type,
                 std::uint64_t seed, const RowPiece& piece) {
  const std::uint64_t width = weight.extents.along[0];
  const bool norm = weight.role == WeightRole::norm;
  const float mean = norm ? 1 : 0;
  const float deviation = norm ? 0.05F : 1 / std::sqrt(static_cast<float>(width));
  std::vector<float> values(piece.count * width);
  for (std::uint64_t row = 0; row < piece.count; ++row) {
    fill_random(std::span(values).subspan(row * width, width),
                random_stream(seed, weight.name, piece.first + row), mean, deviation);
  }
  const std::uint64_t row_bytes = *bytes_of(info_of(type), width);
  std::vector<std::byte> bytes(piece.count * row_bytes);
  encode(type, values, bytes);
  writer.write(piece.tensor, piece.first * row_bytes, bytes);
}

/// Calls work(i) for i < count from several threads, in order of starting, until one of them throws
/// or `cancelled`. Returns whether all were called; throws what work threw first.
bool for_each_in_threads(std::size_t count, int threads, const std::function<bool()>& cancelled,
                         const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  std::exception_ptr first_fault;
  const auto loop = [&] {
    while (!stopped) {
      const std::size_t i = next++;
      if (i >= count) return;
      try {
        if (cancelled())
          stopped = true;
        else
          work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first_fault) first_fault = std::current_exception();
        stopped = true;
      }
    }
  };
  {
    std::vector<std::jthread> team;
    for (int i = 1; i < threads; ++i) team.emplace_back(loop);
    loop();
  }
  if (first_fault) std::rethrow_exception(first_fault);
  return !stopped;
}

}  // namespace

GgufHeader encoder_header(const RandomEncoder& encoder) {
  GgufHeader header;
  header.set("general.architecture", encoder_architecture);
  header.set("general.name",
             fmt::format("{} with random weights, seed {}", encoder.preset.name, encoder.seed));
  header.set("general.file_type", file_type(encoder.type));
  header.set("general.quantization_version", std::uint32_t{2});
  set_shape(header, encoder.preset.shape);
  set_tokenizer(header, encoder.vocabulary, encoder.preset.shape.vocabulary);
  for (const EncoderWeight& weight : encoder_weights(encoder.preset.shape)) {
    header.add_tensor(weight.name, stored_type(weight, encoder.type), weight.extents);
  }
  return header;
}

bool write_random_encoder(const std::filesystem::path& path, const RandomEncoder& encoder,
                          int threads, const std::function<bool()>& cancelled) {
  GgufWriter writer(path, encoder_header(encoder));
  const std::vector<EncoderWeight> weights = encoder_weights(encoder.preset.shape);
  const std::vector<RowPiece> pieces = row_pieces(weights);
  const bool complete = for_each_in_threads(pieces.size(), threads, cancelled, [&](std::size_t i) {
    const EncoderWeight& weight = weights[pieces[i].tensor];
    write_piece(writer, weight, stored_type(weight, encoder.type), encoder.seed, pieces[i]);
  });
  if (complete) writer.commit();
  return complete;
}

}  // namespace crossover::model
