#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/gguf/value.h"

namespace crossover::model {

/// How messages call a field: "the value of key 'k'", or what alone where there is no name. Made
/// into text only when there is a message.
struct Field {
  std::string_view what;
  std::string_view name = {};
};

std::string text_of(const Field& field);

/// Reads a file's bytes in order. Whatever does not lie in the file becomes a GgufError that names
/// the offset of the field.
class ByteCursor {
 public:
  ByteCursor(std::span<const std::byte> bytes, std::string name)
      : bytes_(bytes), name_(std::move(name)) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return bytes_.size() - position_; }
  const std::string& name() const { return name_; }

  std::span<const std::byte> take(std::uint64_t count, const Field& field);

  template <class T>
  T number(const Field& field) {
    return load<T>(take(sizeof(T), field).data());
  }

  /// A length of 64 bits and as many bytes, at most `most`.
  std::string_view string(const Field& field, std::uint64_t most);

  /// A count of 64 bits of things that take `least_bytes` each: no more than can stand
  /// in the rest of the file.
  std::uint64_t count(const Field& field, std::uint64_t least_bytes);

  /// What was taken since `begin`.
  std::span<const std::byte> since(std::uint64_t begin) const {
    return bytes_.subspan(begin, position_ - begin);
  }

  [[noreturn]] void fail(std::uint64_t offset, const std::string& fault) const;

 private:
  std::span<const std::byte> bytes_;
  std::string name_;
  std::uint64_t position_ = 0;
};

}  // namespace crossover::model
