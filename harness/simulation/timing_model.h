#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace crossover::harness {

/// How synthetic timings scatter. Standard deviations are of the logarithm of time.
struct Noise {
  // Of one sample, which is also that of a quartet's D: the mean of two logarithms less the mean of
  // two others.
  double sample_sd = 0.03;
  double launch_sd = 0.01;    // of the launch effect of a pair, beyond the noise of its samples
  double launch_share = 0.5;  // of the launch variance: shared by all sizes of a launch
  double size_sd = 0;         // jaggedness: of single sizes around the trend, in every launch
  double machine_correlation = 0;  // AR(1) from sample to sample, whatever arm takes them
  double worker_correlation = 0;   // AR(1) from sample to sample of one worker
  double spike_share = 0;          // of samples: multiplied by a Pareto variate
  double spike_shape = 1.5;
  double frequency_step = 0;  // log of the factor by which all slows down at one point of the run
  int step_within = 1;        // that point is uniform over this many samples
  double taken_share = 0;     // of the candidate's samples: others take time from them,
  double taken = 0;           // this share of a sample on average, exponentially distributed
};

/// One truth and its noise. A candidate runs against a base.
struct TimingModel {
  /// The smooth trend g(size) = log(T_base / T_candidate): positive where the candidate wins.
  std::function<double(double size)> log_ratio;
  std::optional<double> root;  // of log_ratio, where there is exactly one
  Noise noise;
};

/// Standard normal variates by a counter: the same `key` and `seed` give the same value, whatever
/// was drawn before. For what is fixed over a whole run, such as the jaggedness of a size.
double normal_of(std::uint64_t seed, std::uint64_t key);

}  // namespace crossover::harness
