#pragma once

#include <filesystem>

namespace crossover::harness {

/// A file that appears as a whole or not at all: write to unfinished(), then commit(). Whatever was
/// not committed is removed.
class ExportFile {
 public:
  /// Makes the folder of `path` where it is missing. Throws StorageError.
  explicit ExportFile(std::filesystem::path path);
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  const std::filesystem::path& unfinished() const { return unfinished_; }

  /// Replaces a file that exists. Throws StorageError.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path unfinished_;
};

}  // namespace crossover::harness
