#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace crossover {

/// Memory for operands and workspaces, aligned to cache lines and untouched, so that the thread
/// that fills it decides where it lies. `alignment` is a power of two. Throws std::bad_alloc.
template <class T>
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t count = 0, std::size_t alignment = 64) : count_(count) {
    if (count == 0) return;
    const std::size_t bytes = (count * sizeof(T) + alignment - 1) / alignment * alignment;
    data_.reset(static_cast<T*>(std::aligned_alloc(alignment, bytes)));
    if (!data_) throw std::bad_alloc();
  }

  T* data() const { return data_.get(); }
  std::span<T> span() const { return {data_.get(), count_}; }

 private:
  struct Free {
    void operator()(T* pointer) const { std::free(pointer); }
  };

  std::size_t count_;
  std::unique_ptr<T[], Free> data_;
};

}  // namespace crossover
