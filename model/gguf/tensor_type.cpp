#include "model/gguf/tensor_type.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace crossover::model {
namespace {

constexpr TensorType number(std::uint32_t value) { return static_cast<TensorType>(value); }

constexpr std::array<TensorTypeInfo, 32> types{{
    {TensorType::f32, "f32", 1, 4},
    {TensorType::f16, "f16", 1, 2},
    {number(2), "q4_0", 32, 18},
    {number(3), "q4_1", 32, 20},
    {number(6), "q5_0", 32, 22},
    {number(7), "q5_1", 32, 24},
    {TensorType::q8_0, "q8_0", 32, 34},
    {number(9), "q8_1", 32, 36},
    {number(10), "q2_k", 256, 84},
    {number(11), "q3_k", 256, 110},
    {TensorType::q4_k, "q4_k", 256, 144},
    {TensorType::q5_k, "q5_k", 256, 176},
    {TensorType::q6_k, "q6_k", 256, 210},
    {number(15), "q8_k", 256, 292},
    {number(16), "iq2_xxs", 256, 66},
    {number(17), "iq2_xs", 256, 74},
    {number(18), "iq3_xxs", 256, 98},
    {number(19), "iq1_s", 256, 50},
    {number(20), "iq4_nl", 32, 18},
    {number(21), "iq3_s", 256, 110},
    {number(22), "iq2_s", 256, 82},
    {number(23), "iq4_xs", 256, 136},
    {number(24), "i8", 1, 1},
    {number(25), "i16", 1, 2},
    {number(26), "i32", 1, 4},
    {number(27), "i64", 1, 8},
    {number(28), "f64", 1, 8},
    {number(29), "iq1_m", 256, 56},
    {TensorType::bf16, "bf16", 1, 2},
    {number(34), "tq1_0", 256, 54},
    {number(35), "tq2_0", 256, 66},
    {number(39), "mxfp4", 32, 17},
}};

template <class Predicate>
const TensorTypeInfo* find(Predicate matches) {
  const auto found = std::find_if(types.begin(), types.end(), matches);
  return found == types.end() ? nullptr : &*found;
}

}  // namespace

std::span<const TensorTypeInfo> tensor_types() { return types; }

const TensorTypeInfo* find_tensor_type(std::uint32_t number) {
  return find(
      [&](const TensorTypeInfo& info) { return static_cast<std::uint32_t>(info.type) == number; });
}

const TensorTypeInfo* find_tensor_type(std::string_view name) {
  return find([&](const TensorTypeInfo& info) { return info.name == name; });
}

const TensorTypeInfo& info_of(TensorType type) {
  const TensorTypeInfo* info = find_tensor_type(static_cast<std::uint32_t>(type));
  assert(info != nullptr);
  return *info;
}

std::optional<std::uint64_t> bytes_of(const TensorTypeInfo& info, std::uint64_t elements) {
  std::uint64_t bytes = 0;
  if (elements % info.block_elements != 0 ||
      __builtin_mul_overflow(elements / info.block_elements, info.block_bytes, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace crossover::model
