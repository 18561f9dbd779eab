#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "kernels/core/matrix.h"

namespace crossover::kernels::test {

/// A batch of matrices with NaN between and around the rows, and a page behind that traps.
struct Layout {
  Index row_padding = 0;    // floats between rows
  Index batch_padding = 0;  // floats between matrices
  Index end_gap = 0;    // floats between the last element and the trapping page; shifts alignment
  bool shared = false;  // one matrix for the whole batch
};

class GuardedMatrix {
 public:
  GuardedMatrix(Index batch, Index rows, Index cols, const Layout& layout) {
    view_.batch = batch;
    view_.rows = rows;
    view_.cols = cols;
    view_.row_stride = cols + layout.row_padding;
    const Index matrix_floats = rows * view_.row_stride + layout.batch_padding;
    view_.batch_stride = layout.shared ? 0 : matrix_floats;
    const Index stored = layout.shared ? 1 : batch;
    // The padding behind the very last row is left out, so that reading it traps.
    const Index used =
        rows * cols == 0 ? 0 : (stored - 1) * matrix_floats + (rows - 1) * view_.row_stride + cols;
    allocate(used + layout.end_gap + front_guard);
    view_.data = end_ - layout.end_gap - used;
    original_.assign(begin_, end_);
  }

  ~GuardedMatrix() { munmap(begin_, mapped_bytes_); }
  GuardedMatrix(const GuardedMatrix&) = delete;
  GuardedMatrix& operator=(const GuardedMatrix&) = delete;

  const MatrixBatch<float>& view() const { return view_; }

  /// Uniform in [-1, 1).
  void fill_random(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<float> value(-1, 1);
    fill([&] { return value(random); });
  }

  /// -1, -0.5, 0.5 or 1, so that f32 sums of products round nowhere.
  void fill_coarse(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fill([&] {
      const std::uint64_t bits = random();
      return (bits & 1 ? 1.0F : 0.5F) * (bits & 2 ? 1.0F : -1.0F);
    });
  }

  /// Every element, in the order of memory, becomes what the next call of `value` returns.
  template <class Value>
  void fill(Value value) {
    for (Index b = 0; b < (view_.batch_stride == 0 ? 1 : view_.batch); ++b) {
      for (Index i = 0; i < view_.rows; ++i) {
        for (Index j = 0; j < view_.cols; ++j) view_.row(b, i)[j] = value();
      }
    }
    original_.assign(begin_, end_);
  }

  /// Sets every element (i, j) of every matrix to value(i, j).
  template <class Value>
  void fill_with(Value value) {
    for (Index b = 0; b < (view_.batch_stride == 0 ? 1 : view_.batch); ++b) {
      for (Index i = 0; i < view_.rows; ++i) {
        for (Index j = 0; j < view_.cols; ++j) view_.row(b, i)[j] = value(i, j);
      }
    }
    original_.assign(begin_, end_);
  }

  /// Sets element (i, j) of the first matrix.
  void set(Index i, Index j, float value) {
    view_.row(0, i)[j] = value;
    original_.assign(begin_, end_);
  }

  /// Whether everything, the elements included, is bit for bit what it was.
  bool untouched() const {
    return std::memcmp(begin_, original_.data(), original_.size() * sizeof(float)) == 0;
  }

  /// Whether everything but the elements is bit for bit what it was.
  bool guards_untouched() {
    std::vector<float> now(begin_, end_);
    for (Index b = 0; b < view_.batch; ++b) {
      for (Index i = 0; i < view_.rows; ++i) {
        for (Index j = 0; j < view_.cols; ++j) {
          const auto at = static_cast<std::size_t>(&view_.row(b, i)[j] - begin_);
          now[at] = original_[at];
        }
      }
    }
    return std::memcmp(now.data(), original_.data(), now.size() * sizeof(float)) == 0;
  }

 private:
  static constexpr Index front_guard = 64;

  void allocate(Index floats) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(floats) * sizeof(float);
    const std::size_t usable = (bytes + page - 1) / page * page;
    mapped_bytes_ = usable + page;
    void* memory =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<float*>(memory);
    end_ = begin_ + usable / sizeof(float);
    mprotect(end_, page, PROT_NONE);
    const float poison = std::bit_cast<float>(std::uint32_t{0x7fc0dead});  // a quiet NaN
    std::fill(begin_, end_, poison);
  }

  MatrixBatch<float> view_;
  float* begin_ = nullptr;
  float* end_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::vector<float> original_;
};

}  // namespace crossover::kernels::test
