#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crossover::model {

/// A file is no GGUF file, is damaged, or does not hold what is asked of it. The message is
/// complete: "FILE: byte 24: what is wrong; what would be right".
class GgufError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;

  /// `offset` is where in the file the faulty field stands.
  GgufError(const std::string& file, std::uint64_t offset, const std::string& fault)
      : std::runtime_error(fmt::format("{}: byte {}: {}", file, offset, fault)), offset_(offset) {}

  std::uint64_t offset() const { return offset_; }

 private:
  std::uint64_t offset_ = 0;
};

/// The operating system refused: permission, disk, limits. The message names file and reason.
class FileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Text from a file as it may be shown: in single quotes, control characters and bytes that are
/// not UTF-8 as \xNN, cut to about `most` bytes.
std::string in_quotes(std::string_view text, std::size_t most = 80);

/// The same without quotes and never cut.
std::string printable(std::string_view text);

}  // namespace crossover::model
