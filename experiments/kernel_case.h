#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/count_call.h"
#include "experiments/operand_fill.h"
#include "harness/case.h"
#include "kernels/core/aligned_buffer.h"
#include "kernels/core/kernel.h"

namespace crossover::experiments {

/// A kernel made ready for one problem, with all of its memory.
///
/// `Operands` owns one set of what the kernel reads and writes, and has
///   args()       what run() takes; reads from output
///   constants()  what prepare() takes
///   output       an AlignedBuffer<float> with everything that run() writes
///   why_wrong()  the family's check of output against its reference, as Case::why_wrong
template <class Kernel, class Problem, class Operands>
class KernelRun {
 public:
  /// `make_operands(filling policy)` makes one set; all sets must hold the same numbers. With
  /// cache = cold calls go through so many sets, of `work.bytes` each, that each finds its own
  /// evicted.
  template <class MakeOperands>
  KernelRun(const Kernel& kernel, const Problem& problem, const harness::Arm& arm,
            const harness::Work& work, const MakeOperands& make_operands)
      : kernel_(kernel),
        problem_(problem),
        policy_{harness::threads_of(arm)},
        fresh_buffers_(arm.settings.at("buffers") == "per_call") {
    const int sets = arm.settings.at("cache") == "cold" ? sets_for_cold_cache(work.bytes) : 1;
    workspace_ = AlignedBuffer<std::byte>(kernel.workspace_bytes(problem, policy_));
    operands_.reserve(static_cast<std::size_t>(sets));
    for (int set = 0; set < sets; ++set) {
      operands_.push_back(make_operands(filling_policy(kernel.traits, policy_)));
      // What was made from the constants must be as cold as they are.
      if (set == 0 || kernel.traits.packing == kernels::Packing::prepacked) prepare();
    }
  }

  void call() {
    Operands& operands = next();
    if (fresh_buffers_) {
      AlignedBuffer<float> output(operands.output.span().size());
      const AlignedBuffer<std::byte> workspace(workspace_.span().size());
      std::swap(output, operands.output);
      run(operands, workspace.span());
      std::swap(output, operands.output);
    } else {
      run(operands, workspace_.span());
    }
  }

  /// All sets hold the same numbers, so that one of them stands for all. A fresh output differs
  /// from a preallocated one in its address alone.
  std::optional<std::string> why_wrong() {
    Operands& operands = next();
    std::fill(operands.output.span().begin(), operands.output.span().end(),
              std::numeric_limits<float>::quiet_NaN());
    run(operands, workspace_.span());
    return operands.why_wrong();
  }

  harness::ExecutionCounts count() {
    harness::ExecutionCounts counts = count_call([this] { call(); });
    // A vendor's code does not count for us.
    if (kernel_.traits.simd == kernels::Simd::vendor) counts = {};
    counts.code_path = prepared_.front()->code_path();
    return counts;
  }

  /// Of the last set.
  double prepare_seconds() const { return prepare_seconds_; }

 private:
  void prepare() {
    const auto start = std::chrono::steady_clock::now();
    prepared_.push_back(kernel_.prepare(problem_, operands_.back().constants(), policy_));
    prepare_seconds_ =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Operands& next() {
    turn_ = (turn_ + 1) % operands_.size();
    return operands_[turn_];
  }

  void run(const Operands& operands, std::span<std::byte> workspace) {
    kernel_.run(operands.args(), *prepared_[turn_ % prepared_.size()], workspace, policy_);
  }

  const Kernel& kernel_;
  Problem problem_;
  kernels::ParallelPolicy policy_;
  bool fresh_buffers_;
  AlignedBuffer<std::byte> workspace_;
  std::vector<Operands> operands_;
  std::vector<std::unique_ptr<kernels::Prepared>> prepared_;  // one, or one for each operands_
  std::size_t turn_ = 0;
  double prepare_seconds_ = 0;
};

/// The case of a kernel on a problem, under the settings threads, cache and buffers of `arm`.
/// Throws Unsupported where the kernel cannot run the problem here.
template <class Kernel, class Problem, class MakeOperands>
harness::Case kernel_case(const Kernel& kernel, const Problem& problem, const harness::Arm& arm,
                          const harness::Work& work, const MakeOperands& make_operands) {
  if (const auto reason = kernel.why_unsupported(problem)) throw harness::Unsupported(*reason);
  using Operands = decltype(make_operands(kernels::ParallelPolicy{}));
  const auto run = std::make_shared<KernelRun<Kernel, Problem, Operands>>(kernel, problem, arm,
                                                                          work, make_operands);
  harness::Case result;
  result.work = work;
  result.prepare_seconds = run->prepare_seconds();
  result.call = [run] { run->call(); };
  result.why_wrong = [run] { return run->why_wrong(); };
  result.count = [run] { return run->count(); };
  return result;
}

/// The entry that an arm names, from its family's find(). Throws std::invalid_argument.
template <class Kernel>
const Kernel& kernel_of(const harness::Arm& arm, const Kernel* (*find)(std::string_view)) {
  const Kernel* kernel = find(arm.variant);
  if (kernel == nullptr) throw std::invalid_argument("unknown variant " + arm.variant);
  return *kernel;
}

}  // namespace crossover::experiments
