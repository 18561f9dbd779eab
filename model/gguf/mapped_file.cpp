#include "model/gguf/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "model/gguf/gguf_error.h"

namespace crossover::model {
namespace {

/// Open while the mapping is made; the mapping outlives it.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

[[noreturn]] void refuse(const std::filesystem::path& path) {
  const std::string reason = fmt::format("{}: {}", path.string(), std::strerror(errno));
  if (errno == ENOENT || errno == ENOTDIR) throw GgufError(reason);
  throw FileError(reason);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  // Without O_NONBLOCK a pipe of that name would wait for its writer.
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) refuse(path);
  struct stat status {};
  if (fstat(file.number, &status) != 0) refuse(path);
  if (!S_ISREG(status.st_mode)) {
    throw GgufError(fmt::format("{}: is {}; expected a GGUF file", path.string(),
                                S_ISDIR(status.st_mode) ? "a folder" : "not a regular file"));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (memory == MAP_FAILED) refuse(path);
  bytes_ = {static_cast<const std::byte*>(memory), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace crossover::model
