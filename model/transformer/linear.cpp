#include "model/transformer/linear.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include "model/transformer/matmul_products.h"

namespace crossover::model {

Linear::Linear(const WeightMatrix& weights, const EncoderKernels& kernels, int threads)
    : weights_(&weights), kernels_(&kernels), threads_(threads) {}

/// A vendor's copy is for one number of rows, so that it must be made for each.
bool Linear::copies_weights() const {
  const kernels::Traits& traits =
      weights_->is_q8() ? kernels_->matmul_q8->kernel.traits : kernels_->matmul->traits;
  return traits.packing == kernels::Packing::prepacked && traits.simd != kernels::Simd::vendor;
}

void Linear::prepare(Index rows, const Linear* shared) {
  if (prepared_.contains(rows)) return;
  if (copies_weights() && !prepared_.empty() && prepared_.begin()->first >= rows) return;
  if (copies_weights()) prepared_.clear();
  const Index outputs = weights_->outputs();
  const Index inputs = weights_->inputs();
  if (weights_->is_q8()) {
    const kernels::quant::Problem problem{rows, outputs, inputs};
    prepare_with(kernels_->matmul_q8->kernel, problem, shared, [&] {
      return kernels::quant::Constants{weights_->blocks(), product_for(problem)};
    });
  } else {
    const kernels::matmul::Problem problem{1, rows, outputs, inputs, kernels::matmul::Layout::abt};
    prepare_with(*kernels_->matmul, problem, shared, [&] {
      return kernels::matmul::Constants{weights_->values(), kernels_->policy};
    });
  }
}

/// `constants()` is called only where they are needed.
template <class Kernel, class Problem, class MakeConstants>
void Linear::prepare_with(const Kernel& kernel, const Problem& problem, const Linear* shared,
                          const MakeConstants& constants) {
  if (const auto why = kernel.why_unsupported(problem)) throw std::runtime_error(*why);
  const kernels::ParallelPolicy policy{threads_};
  workspace_bytes_ = std::max(workspace_bytes_, kernel.workspace_bytes(problem, policy));
  const bool use_shared = copies_weights() && shared != nullptr;
  prepared_.emplace(problem.m, use_shared ? shared->prepared_.begin()->second
                                          : kernel.prepare(problem, constants(), policy));
}

/// What the one variant multiplies with that turns its weights into f32 first; null for others.
const kernels::quant::DenseProduct* Linear::product_for(const kernels::quant::Problem& problem) {
  if (kernels_->matmul_q8->kernel.name != "dequantise_first_simd") return nullptr;
  const kernels::matmul::Kernel& dense = *kernels::matmul::find("simd_parallel");
  auto& product = products_[problem.m];
  product = std::make_unique<WeightProduct>(dense, problem, kernels::ParallelPolicy{threads_});
  return product.get();
}

const kernels::Prepared& Linear::prepared_for(Index rows) const {
  const auto found = copies_weights() ? prepared_.begin() : prepared_.find(rows);
  assert(found != prepared_.end() && found->first >= rows);
  return *found->second;
}

void Linear::run(const kernels::MatrixBatch<const float>& x, const kernels::MatrixBatch<float>& y,
                 std::span<std::byte> workspace, const kernels::ParallelPolicy& policy) const {
  const kernels::Prepared& prepared = prepared_for(x.rows);
  if (weights_->is_q8()) {
    kernels_->matmul_q8->kernel.run({x, weights_->blocks(), y}, prepared, workspace, policy);
  } else {
    kernels_->matmul->run({x, weights_->values(), y, kernels::matmul::Layout::abt}, prepared,
                          workspace, policy);
  }
}

std::optional<std::string> Linear::code_path() const {
  return prepared_.empty() ? std::nullopt : prepared_.begin()->second->code_path();
}

}  // namespace crossover::model
