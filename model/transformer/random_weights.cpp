#include "model/transformer/random_weights.h"

namespace crossover::model {
namespace {

constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15;

/// The mixing of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t random_stream(std::uint64_t seed, std::string_view tensor, std::uint64_t row) {
  std::uint64_t stream = mixed(seed + golden_gamma);
  for (const char character : tensor) {
    stream = mixed(stream ^ static_cast<unsigned char>(character)) + golden_gamma;
  }
  return mixed(stream ^ row);
}

void fill_random(std::span<float> values, std::uint64_t stream, float mean, float deviation) {
  constexpr float sum_mean = 2 * 65535.0F;
  constexpr float sum_deviation = 37837.227F;  // sqrt(4 * (65536^2 - 1) / 12)
  const float scale = deviation / sum_deviation;
  for (float& value : values) {
    stream += golden_gamma;
    const std::uint64_t bits = mixed(stream);
    const std::uint64_t sum =
        (bits & 0xFFFFU) + ((bits >> 16) & 0xFFFFU) + ((bits >> 32) & 0xFFFFU) + (bits >> 48);
    value = mean + (static_cast<float>(static_cast<std::int32_t>(sum)) - sum_mean) * scale;
  }
}

}  // namespace crossover::model
