#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/results/prediction.h"
#include "harness/run/stopping.h"
#include "harness/worker/worker.h"

namespace crossover::harness {

/// What the runner does as it goes; for the store and for the person who waits.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_cell(std::size_t section, std::size_t arm, std::size_t problem,
                       const CellFacts& facts) = 0;
  virtual void on_sample(std::size_t section, std::size_t arm, std::size_t problem,
                         const Sample& sample) = 0;
  /// A cell is complete for this launch: what was reported so far must be safe from a crash.
  virtual void on_flush() = 0;
  /// All arms were measured on the problem in this launch; `elapsed_seconds` is what the section
  /// has taken so far. What was reported must be safe from a crash, as after on_flush().
  virtual void on_closed(std::size_t section, std::size_t problem, int launch,
                         double elapsed_seconds) = 0;
  /// Problems were added to the plan, to sharpen what was found.
  virtual void on_plan_changed() = 0;
  /// `remaining_seconds` is the estimate for the launches that are certain to come; null while it
  /// cannot be known.
  virtual void on_progress(std::size_t section, const std::string& what,
                           std::optional<double> remaining_seconds) = 0;
};

/// The world as the runner sees it: all of it can be faked.
struct RunnerWorld {
  WorkerHost& host;
  RunObserver& observer;
  std::function<double()> now;  // seconds, monotonic
  double memory_bytes = 0;      // that may be used by all workers together
  std::vector<FamilyInfo> families;
  ModelMachine machine = {};              // for the cost model
  StoppingRule wanted = wanted_problems;  // asked at every look
};

/// Measures the sections of one plan. Never computes anything that is timed itself.
class Runner {
 public:
  /// The plan grows where brackets are sharpened, and must outlive the runner.
  Runner(Plan& plan, RunnerWorld world);

  /// What an earlier process measured before it was interrupted, by section, and how many seconds
  /// that took. The functions below then do only what is missing.
  void resume(std::vector<Evidence> evidence, std::vector<double> elapsed_seconds);

  /// Verifies, calibrates and counts every cell of the section once, untimed; cells that cannot run
  /// or would exceed their share of the budget get their row here. Throws Interrupted.
  void check(std::size_t section);

  /// Launches until every problem has enough evidence, the last look is reached or the budget ends;
  /// then measures sizes inside the brackets of a crossover. Throws Interrupted.
  void measure(std::size_t section);

  /// Exactly `count` more launches of the section. Throws Interrupted.
  void launch(std::size_t section, int count);

  /// By section.
  const std::vector<Evidence>& evidence() const { return evidence_; }
  const Evidence& evidence(std::size_t section) const { return evidence_[section]; }

 private:
  using Workers = std::map<std::size_t, std::unique_ptr<Worker>>;  // by arm

  const FamilyInfo& family(const std::string& name) const;

  /// Which problems of a section one launch measures.
  struct Launch {
    std::size_t section = 0;
    int number = 0;
    int of = 0;  // launches that are certain to come, this one included; at least `number` + 1
    std::vector<bool> wanted;
    bool sharpening = false;
  };

  void narrow_grid(std::size_t section);
  void measure_curves(std::size_t section);
  void sharpen(std::size_t section);
  void check_sharpenings(std::size_t section);
  double elapsed_seconds(std::size_t section) const;
  bool budget_left(std::size_t section) const;
  std::vector<bool> planned_problems(std::size_t section) const;
  void run_launch(const Launch& launch);
  void measure_problem(const Launch& launch, std::size_t problem, Workers& workers,
                       std::mt19937_64& random);
  bool prepare(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers);
  void take_turn(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers,
                 const Sample& position);
  void fail(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers,
            const std::string& reason);
  std::vector<std::size_t> arms_to_measure(std::size_t section, std::size_t problem) const;
  void set_facts(std::size_t section, std::size_t arm, std::size_t problem, const CellFacts& facts);
  double problem_seconds(std::size_t section, std::size_t problem) const;
  std::string launch_text(const Launch& launch, std::size_t problem) const;

  Plan& plan_;
  RunnerWorld world_;
  std::vector<Evidence> evidence_;
  std::vector<int> launches_;    // done so far, per section
  std::vector<double> started_;  // seconds on the clock, per section
  std::vector<double> spent_;    // by earlier processes
  bool resumed_ = false;
};

}  // namespace crossover::harness
