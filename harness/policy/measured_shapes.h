#pragma once

#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/policy/policy.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"

namespace crossover::harness {

/// One shape with the times of all counts of threads.
struct MeasuredShape {
  Shape shape;
  /// Seconds per call: the median of each launch, [count of threads][launch]; the same launch of
  /// all counts was interleaved.
  std::vector<std::vector<double>> seconds;
};

/// What stored sweeps say of one condition on one machine.
struct MeasuredShapes {
  std::string machine;
  std::string cpu;
  std::optional<std::string> cpu_model;
  int cores = 1;
  std::map<std::string, std::string> condition;
  std::vector<int> threads;           // ascending, the first one is 1
  std::vector<MeasuredShape> shapes;  // ascending by shape, each once
  std::vector<PolicySource> sources;
  std::size_t incomplete = 0;  // shapes left out: not measured with every count
};

/// The kernels that a policy chooses between: one thread, and several.
inline const std::string serial_kernel = "simd";
inline const std::string parallel_kernel = "simd_parallel";

/// Runs that cannot be used together, or not at all; the message names file and remedy.
class UnfitRuns : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Collects the sweeps of family matmul in these runs. Throws UnfitRuns: no run, a run without such
/// a section, different machines, conditions or counts of threads, no shape that all counts
/// measured, a batch other than 1.
MeasuredShapes collect_shapes(std::span<const StoredRun> runs);

/// "layout = ab, cache = warm, ...", as messages and tables say it.
std::string condition_text(const std::map<std::string, std::string>& condition);

}  // namespace crossover::harness
