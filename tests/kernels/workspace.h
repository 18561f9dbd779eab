#pragma once

#include <cstddef>
#include <new>
#include <span>

namespace crossover::kernels::test {

/// Workspace as the caller of a kernel provides it.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes)
      : bytes_(bytes), data_(static_cast<std::byte*>(::operator new(bytes, alignment))) {}
  ~Workspace() { ::operator delete(data_, alignment); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  std::span<std::byte> span() const { return {data_, bytes_}; }

 private:
  static constexpr std::align_val_t alignment{64};
  std::size_t bytes_;
  std::byte* data_;
};

}  // namespace crossover::kernels::test
