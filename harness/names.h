#pragma once

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace crossover::harness {

/// The names of an enumeration in files and on the screen, one entry per value.
template <class Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

template <class Enum, std::size_t Count>
std::string name_in(const Names<Enum, Count>& names, Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return std::string(name);
  }
  throw std::logic_error("a value without a name");
}

/// Throws std::invalid_argument that quotes the text.
template <class Enum, std::size_t Count>
Enum value_in(const Names<Enum, Count>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  throw std::invalid_argument("unknown name '" + std::string(text) + "'");
}

/// Whether the text consists of letters, digits and the characters of `more`, and is not empty.
inline bool is_name(std::string_view text, std::string_view more) {
  constexpr std::string_view usual =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const auto legal = [&](char c) {
    return usual.find(c) != usual.npos || more.find(c) != more.npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), legal);
}

}  // namespace crossover::harness
