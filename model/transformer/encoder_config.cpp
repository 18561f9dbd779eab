#include "model/transformer/encoder_config.h"

#include <cmath>

namespace crossover::model {
namespace {

std::string key_of(const char* name) { return fmt::format("{}.{}", encoder_architecture, name); }

std::uint64_t in_range(const GgufFile& file, const char* name, std::uint64_t value,
                       std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return value;
  file.fail(file.find(key_of(name))->offset(),
            fmt::format("key '{}' is {}; expected {} to {}", key_of(name), value, least, most));
}

std::uint64_t number(const GgufFile& file, const char* name, std::uint64_t most) {
  return in_range(file, name, file.get<std::uint64_t>(key_of(name)), 1, most);
}

double positive(const GgufFile& file, const char* name, std::optional<double> usual) {
  const std::string key = key_of(name);
  const double value = usual ? file.find_as<double>(key).value_or(*usual) : file.get<double>(key);
  if (value > 0 && std::isfinite(value)) return value;
  file.fail(file.find(key)->offset(),
            fmt::format("key '{}' is {}; expected a number above 0", key, value));
}

void check_architecture(const GgufFile& file) {
  constexpr const char* key = "general.architecture";
  const auto architecture = file.get<std::string_view>(key);
  if (architecture == encoder_architecture) return;
  file.fail(file.find(key)->offset(),
            fmt::format("the architecture {} is not supported; expected '{}'",
                        in_quotes(architecture), encoder_architecture));
}

void check_pooling(const GgufFile& file) {
  constexpr std::uint64_t mean = 1;
  const auto pooling = file.find_as<std::uint64_t>(key_of("pooling_type"));
  if (!pooling || *pooling == mean) return;
  file.fail(file.find(key_of("pooling_type"))->offset(),
            fmt::format("pooling {} is not supported; expected 1, the mean", *pooling));
}

EncoderShape read_shape(const GgufFile& file) {
  // Limits far beyond any model, so that products of extents stay within 63 bits.
  constexpr std::uint64_t most_layers = 10'000;
  constexpr std::uint64_t most_extent = 1 << 20;
  EncoderShape shape{};
  shape.layers = number(file, "block_count", most_layers);
  shape.embedding = number(file, "embedding_length", most_extent);
  shape.heads = number(file, "attention.head_count", most_extent);
  shape.kv_heads = number(file, "attention.head_count_kv", shape.heads);
  shape.head_dim = number(file, "attention.key_length", most_extent);
  in_range(file, "attention.value_length",
           file.find_as<std::uint64_t>(key_of("attention.value_length")).value_or(shape.head_dim),
           shape.head_dim, shape.head_dim);
  shape.feed_forward = number(file, "feed_forward_length", most_extent);
  shape.context = number(file, "context_length", most_extent);
  shape.sliding_window = number(file, "attention.sliding_window", most_extent);
  shape.vocabulary = file.tensor("token_embd.weight").rows();
  if (const auto dense = file.find_as<std::uint64_t>(key_of("dense_2_feat_out"))) {
    shape.dense = in_range(file, "dense_2_feat_out", *dense, 1, most_extent);
  }
  return shape;
}

}  // namespace

EncoderConfig read_encoder_config(const GgufFile& file) {
  check_architecture(file);
  check_pooling(file);
  EncoderConfig config;
  config.shape = read_shape(file);
  const EncoderShape& shape = config.shape;
  if (shape.heads % shape.kv_heads != 0) {
    file.fail(file.find(key_of("attention.head_count_kv"))->offset(),
              fmt::format("{} key-value heads; expected a divisor of the {} heads", shape.kv_heads,
                          shape.heads));
  }
  if (shape.head_dim % 2 != 0) {
    file.fail(file.find(key_of("attention.key_length"))->offset(),
              fmt::format("heads of {} dimensions; expected an even number", shape.head_dim));
  }
  config.epsilon =
      static_cast<float>(positive(file, "attention.layer_norm_rms_epsilon", std::nullopt));
  config.global_base = positive(file, "rope.freq_base", config.global_base);
  config.local_base = positive(file, "rope.freq_base_swa", config.local_base);
  return config;
}

}  // namespace crossover::model
