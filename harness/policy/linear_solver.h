#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace crossover::harness {

/// A dense symmetric matrix; both triangles are stored.
class SymmetricMatrix {
 public:
  explicit SymmetricMatrix(std::size_t size) : size_(size), values_(size * size, 0) {}

  double& at(std::size_t row, std::size_t column) { return values_[row * size_ + column]; }
  double at(std::size_t row, std::size_t column) const { return values_[row * size_ + column]; }
  void scale(double factor);
  std::vector<double> times(std::span<const double> vector) const;

  /// x with (this) x = right, by Cholesky's decomposition. Throws std::invalid_argument where this
  /// is not positive definite. Cost: size^3 / 6 multiply-adds.
  std::vector<double> solve(std::span<const double> right) const;

 private:
  std::size_t size_;
  std::vector<double> values_;
};

}  // namespace crossover::harness
