#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "harness/run/runner.h"
#include "tests/harness/fake_family.h"

namespace crossover::harness {

/// Workers without processes on a clock without time: a call takes what `seconds_of` says, times
/// lognormal noise, and the clock advances by it.
class FakeHost : public WorkerHost {
 public:
  std::function<double(const Arm&, const Problem&)> seconds_of;
  std::function<CellFacts(const Cell&)> facts_of = [](const Cell&) { return CellFacts{}; };
  std::function<void(const Cell&)> on_sample = [](const Cell&) {};
  double noise = 0.002;
  double clock = 0;
  int started = 0;
  int alive = 0;
  std::mt19937_64 random{1};

  std::unique_ptr<Worker> start(const Arm& arm) override;
};

class FakeWorker : public Worker {
 public:
  explicit FakeWorker(FakeHost& host) : host_(host) {
    ++host_.started;
    ++host_.alive;
  }
  ~FakeWorker() override { --host_.alive; }

  CellFacts prepare(const Cell& cell, const PrepareOptions& options, double) override {
    cell_ = cell;
    CellFacts facts = host_.facts_of(cell);
    if (!options.check || facts.status != Status::measured) return facts;
    facts.call_seconds = host_.seconds_of(cell.arm, cell.problem);
    facts.iterations =
        std::max<std::int64_t>(1, std::llround(options.min_sample_seconds / *facts.call_seconds));
    if (facts.work.bytes == 0) facts.work.flops = 1;
    facts.counts.execution = {0, 1, 1, "fake"};
    host_.clock += 3 * *facts.call_seconds;
    return facts;
  }

  Sample sample(std::int64_t iterations, double, double) override {
    host_.on_sample(cell_);
    Sample sample;
    sample.iterations = iterations;
    sample.seconds = host_.seconds_of(cell_.arm, cell_.problem) *
                     std::exp(host_.noise * std::normal_distribution<>()(host_.random));
    host_.clock += sample.seconds * static_cast<double>(iterations);
    return sample;
  }

  void release(double) override {}

 private:
  FakeHost& host_;
  Cell cell_;
};

inline std::unique_ptr<Worker> FakeHost::start(const Arm&) {
  return std::make_unique<FakeWorker>(*this);
}

/// Remembers what it was told.
class FakeObserver : public RunObserver {
 public:
  struct SampleEvent {
    std::size_t section;
    std::size_t arm;
    std::size_t problem;
    Sample sample;
  };

  struct ClosedEvent {
    std::size_t section;
    std::size_t problem;
    int launch;
    double elapsed_seconds;
    std::size_t samples;  // that had come until then
  };

  void on_cell(std::size_t, std::size_t, std::size_t, const CellFacts&) override { ++cells; }
  void on_sample(std::size_t section, std::size_t arm, std::size_t problem,
                 const Sample& sample) override {
    samples.push_back({section, arm, problem, sample});
  }
  void on_flush() override { ++flushes; }
  void on_closed(std::size_t section, std::size_t problem, int launch, double elapsed) override {
    closed.push_back({section, problem, launch, elapsed, samples.size()});
  }
  void on_plan_changed() override { ++plan_changes; }
  void on_progress(std::size_t, const std::string& what, std::optional<double>) override {
    progress.push_back(what);
  }

  int cells = 0;
  int flushes = 0;
  int plan_changes = 0;
  std::vector<SampleEvent> samples;
  std::vector<ClosedEvent> closed;
  std::vector<std::string> progress;
};

/// fake_matmul() with the members that only a runner needs.
inline FamilyInfo measurable_matmul() {
  FamilyInfo family = fake_matmul();
  family.memory_bytes = [](const Arm&, const Problem& problem) {
    return 4.0 * static_cast<double>(extent(problem, "m") * extent(problem, "n"));
  };
  family.rough_seconds = [](const Arm& arm, const Problem& problem) {
    const double n = static_cast<double>(extent(problem, "n"));
    return (arm.variant == "naive" ? 1e-8 : 1e-10) * n * n * n;
  };
  return family;
}

/// A plan, a fake world and a runner over them.
struct FakeRun {
  Plan plan;
  FakeHost host;
  FakeObserver observer;
  Runner runner;

  FakeRun(const std::string& config, std::function<double(const Arm&, const Problem&)> seconds_of,
          double memory_bytes = 1e12)
      : plan(plan_of("family = matmul\n" + config)),
        runner(
            plan,
            {host, observer, [this] { return host.clock; }, memory_bytes, {measurable_matmul()}}) {
    host.seconds_of = std::move(seconds_of);
  }

  void run() {
    for (std::size_t section = 0; section < plan.sections.size(); ++section) {
      runner.check(section);
      runner.measure(section);
    }
  }
};

}  // namespace crossover::harness
