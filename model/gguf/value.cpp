#include "model/gguf/value.h"

#include <array>
#include <bit>
#include <fmt/format.h>
#include <limits>

namespace crossover::model {
namespace {

static_assert(std::endian::native == std::endian::little, "values are read as they are stored");

constexpr std::array<std::string_view, value_types> names{
    "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};

constexpr std::uint64_t length_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t array_head_bytes = sizeof(std::uint32_t) + length_bytes;

constexpr std::array<std::uint64_t, value_types> sizes{
    1, 1, 2, 2, 4, 4, 4, 1, length_bytes, array_head_bytes, 8, 8, 8};

}  // namespace

std::string_view name_of(ValueType type) { return names[static_cast<std::size_t>(type)]; }

std::uint64_t least_bytes(ValueType type) { return sizes[static_cast<std::size_t>(type)]; }

std::optional<bool> Value::boolean() const {
  if (type_ != ValueType::boolean) return std::nullopt;
  return load<std::uint8_t>(bytes_.data()) != 0;
}

std::optional<std::int64_t> Value::signed_integer() const {
  const std::byte* at = bytes_.data();
  switch (type_) {
    case ValueType::i8:
      return load<std::int8_t>(at);
    case ValueType::i16:
      return load<std::int16_t>(at);
    case ValueType::i32:
      return load<std::int32_t>(at);
    case ValueType::i64:
      return load<std::int64_t>(at);
    default:
      break;
  }
  const auto value = unsigned_integer();
  if (!value || *value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint64_t> Value::unsigned_integer() const {
  const std::byte* at = bytes_.data();
  switch (type_) {
    case ValueType::u8:
      return load<std::uint8_t>(at);
    case ValueType::u16:
      return load<std::uint16_t>(at);
    case ValueType::u32:
      return load<std::uint32_t>(at);
    case ValueType::u64:
      return load<std::uint64_t>(at);
    default:
      break;
  }
  if (!is_integer(type_)) return std::nullopt;
  const std::int64_t value = *signed_integer();
  if (value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::optional<double> Value::number() const {
  if (type_ == ValueType::f32) return load<float>(bytes_.data());
  if (type_ == ValueType::f64) return load<double>(bytes_.data());
  return std::nullopt;
}

std::optional<std::string_view> Value::text() const {
  if (type_ != ValueType::string) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes_.data()) + length_bytes,
                          bytes_.size() - length_bytes);
}

ValueType Value::element_type() const {
  if (type_ != ValueType::array) return ValueType::u8;
  return static_cast<ValueType>(load<std::uint32_t>(bytes_.data()));
}

std::uint64_t Value::length() const {
  if (type_ != ValueType::array) return 0;
  return load<std::uint64_t>(bytes_.data() + sizeof(std::uint32_t));
}

std::uint64_t Value::encoded_bytes(ValueType type, const std::byte* at) {
  if (type == ValueType::string) return length_bytes + load<std::uint64_t>(at);
  if (type != ValueType::array) return least_bytes(type);
  const auto element = static_cast<ValueType>(load<std::uint32_t>(at));
  const auto length = load<std::uint64_t>(at + sizeof(std::uint32_t));
  std::uint64_t bytes = array_head_bytes;
  if (element != ValueType::string && element != ValueType::array) {
    return bytes + length * least_bytes(element);
  }
  for (std::uint64_t i = 0; i < length; ++i) bytes += encoded_bytes(element, at + bytes);
  return bytes;
}

void Value::for_each(const std::function<bool(const Value&)>& visit) const {
  const ValueType element = element_type();
  const std::uint64_t count = length();
  std::uint64_t position = array_head_bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t bytes = encoded_bytes(element, bytes_.data() + position);
    if (!visit({element, bytes_.subspan(position, bytes), offset_ + position})) return;
    position += bytes;
  }
}

std::string Value::type_name() const {
  if (type_ != ValueType::array) return std::string(name_of(type_));
  return fmt::format("array of {}", name_of(element_type()));
}

}  // namespace crossover::model
