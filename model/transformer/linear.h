#pragma once

#include <map>
#include <memory>
#include <span>

#include "kernels/core/parallel.h"
#include "model/transformer/encoder_kernels.h"
#include "model/transformer/weight_matrix.h"

namespace crossover::model {

/// A layer's product y = x * W^T by one variant of matmul or matmul_q8, prepared for the numbers of
/// rows that it will meet.
class Linear {
 public:
  /// `threads`: of every call. The weights outlive this.
  Linear(const WeightMatrix& weights, const EncoderKernels& kernels, int threads);

  /// Makes the calls of run() with exactly so many rows, or, where the variant keeps a copy of the
  /// weights, with up to so many, possible. `shared`, or null, is another one of the same weights,
  /// kernels and threads whose copy is used instead of an own one, and outlives this. Throws
  /// std::runtime_error where the variant cannot be used.
  void prepare(Index rows, const Linear* shared);

  std::size_t workspace_bytes() const { return workspace_bytes_; }

  /// x [rows, inputs], y [rows, outputs]; overwrites y. Neither allocates nor throws.
  void run(const kernels::MatrixBatch<const float>& x, const kernels::MatrixBatch<float>& y,
           std::span<std::byte> workspace, const kernels::ParallelPolicy& policy) const;

  std::optional<std::string> code_path() const;

 private:
  bool copies_weights() const;
  template <class Kernel, class Problem, class MakeConstants>
  void prepare_with(const Kernel& kernel, const Problem& problem, const Linear* shared,
                    const MakeConstants& constants);
  const kernels::quant::DenseProduct* product_for(const kernels::quant::Problem& problem);
  const kernels::Prepared& prepared_for(Index rows) const;

  const WeightMatrix* weights_;
  const EncoderKernels* kernels_;
  int threads_;
  std::size_t workspace_bytes_ = 0;
  // Before what is prepared with it, so that it is destroyed after that.
  std::map<Index, std::unique_ptr<kernels::quant::DenseProduct>> products_;
  std::map<Index, std::shared_ptr<const kernels::Prepared>> prepared_;  // by rows
};

}  // namespace crossover::model
