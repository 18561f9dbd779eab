#include "model/tokenizer/byte_alphabet.h"

#include <array>

namespace crossover::model {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

/// A character below U+0800.
std::string utf8(unsigned character) {
  if (character < 0x80) return {static_cast<char>(character)};
  return {static_cast<char>(0xC0U | (character >> 6)),
          static_cast<char>(0x80U | (character & 0x3FU))};
}

std::array<std::string, 256> make_symbols() {
  std::array<std::string, 256> symbols;
  unsigned next = 0x100;
  for (unsigned byte = 0; byte < symbols.size(); ++byte) {
    symbols[byte] = utf8(stands_for_itself(byte) ? byte : next++);
  }
  return symbols;
}

}  // namespace

std::string_view byte_symbol(std::uint8_t byte) {
  static const std::array<std::string, 256> symbols = make_symbols();
  return symbols[byte];
}

std::string byte_symbols(std::string_view text) {
  std::string symbols;
  for (const char byte : text) symbols += byte_symbol(static_cast<std::uint8_t>(byte));
  return symbols;
}

}  // namespace crossover::model
