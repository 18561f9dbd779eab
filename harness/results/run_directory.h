#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "harness/json.h"

namespace crossover::harness {

/// The environment is not fit for storing or reading results (permission, disk, damage): exit 5.
class StorageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr int schema_version = 1;

/// One run's directory while it is written; see results/README.md for the files.
/// All members throw StorageError with the path and the system's reason.
class RunDirectory {
 public:
  /// Makes `base/experiment/<UTC time>-<host>`; a number is appended where that exists.
  RunDirectory(const std::filesystem::path& base, const std::string& experiment,
               const std::string& host);

  /// Opens the directory of a run that was interrupted, to append to it. What a crash left of a
  /// last line is removed. Throws also where another process is writing there, and where the
  /// samples are compressed.
  explicit RunDirectory(const std::filesystem::path& existing);

  const std::filesystem::path& path() const { return path_; }

  /// Appends one row to samples.jsonl; safe from a crash of this process after flush().
  void append(const Json& row);
  void flush();

  /// Replaces a file as a whole: readers see the old or the new content, never a half.
  void write(const std::filesystem::path& relative, const std::string& content);

 private:
  void open_samples();

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> samples_;
};

/// The same for a directory that exists.
void write_file(const std::filesystem::path& path, const std::string& content);

/// manifest.json of a stored run; throws StorageError where it is missing, damaged or of another
/// schema version.
Json read_manifest(const std::filesystem::path& run);

/// Calls `use` for every row of samples.jsonl, or of samples.jsonl.gz where only that is there, in
/// order. A last line without its end, as a crash leaves it, is ignored; damage anywhere else, and
/// whatever `use` throws, is a StorageError with the line number.
void for_each_row(const std::filesystem::path& run, const std::function<void(const Json&)>& use);

/// "2026-01-31T12:00:00Z"
std::string utc_now();

}  // namespace crossover::harness
