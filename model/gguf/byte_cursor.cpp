#include "model/gguf/byte_cursor.h"

#include "model/gguf/gguf_error.h"

namespace crossover::model {

std::string text_of(const Field& field) {
  if (field.name.empty()) return std::string(field.what);
  return fmt::format("{} {}", field.what, in_quotes(field.name));
}

std::span<const std::byte> ByteCursor::take(std::uint64_t count, const Field& field) {
  if (count > left()) {
    fail(position_, fmt::format("the file ends within {}: expected {} bytes, {} are left",
                                text_of(field), count, left()));
  }
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::string_view ByteCursor::string(const Field& field, std::uint64_t most) {
  const std::uint64_t begin = position_;
  const auto length = number<std::uint64_t>(field);
  if (length > left()) {
    fail(begin, fmt::format("{} is {} bytes long; only {} bytes are left in the file",
                            text_of(field), length, left()));
  }
  if (length > most) {
    fail(begin,
         fmt::format("{} is {} bytes long; expected at most {}", text_of(field), length, most));
  }
  const auto taken = take(length, field);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::uint64_t ByteCursor::count(const Field& field, std::uint64_t least_bytes) {
  const std::uint64_t begin = position_;
  const auto count = number<std::uint64_t>(field);
  if (count > left() / least_bytes) {
    fail(begin, fmt::format("{} is {}, each at least {} bytes; only {} bytes are left in the file",
                            text_of(field), count, least_bytes, left()));
  }
  return count;
}

void ByteCursor::fail(std::uint64_t offset, const std::string& fault) const {
  throw GgufError(name_, offset, fault);
}

}  // namespace crossover::model
