#pragma once

#include <algorithm>
#include <memory>

#include "experiments/aligned_buffer.h"
#include "kernels/attention/attention.h"
#include "kernels/matmul/matmul.h"

namespace crossover::experiments {

/// A product of the family matmul, as attention takes it: on one thread, with memory of its own.
class MatmulProduct : public kernels::attention::Product {
 public:
  MatmulProduct(const kernels::matmul::Kernel& kernel,
                const kernels::attention::ProductShape& shape)
      : kernel_(kernel),
        layout_(shape.b_transposed ? kernels::matmul::Layout::abt : kernels::matmul::Layout::ab) {
    const kernels::matmul::Problem problem{1, shape.m, shape.n, shape.k, layout_};
    const kernels::Index rows = shape.b_transposed ? shape.n : shape.k;
    const kernels::Index cols = shape.b_transposed ? shape.k : shape.n;
    const kernels::MatrixBatch<const float> b{
        nullptr, 1, rows, cols, std::max(shape.b_stride, cols), 0};
    prepared_ = kernel.prepare(problem, {b}, {});
    workspace_ = AlignedBuffer<std::byte>(kernel.workspace_bytes(problem, {}));
  }

  void multiply(const kernels::MatrixBatch<const float>& a,
                const kernels::MatrixBatch<const float>& b,
                const kernels::MatrixBatch<float>& c) override {
    kernel_.run({a, b, c, layout_}, *prepared_, workspace_.span(), {});
  }

  std::optional<std::string> code_path() const override { return prepared_->code_path(); }

 private:
  const kernels::matmul::Kernel& kernel_;
  kernels::matmul::Layout layout_;
  AlignedBuffer<std::byte> workspace_;
  std::unique_ptr<kernels::Prepared> prepared_;
};

/// Products by a variant of matmul that keeps nothing of its constants.
inline kernels::attention::MakeProduct products_of(const kernels::matmul::Kernel& kernel) {
  return [&kernel](const kernels::attention::ProductShape& shape) {
    return std::make_unique<MatmulProduct>(kernel, shape);
  };
}

}  // namespace crossover::experiments
