#include "harness/policy/linear_solver.h"

#include <cmath>
#include <stdexcept>

namespace crossover::harness {

void SymmetricMatrix::scale(double factor) {
  for (double& value : values_) value *= factor;
}

std::vector<double> SymmetricMatrix::times(std::span<const double> vector) const {
  std::vector<double> product(size_, 0);
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t j = 0; j < size_; ++j) product[i] += at(i, j) * vector[j];
  }
  return product;
}

std::vector<double> SymmetricMatrix::solve(std::span<const double> right) const {
  SymmetricMatrix lower = *this;
  std::vector<double> x(right.begin(), right.end());
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = lower.at(i, j);
      for (std::size_t l = 0; l < j; ++l) sum -= lower.at(i, l) * lower.at(j, l);
      if (i == j && !(sum > 0)) throw std::invalid_argument("the matrix is not positive definite");
      lower.at(i, j) = i == j ? std::sqrt(sum) : sum / lower.at(j, j);
    }
    for (std::size_t l = 0; l < i; ++l) x[i] -= lower.at(i, l) * x[l];
    x[i] /= lower.at(i, i);
  }
  for (std::size_t i = size_; i-- > 0;) {
    for (std::size_t l = i + 1; l < size_; ++l) x[i] -= lower.at(l, i) * x[l];
    x[i] /= lower.at(i, i);
  }
  return x;
}

}  // namespace crossover::harness
