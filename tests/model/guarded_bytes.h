#pragma once

#include <cstring>
#include <new>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace crossover::model::test {

/// A copy of bytes that ends where a page begins which traps.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::span<const std::byte> bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t usable = (bytes.size() + page - 1) / page * page;
    mapped_bytes_ = usable + page;
    memory_ = static_cast<std::byte*>(
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(memory_ + usable, page, PROT_NONE);
    std::byte* begin = memory_ + usable - bytes.size();
    if (!bytes.empty()) std::memcpy(begin, bytes.data(), bytes.size());
    view_ = {begin, bytes.size()};
  }
  ~GuardedBytes() { munmap(memory_, mapped_bytes_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::span<std::byte> view() const { return view_; }
  /// The last `count` bytes, of which none is behind them but the page.
  std::span<std::byte> last(std::size_t count) const { return view_.last(count); }

 private:
  std::byte* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::span<std::byte> view_;
};

}  // namespace crossover::model::test
