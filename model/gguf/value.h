#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace crossover::model {

/// The numbers that GGUF files use.
enum class ValueType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

constexpr std::uint32_t value_types = 13;

/// How deep arrays may lie in arrays.
constexpr int most_nested_arrays = 4;

/// "u32", "string", "array".
std::string_view name_of(ValueType type);

/// Bytes that a value of this type takes in a file: exactly for numbers and bool, at least for
/// strings and arrays.
std::uint64_t least_bytes(ValueType type);

constexpr bool is_integer(ValueType type) {
  return type <= ValueType::i32 || type == ValueType::u64 || type == ValueType::i64;
}

/// The value at any address, aligned or not. At least sizeof(T) bytes must stand there.
template <class T>
T load(const std::byte* at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

/// A value of a file's metadata where it stands in the file, already known to be well formed.
/// Accessors give nothing where the value is of another type or does not fit.
class Value {
 public:
  /// `bytes`: the value as encoded, without its type; `offset`: where that stands in the file.
  Value(ValueType type, std::span<const std::byte> bytes, std::uint64_t offset)
      : type_(type), bytes_(bytes), offset_(offset) {}

  ValueType type() const { return type_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::uint64_t offset() const { return offset_; }

  std::optional<bool> boolean() const;
  /// Any integer type.
  std::optional<std::int64_t> signed_integer() const;
  std::optional<std::uint64_t> unsigned_integer() const;
  /// f32 and f64.
  std::optional<double> number() const;
  std::optional<std::string_view> text() const;

  /// Of an array; anything else has elements of type u8 and the length 0.
  ValueType element_type() const;
  std::uint64_t length() const;

  /// Calls `visit` for each element of an array, in order, until it returns false. Strings are
  /// found one after the other, so there is no access by number.
  void for_each(const std::function<bool(const Value&)>& visit) const;

  /// "u32", "string", "array of f32".
  std::string type_name() const;

 private:
  /// Bytes of the value that begins at `at`, which is well formed.
  static std::uint64_t encoded_bytes(ValueType type, const std::byte* at);

  ValueType type_;
  std::span<const std::byte> bytes_;
  std::uint64_t offset_;
};

}  // namespace crossover::model
