#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model/gguf/gguf_file.h"

namespace crossover::model {

/// Everything of a GGUF file that stands before the weights, to be written: version 3, little
/// endian. Keys and tensors stand in the order in which they were added.
class GgufHeader {
 public:
  /// Weights of every tensor begin at a multiple of `alignment`; general.alignment is set where it
  /// is not 32. Throws std::invalid_argument where GgufFile would refuse the alignment.
  explicit GgufHeader(std::uint64_t alignment = 32);

  /// T: bool, an integer or floating type, anything that is text, or a vector of any of these,
  /// vectors included. Throws std::invalid_argument: a key that is empty, too long or there
  /// already.
  template <class T>
  void set(std::string_view key, const T& value) {
    std::vector<std::byte> encoded;
    append(encoded, value);
    add_entry(key, value_type_of<T>(), encoded);
  }

  /// The value of another file as it stands there.
  void set(std::string_view key, const Value& value) {
    add_entry(key, value.type(), value.bytes());
  }

  /// The tensor's number, from 0. Throws std::invalid_argument: a name that is empty, too long or
  /// there already; no, or a zero dimension; rows that do not fill whole blocks; too many elements.
  std::size_t add_tensor(const std::string& name, TensorType type, const Extents& extents);

  /// The header with the padding behind it: its size is where the weights begin.
  std::vector<std::byte> encoded() const;

  std::size_t tensor_count() const { return tensors_.size(); }
  /// From where the weights begin.
  std::uint64_t tensor_offset(std::size_t tensor) const { return tensors_[tensor].offset; }
  std::uint64_t tensor_bytes(std::size_t tensor) const { return tensors_[tensor].bytes; }
  /// All weights with the padding between and behind them.
  std::uint64_t data_bytes() const { return data_bytes_; }

 private:
  struct PlannedTensor {
    std::string name;
    TensorType type;
    Extents extents;
    std::uint64_t offset;
    std::uint64_t bytes;
  };

  template <class T>
  struct IsVector : std::false_type {};
  template <class T>
  struct IsVector<std::vector<T>> : std::true_type {};

  template <class T>
  static constexpr ValueType value_type_of() {
    if constexpr (IsVector<T>::value)
      return ValueType::array;
    else if constexpr (std::is_same_v<T, bool>)
      return ValueType::boolean;
    else if constexpr (std::is_same_v<T, float>)
      return ValueType::f32;
    else if constexpr (std::is_same_v<T, double>)
      return ValueType::f64;
    else if constexpr (!std::is_integral_v<T>)
      return ValueType::string;
    else if constexpr (sizeof(T) == 1)
      return std::is_signed_v<T> ? ValueType::i8 : ValueType::u8;
    else if constexpr (sizeof(T) == 2)
      return std::is_signed_v<T> ? ValueType::i16 : ValueType::u16;
    else if constexpr (sizeof(T) == 4)
      return std::is_signed_v<T> ? ValueType::i32 : ValueType::u32;
    else
      return std::is_signed_v<T> ? ValueType::i64 : ValueType::u64;
  }

  template <class T>
  static void append(std::vector<std::byte>& bytes, const T& value) {
    if constexpr (IsVector<T>::value) {
      using Element = typename T::value_type;
      append(bytes, static_cast<std::uint32_t>(value_type_of<Element>()));
      append(bytes, std::uint64_t{value.size()});
      for (std::size_t i = 0; i < value.size(); ++i) append<Element>(bytes, value[i]);
    } else if constexpr (std::is_arithmetic_v<T>) {
      append_raw(bytes, &value, sizeof(value));
    } else {
      const std::string_view text = value;
      append(bytes, std::uint64_t{text.size()});
      append_raw(bytes, text.data(), text.size());
    }
  }

  static void append_raw(std::vector<std::byte>& bytes, const void* from, std::size_t count);
  void add_entry(std::string_view key, ValueType type, std::span<const std::byte> encoded);

  std::uint64_t alignment_;
  std::vector<std::byte> entries_;
  std::set<std::string, std::less<>> keys_;
  std::vector<PlannedTensor> tensors_;
  std::set<std::string, std::less<>> names_;
  std::uint64_t data_bytes_ = 0;
};

}  // namespace crossover::model
