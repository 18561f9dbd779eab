#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>

#include "harness/family.h"
#include "harness/simulation/timing_model.h"
#include "harness/worker/worker.h"

namespace crossover::harness {

/// The family of synthetic timings: variants "base" and "candidate", one extent "size".
FamilyInfo synthetic_family();

/// Workers without processes whose calls take what a timing model says, on a clock that only they
/// advance. Noise of a launch belongs to a worker, as it does in a process: half of the pair's
/// launch variance comes from each arm, so that an A/A pair scatters as much as any other.
class SyntheticHost : public WorkerHost {
 public:
  /// The model must outlive the host. Equal seeds give equal runs.
  SyntheticHost(const TimingModel& model, std::uint64_t seed);

  std::unique_ptr<Worker> start(const Arm& arm) override;

  double now() const { return clock_; }

  /// What is true of that size, jaggedness included: log(T_base / T_candidate).
  double true_log_ratio(std::int64_t size) const;

 private:
  friend class SyntheticWorker;

  double normal() { return normal_(random_); }
  double next_machine_noise();

  const TimingModel& model_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  double clock_ = 0;
  double machine_noise_ = 0;  // standard normal, AR(1)
  std::int64_t samples_ = 0;
  std::int64_t step_at_ = 0;
};

}  // namespace crossover::harness
