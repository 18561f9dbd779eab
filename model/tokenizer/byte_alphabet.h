#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossover::model {

/// The character that stands for a byte in byte-level vocabularies, as UTF-8: printable characters
/// of Latin-1 for themselves, the other 68 bytes as U+0100 and up, in order. So a space is "Ġ".
/// Source: Radford et al., GPT-2, 2019 (bytes_to_unicode of its encoder).
std::string_view byte_symbol(std::uint8_t byte);

/// Each byte of the text as its symbol.
std::string byte_symbols(std::string_view text);

}  // namespace crossover::model
