#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace crossover::model {

/// A whole file as memory that may only be read. Somebody who shortens the file while it is mapped
/// ends the process with SIGBUS, as with every mapping.
class MappedFile {
 public:
  /// Throws GgufError where `path` is no regular file, FileError where it may not be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace crossover::model
