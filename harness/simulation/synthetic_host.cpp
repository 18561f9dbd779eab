#include "harness/simulation/synthetic_host.h"

#include <cmath>

namespace crossover::harness {
namespace {

// Long enough for one call per sample, too short to count as slow.
constexpr double base_seconds = 2e-3;

/// The next value of an AR(1) process of unit variance.
double ar1(double last, double correlation, double innovation) {
  return correlation * last + std::sqrt(1 - correlation * correlation) * innovation;
}

}  // namespace

double normal_of(std::uint64_t seed, std::uint64_t key) {
  std::seed_seq both{seed >> 32, seed & 0xffffffff, key >> 32, key & 0xffffffff};
  std::minstd_rand random(both);
  return std::normal_distribution<double>()(random);
}

FamilyInfo synthetic_family() {
  FamilyInfo family;
  family.name = "synthetic";
  family.extents = {"size"};
  for (const char* name : {"base", "candidate"}) {
    VariantInfo variant;
    variant.name = name;
    variant.source = "a timing model";
    family.variants.push_back(variant);
  }
  family.flops = [](const Problem&) { return 1.0; };
  family.memory_bytes = [](const Arm&, const Problem&) { return 1.0; };
  family.rough_seconds = [](const Arm&, const Problem&) { return base_seconds; };
  return family;
}

class SyntheticWorker : public Worker {
 public:
  SyntheticWorker(SyntheticHost& host, const Arm& arm)
      : host_(host),
        noise_(host.model_.noise),
        is_candidate_(arm.variant == "candidate"),
        shared_(sd_of_arm(noise_.launch_share) * host.normal()),
        own_noise_(host.normal()) {}

  CellFacts prepare(const Cell& cell, const PrepareOptions& options, double) override {
    const std::int64_t size = extent(cell.problem, "size");
    const double own = sd_of_arm(1 - noise_.launch_share) * host_.normal();
    log_seconds_ = std::log(base_seconds) + shared_ + own;
    if (is_candidate_) log_seconds_ -= host_.true_log_ratio(size);
    CellFacts facts;
    facts.call_seconds = base_seconds;
    facts.iterations = 1;
    if (options.check) facts.counts.execution.code_path = "synthetic";
    return facts;
  }

  Sample sample(std::int64_t iterations, double warm_up_seconds, double) override {
    Sample sample;
    sample.iterations = iterations;
    sample.steal_seconds = 0;
    sample.foreign_seconds = 0;
    sample.seconds = std::exp(log_seconds_ + next_noise());
    if (is_candidate_ && noise_.taken_share > 0) {
      sample.foreign_seconds = seconds_taken(sample.seconds);
      sample.seconds += *sample.foreign_seconds;
      *sample.foreign_seconds *= static_cast<double>(iterations);
    }
    host_.clock_ += warm_up_seconds + sample.seconds * static_cast<double>(iterations);
    return sample;
  }

  void release(double) override {}

 private:
  /// Of one arm's launch effect, for a share of the pair's launch variance.
  double sd_of_arm(double share) const { return noise_.launch_sd * std::sqrt(share / 2); }

  double next_noise() {
    double log_factor = noise_.sample_sd * sample_noise();
    if (noise_.frequency_step != 0 && host_.samples_ >= host_.step_at_) {
      log_factor += noise_.frequency_step;
    }
    ++host_.samples_;
    if (noise_.spike_share > 0) {
      std::uniform_real_distribution<double> uniform;
      if (uniform(host_.random_) < noise_.spike_share) {
        log_factor -= std::log(1 - uniform(host_.random_)) / noise_.spike_shape;
      }
    }
    return log_factor;
  }

  /// From one call that takes so long alone.
  double seconds_taken(double seconds) {
    std::uniform_real_distribution<double> uniform;
    if (uniform(host_.random_) >= noise_.taken_share) return 0;
    return -std::log(1 - uniform(host_.random_)) * noise_.taken * seconds;
  }

  double sample_noise() {
    if (noise_.machine_correlation > 0) return host_.next_machine_noise();
    own_noise_ = ar1(own_noise_, noise_.worker_correlation, host_.normal());
    return own_noise_;
  }

  SyntheticHost& host_;
  const Noise& noise_;
  bool is_candidate_;
  double shared_;
  double own_noise_;  // standard normal, AR(1)
  double log_seconds_ = 0;
};

SyntheticHost::SyntheticHost(const TimingModel& model, std::uint64_t seed)
    : model_(model), seed_(seed), random_(seed) {
  machine_noise_ = normal();
  step_at_ = std::uniform_int_distribution<int>(0, model.noise.step_within)(random_);
}

std::unique_ptr<Worker> SyntheticHost::start(const Arm& arm) {
  return std::make_unique<SyntheticWorker>(*this, arm);
}

double SyntheticHost::true_log_ratio(std::int64_t size) const {
  double value = model_.log_ratio(static_cast<double>(size));
  if (model_.noise.size_sd > 0) {
    value += model_.noise.size_sd * normal_of(seed_, static_cast<std::uint64_t>(size));
  }
  return value;
}

double SyntheticHost::next_machine_noise() {
  machine_noise_ = ar1(machine_noise_, model_.noise.machine_correlation, normal());
  return machine_noise_;
}

}  // namespace crossover::harness
