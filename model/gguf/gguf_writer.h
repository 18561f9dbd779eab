#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <span>

#include "model/gguf/gguf_header.h"

namespace crossover::model {

/// Writes a GGUF file whose weights arrive piece by piece, in any order, from any thread. The file
/// appears under its name, and replaces one that was there, in commit(); what is not committed is
/// removed. The room for all of it is reserved first, so that a full disk is noticed at once.
class GgufWriter {
 public:
  /// Makes the folder of `path` where it is missing. Throws FileError.
  GgufWriter(std::filesystem::path path, GgufHeader header);
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  const GgufHeader& header() const { return header_; }

  /// The bytes [offset, offset + bytes.size()) of a tensor, each of which is to be written once.
  /// Throws FileError, and std::invalid_argument for bytes beyond the tensor.
  void write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes);

  /// Throws FileError, and std::logic_error where bytes of a tensor are missing.
  void commit();

 private:
  void write_at(std::uint64_t position, std::span<const std::byte> bytes);
  [[noreturn]] void refuse(int error) const;

  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  GgufHeader header_;
  std::uint64_t data_offset_ = 0;
  std::atomic<std::uint64_t> written_{0};  // bytes of weights
  int descriptor_ = -1;
};

}  // namespace crossover::model
