#include "model/gguf/gguf_writer.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace crossover::model {
namespace {

/// Names of their own for all writers of all processes.
std::filesystem::path unfinished_name(const std::filesystem::path& path) {
  static std::atomic<int> writers{0};
  return fmt::format("{}.{}.{}.part", path.string(), getpid(), writers++);
}

}  // namespace

GgufWriter::GgufWriter(std::filesystem::path path, GgufHeader header)
    : path_(std::move(path)), unfinished_(unfinished_name(path_)), header_(std::move(header)) {
  if (!path_.has_filename() || std::filesystem::is_directory(path_)) {
    throw FileError(
        fmt::format("cannot write {}: is a folder; expected the name of a file", path_.string()));
  }
  std::error_code error;
  if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path(), error);
  if (error) refuse(error.value());
  // One of a process that was killed, and had the same number.
  unlink(unfinished_.c_str());
  descriptor_ = open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) refuse(errno);
  try {
    const std::vector<std::byte> encoded = header_.encoded();
    data_offset_ = encoded.size();
    const auto size = static_cast<off_t>(data_offset_ + header_.data_bytes());
    int failure = EINTR;
    while (failure == EINTR) failure = posix_fallocate(descriptor_, 0, size);
    if (failure != 0) refuse(failure);
    write_at(0, encoded);
  } catch (...) {
    close(descriptor_);
    unlink(unfinished_.c_str());
    throw;
  }
}

GgufWriter::~GgufWriter() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(unfinished_.c_str());
}

void GgufWriter::write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::uint64_t size = header_.tensor_bytes(tensor);
  if (offset > size || bytes.size() > size - offset) {
    throw std::invalid_argument(fmt::format("tensor {} has {} bytes; {} do not fit at {}", tensor,
                                            size, bytes.size(), offset));
  }
  write_at(data_offset_ + header_.tensor_offset(tensor) + offset, bytes);
  written_ += bytes.size();
}

void GgufWriter::commit() {
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < header_.tensor_count(); ++i) expected += header_.tensor_bytes(i);
  if (written_ != expected) {
    throw std::logic_error(fmt::format("{}: {} of {} bytes of weights were written", path_.string(),
                                       written_.load(), expected));
  }
  // A name that survives a power cut must not stand for bytes that did not.
  if (fsync(descriptor_) != 0) refuse(errno);
  if (close(std::exchange(descriptor_, -1)) != 0 ||
      rename(unfinished_.c_str(), path_.c_str()) != 0) {
    const int failure = errno;
    unlink(unfinished_.c_str());
    refuse(failure);
  }
}

void GgufWriter::write_at(std::uint64_t position, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(errno);
    position += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void GgufWriter::refuse(int error) const {
  throw FileError(fmt::format("cannot write {}: {}", path_.string(), std::strerror(error)));
}

}  // namespace crossover::model
