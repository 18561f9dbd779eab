#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "kernels/quant/q8_block.h"

namespace crossover::kernels::test {

/// Rows of Q8_0 blocks with NaN scales between and around them, and a page behind that traps.
class GuardedBlocks {
 public:
  /// `end_gap` bytes, an even number, lie between the last block and the trapping page.
  GuardedBlocks(Index rows, Index blocks, Index row_padding, Index end_gap) {
    view_.rows = rows;
    view_.cols = blocks;
    view_.row_stride = blocks + row_padding;
    const Index used = rows * blocks == 0 ? 0 : (rows - 1) * view_.row_stride + blocks;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes =
        static_cast<std::size_t>(used) * sizeof(quant::BlockQ8) + static_cast<std::size_t>(end_gap);
    const std::size_t usable = (bytes + page) / page * page;
    mapped_bytes_ = usable + page;
    void* memory =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::byte*>(memory);
    end_ = begin_ + usable;
    mprotect(end_, page, PROT_NONE);
    std::memset(begin_, 0x7f, usable);  // as a scale NaN, as a weight 127
    view_.data = reinterpret_cast<quant::BlockQ8*>(end_ - bytes);
    remember();
  }

  ~GuardedBlocks() { munmap(begin_, mapped_bytes_); }
  GuardedBlocks(const GuardedBlocks&) = delete;
  GuardedBlocks& operator=(const GuardedBlocks&) = delete;

  const MatrixBatch<quant::BlockQ8>& view() const { return view_; }

  /// Weights uniform over all of int8, -128 included, and scales of both signs about 1/128.
  void fill_random(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for_each([&](quant::BlockQ8& block) {
      block.scale = static_cast<std::uint16_t>(0x1c00 + random() % 0x0800 + (random() & 0x8000));
      for (std::int8_t& value : block.values) value = static_cast<std::int8_t>(random());
    });
  }

  /// Calls change(block) for every block, row by row.
  template <class Change>
  void for_each(Change change) {
    for (Index row = 0; row < view_.rows; ++row) {
      for (Index b = 0; b < view_.cols; ++b) change(view_.row(0, row)[b]);
    }
    remember();
  }

  /// Whether everything is bit for bit what it was.
  bool untouched() const { return std::memcmp(begin_, original_.data(), original_.size()) == 0; }

 private:
  void remember() { original_.assign(begin_, end_); }

  MatrixBatch<quant::BlockQ8> view_;
  std::byte* begin_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::vector<std::byte> original_;
};

}  // namespace crossover::kernels::test
