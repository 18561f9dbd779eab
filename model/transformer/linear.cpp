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
  if (weights_->is_q8()) {
    prepare_q8(rows, shared);
  } else {
    prepare_f32(rows, shared);
  }
}

void Linear::prepare_q8(Index rows, const Linear* shared) {
  const kernels::quant::Kernel& kernel = kernels_->matmul_q8->kernel;
  const kernels::quant::Problem problem{rows, weights_->outputs(), weights_->inputs()};
  if (const auto why = kernel.why_unsupported(problem)) throw std::runtime_error(*why);
  const kernels::ParallelPolicy policy{threads_};
  workspace_bytes_ = std::max(workspace_bytes_, kernel.workspace_bytes(problem, policy));
  if (copies_weights() && shared != nullptr) {
    prepared_.emplace(rows, shared->prepared_.begin()->second);
    return;
  }
  const kernels::matmul::Kernel& dense = *kernels::matmul::find("simd_parallel");
  auto product = std::make_unique<WeightProduct>(dense, problem, policy);
  prepared_.emplace(rows, kernel.prepare(problem, {weights_->blocks(), product.get()}, policy));
  products_.emplace(rows, std::move(product));
}

void Linear::prepare_f32(Index rows, const Linear* shared) {
  const kernels::matmul::Kernel& kernel = *kernels_->matmul;
  const kernels::matmul::Problem problem{1, rows, weights_->outputs(), weights_->inputs(),
                                         kernels::matmul::Layout::abt};
  if (const auto why = kernel.why_unsupported(problem)) throw std::runtime_error(*why);
  const kernels::ParallelPolicy policy{threads_};
  workspace_bytes_ = std::max(workspace_bytes_, kernel.workspace_bytes(problem, policy));
  if (copies_weights() && shared != nullptr) {
    prepared_.emplace(rows, shared->prepared_.begin()->second);
    return;
  }
  prepared_.emplace(rows, kernel.prepare(problem, {weights_->values(), kernels_->policy}, policy));
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
