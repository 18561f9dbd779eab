#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf/gguf_file.h"
#include "model/gguf/gguf_header.h"

namespace crossover::model::test {

/// The bytes of a GGUF file field by field, right or wrong.
class RawFile {
 public:
  /// Magic number, version and counts.
  static RawFile head(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    return RawFile().raw("GGUF").u32(version).u64(tensors).u64(keys);
  }

  RawFile& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  RawFile& u8(std::uint8_t value) { return number(value); }
  RawFile& u32(std::uint32_t value) { return number(value); }
  RawFile& u64(std::uint64_t value) { return number(value); }
  RawFile& text(std::string_view value) { return u64(value.size()).raw(value); }
  RawFile& key(std::string_view name, ValueType type) {
    return text(name).u32(static_cast<std::uint32_t>(type));
  }
  /// A tensor of one dimension.
  RawFile& tensor(std::string_view name, std::uint64_t extent, std::uint32_t type,
                  std::uint64_t offset) {
    return text(name).u32(1).u64(extent).u32(type).u64(offset);
  }
  /// Zeros up to a multiple of the usual alignment, and `data` more.
  RawFile& weights(std::size_t data) {
    bytes_.resize((bytes_.size() + 31) / 32 * 32 + data);
    return *this;
  }
  /// The next field is the one that an error is to name.
  RawFile& here() {
    marked_ = bytes_.size();
    return *this;
  }

  std::uint64_t marked() const { return marked_; }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class T>
  RawFile& number(T value) {
    return raw({reinterpret_cast<const char*>(&value), sizeof(value)});
  }

  std::string bytes_;
  std::uint64_t marked_ = 0;
};

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// The file of a header with the bytes 0, 1, 2, ... as its weights.
inline std::string image_of(const GgufHeader& header) {
  const std::vector<std::byte> encoded = header.encoded();
  std::string image(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  for (std::uint64_t i = 0; i < header.data_bytes(); ++i) image += static_cast<char>(i);
  return image;
}

/// A small file with a value of every type, arrays in arrays, and a tensor of every codec.
inline GgufHeader varied_header() {
  GgufHeader header;
  header.set("general.architecture", "test");
  header.set("a.u8", std::uint8_t{200});
  header.set("a.i8", std::int8_t{-100});
  header.set("a.u16", std::uint16_t{60'000});
  header.set("a.i16", std::int16_t{-30'000});
  header.set("a.u32", std::uint32_t{4'000'000'000});
  header.set("a.i32", std::int32_t{-2'000'000'000});
  header.set("a.f32", 1.5F);
  header.set("a.bool", true);
  header.set("a.string", "naïve \x01 text");
  header.set("a.u64", std::uint64_t{1} << 63);
  header.set("a.i64", std::int64_t{-1} << 62);
  header.set("a.f64", 0.1);
  header.set("b.bools", std::vector<bool>{true, false, true});
  header.set("b.floats", std::vector<float>{0.5F, -2});
  header.set("b.strings", std::vector<std::string>{"one", "", "three"});
  header.set("b.empty", std::vector<std::int32_t>{});
  header.set("b.nested", std::vector<std::vector<std::string>>{{"x"}, {}, {"y", "z"}});
  header.add_tensor("first.weight", TensorType::f32, {4, 3});
  header.add_tensor("second.weight", TensorType::q8_0, {64, 2, 1, 2});
  header.add_tensor("third.weight", TensorType::f16, {3});
  header.add_tensor("fourth.weight", TensorType::bf16, {5, 2, 2});
  header.add_tensor("fifth.weight", TensorType::q6_k, {256});
  return header;
}

}  // namespace crossover::model::test
