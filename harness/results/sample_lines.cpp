#include "harness/results/sample_lines.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <zlib.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

constexpr std::size_t block_bytes = 1 << 16;

/// A row has a few hundred bytes; whatever is longer than this is no row, and must not fill memory.
constexpr std::size_t longest_line = 1 << 24;

/// Samples shrink to between an eighth and a fifteenth. What claims to have shrunk to less than a
/// hundredth, and is not small anyway, was made to keep its reader busy.
constexpr std::uint64_t most_expansion = 100;
constexpr std::uint64_t always_accepted_bytes = 1 << 24;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw StorageError(fmt::format("{}: {}", path.string(), what));
}

std::size_t read_some(std::ifstream& stream, const std::filesystem::path& path, char* into) {
  errno = 0;
  stream.read(into, block_bytes);
  if (stream.bad()) fail(path, fmt::format("cannot read: {}", std::strerror(errno)));
  return static_cast<std::size_t>(stream.gcount());
}

}  // namespace

/// A gzip file's content, block by block.
class SampleLines::Unpacking {
 public:
  explicit Unpacking(const std::filesystem::path& path) : path_(path), packed_(block_bytes) {
    constexpr int gzip_alone = 16 + MAX_WBITS;
    if (inflateInit2(&state_, gzip_alone) != Z_OK) throw std::bad_alloc();
  }
  ~Unpacking() { inflateEnd(&state_); }
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;

  /// Fills `into` as far as the file goes; nothing is left when it stays empty.
  void read(std::ifstream& stream, std::vector<char>& into) {
    into.resize(block_bytes);
    state_.next_out = reinterpret_cast<Bytef*>(into.data());
    state_.avail_out = block_bytes;
    while (state_.avail_out > 0) {
      if (state_.avail_in == 0 && !take_more(stream)) break;
      unpack();
    }
    into.resize(block_bytes - state_.avail_out);
    unpacked_ += into.size();
    if (unpacked_ > always_accepted_bytes + most_expansion * packed_so_far_) {
      fail(path_, fmt::format("damaged: expands to more than {} times its size", most_expansion));
    }
  }

 private:
  /// False at the end of the file, which must be the end of a gzip member.
  bool take_more(std::ifstream& stream) {
    const std::size_t count = read_some(stream, path_, packed_.data());
    if (count == 0 && !at_end_of_member_) fail(path_, "damaged: it was cut off");
    state_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    state_.avail_in = static_cast<uInt>(count);
    packed_so_far_ += count;
    return count > 0;
  }

  void unpack() {
    if (at_end_of_member_) inflateReset(&state_);  // gzip files may be joined into one
    at_end_of_member_ = false;
    const int result = inflate(&state_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      at_end_of_member_ = true;
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK) {
      fail(path_, fmt::format("damaged: {}", state_.msg != nullptr ? state_.msg : "no gzip file"));
    }
  }

  const std::filesystem::path& path_;
  z_stream state_{};
  std::vector<char> packed_;
  std::uint64_t packed_so_far_ = 0;
  std::uint64_t unpacked_ = 0;
  bool at_end_of_member_ = false;
};

std::filesystem::path samples_file(const std::filesystem::path& run) {
  std::filesystem::path plain = run / "samples.jsonl";
  std::filesystem::path packed = run / "samples.jsonl.gz";
  std::error_code none;
  const bool only_packed =
      !std::filesystem::exists(plain, none) && std::filesystem::exists(packed, none);
  return only_packed ? packed : plain;
}

SampleLines::SampleLines(const std::filesystem::path& run)
    : path_(samples_file(run)), stream_(path_, std::ios::binary) {
  if (!stream_) {
    throw StorageError(fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)));
  }
  if (path_.extension() == ".gz") unpacking_ = std::make_unique<Unpacking>(path_);
}

SampleLines::~SampleLines() = default;

void SampleLines::refill() {
  place_ = 0;
  if (unpacking_) {
    unpacking_->read(stream_, block_);
  } else {
    block_.resize(block_bytes);
    block_.resize(read_some(stream_, path_, block_.data()));
  }
}

bool SampleLines::next(std::string& line) {
  line.clear();
  for (;;) {
    if (place_ == block_.size()) refill();
    if (block_.empty()) break;
    const auto begin = block_.begin() + static_cast<std::ptrdiff_t>(place_);
    const auto end = std::find(begin, block_.end(), '\n');
    line.append(begin, end);
    place_ = static_cast<std::size_t>(end - block_.begin());
    if (line.size() > longest_line) fail(path_, "damaged: a line without end");
    if (end == block_.end()) continue;
    ++place_;
    return true;
  }
  unfinished_ = true;
  return !line.empty();
}

}  // namespace crossover::harness
