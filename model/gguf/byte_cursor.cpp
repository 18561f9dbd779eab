#include "model/gguf/byte_cursor.h"

#include "model/gguf/gguf_error.h"

namespace crossover::model {

std::span<const std::byte> ByteCursor::take(std::uint64_t count, std::string_view what) {
  if (count > left()) {
    fail(position_, fmt::format("the file ends within {}: expected {} bytes, {} are left", what,
                                count, left()));
  }
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::string_view ByteCursor::string(std::string_view what, std::uint64_t most) {
  const std::uint64_t begin = position_;
  const auto length = number<std::uint64_t>(what);
  if (length > left()) {
    fail(begin, fmt::format("{} is {} bytes long; only {} bytes are left in the file", what, length,
                            left()));
  }
  if (length > most) {
    fail(begin, fmt::format("{} is {} bytes long; expected at most {}", what, length, most));
  }
  const auto taken = take(length, what);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::uint64_t ByteCursor::count(std::string_view what, std::uint64_t least_bytes) {
  const std::uint64_t begin = position_;
  const auto count = number<std::uint64_t>(what);
  if (count > left() / least_bytes) {
    fail(begin, fmt::format("{} is {}, each at least {} bytes; only {} bytes are left in the file",
                            what, count, least_bytes, left()));
  }
  return count;
}

void ByteCursor::fail(std::uint64_t offset, const std::string& fault) const {
  throw GgufError(name_, offset, fault);
}

}  // namespace crossover::model
