#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernels/attention/attention.h"
#include "kernels/core/aligned_buffer.h"
#include "kernels/matmul/matmul.h"
#include "kernels/quant/matmul_q8.h"

namespace crossover::model {

// Variants of the family matmul, as other families take a product that is handed in.

/// For attention: on one thread, with memory of its own.
class AttentionProduct : public kernels::attention::Product {
 public:
  AttentionProduct(const kernels::matmul::Kernel& kernel,
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
inline kernels::attention::MakeProduct attention_products(const kernels::matmul::Kernel& kernel) {
  return [&kernel](const kernels::attention::ProductShape& shape) {
    return std::make_unique<AttentionProduct>(kernel, shape);
  };
}

/// For weights that are turned into f32 first: one call at a time, since its memory is its own.
class WeightProduct : public kernels::quant::DenseProduct {
 public:
  /// Throws std::runtime_error where the variant cannot multiply that here.
  WeightProduct(const kernels::matmul::Kernel& kernel, const kernels::quant::Problem& problem,
                const kernels::ParallelPolicy& policy)
      : kernel_(kernel) {
    const kernels::matmul::Problem dense{1, problem.m, problem.n, problem.k,
                                         kernels::matmul::Layout::abt};
    if (const auto why = kernel.why_unsupported(dense)) throw std::runtime_error(*why);
    prepared_ = kernel.prepare(dense, {}, policy);
    workspace_ = AlignedBuffer<std::byte>(kernel.workspace_bytes(dense, policy));
  }

  void run(const kernels::MatrixBatch<const float>& a, const kernels::MatrixBatch<const float>& b,
           const kernels::MatrixBatch<float>& c,
           const kernels::ParallelPolicy& policy) const override {
    kernel_.run({a, b, c, kernels::matmul::Layout::abt}, *prepared_, workspace_.span(), policy);
  }

  std::optional<std::string> code_path() const override { return prepared_->code_path(); }

 private:
  const kernels::matmul::Kernel& kernel_;
  std::unique_ptr<kernels::Prepared> prepared_;
  AlignedBuffer<std::byte> workspace_;
};

}  // namespace crossover::model
