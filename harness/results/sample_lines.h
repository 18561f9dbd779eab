#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace crossover::harness {

/// `samples.jsonl` of a run, or `samples.jsonl.gz` where only that is there.
std::filesystem::path samples_file(const std::filesystem::path& run);

/// The lines of a run's samples_file(), unpacked where it is compressed. Memory: one line and two
/// blocks, whatever the file holds. All members throw StorageError with the path and the reason,
/// also for a compressed file that is damaged, cut off, or expands beyond all measure.
class SampleLines {
 public:
  explicit SampleLines(const std::filesystem::path& run);
  ~SampleLines();

  const std::filesystem::path& file() const { return path_; }

  /// The next line, without its end; false after the last one.
  bool next(std::string& line);

  /// Whether the line that came last lacked its end: the writer died in the middle of it.
  bool unfinished() const { return unfinished_; }

 private:
  class Unpacking;

  void refill();

  std::filesystem::path path_;
  std::ifstream stream_;
  std::unique_ptr<Unpacking> unpacking_;  // null where the file is plain text
  std::vector<char> block_;
  std::size_t place_ = 0;  // in block_, of what was not yet handed out
  bool unfinished_ = false;
};

}  // namespace crossover::harness
