#include "harness/results/export_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {

ExportFile::ExportFile(std::filesystem::path path)
    // The process in the name: two exports of one run at a time must not write into one file.
    : path_(std::move(path)), unfinished_(fmt::format("{}.{}.part", path_.string(), getpid())) {
  if (!path_.has_filename() || std::filesystem::is_directory(path_)) {
    throw StorageError(
        fmt::format("cannot write {}: is a folder; expected the name of a file", path_.string()));
  }
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) {
    throw StorageError(fmt::format("cannot write {}: {}", path_.string(), error.message()));
  }
}

ExportFile::~ExportFile() {
  std::error_code ignored;
  std::filesystem::remove(unfinished_, ignored);
}

void ExportFile::commit() {
  std::error_code error;
  std::filesystem::rename(unfinished_, path_, error);
  if (error) {
    throw StorageError(fmt::format("cannot write {}: {}", path_.string(), error.message()));
  }
}

}  // namespace crossover::harness
