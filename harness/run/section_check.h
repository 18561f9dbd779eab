#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/worker/worker.h"

namespace crossover::harness {

/// The untimed pass over one section: verifies, calibrates and counts every cell once, and decides
/// which cells the budget and the memory can pay for. Problems ascend in work, so that what small
/// ones do not use of their share of the budget goes to large ones.
class SectionCheck {
 public:
  struct World {
    WorkerHost& host;
    const FamilyInfo& family;
    std::function<double()> now;
    double memory_bytes = 0;
    std::function<void(const std::string& what)> on_progress;
    std::function<void(std::size_t arm, std::size_t problem, const CellFacts&)> on_facts;
    /// What an earlier process that was interrupted knew of a cell; null where nothing.
    std::function<const CellFacts*(std::size_t arm, std::size_t problem)> known_facts;
  };

  SectionCheck(const SectionPlan& plan, World world);

  /// Reports the facts of every cell that the plan runs, replicas included. Throws Interrupted.
  void run();

 private:
  /// What is known of one arm so far.
  struct Known {
    std::unique_ptr<Worker> worker;
    std::optional<double> seconds_per_flop;  // of the largest problem so far
    std::vector<std::size_t> replicas;       // arms that repeat this one
  };

  double committed_seconds(const CellFacts& facts) const;
  std::vector<std::size_t> arms_sharing(std::size_t arm, std::size_t problem) const;
  CellFacts check_cell(std::size_t arm, std::size_t problem, double budget_share);
  CellFacts ask_worker(std::size_t arm, std::size_t problem, double expected_call_seconds);
  double predicted_call_seconds(std::size_t arm, std::size_t problem) const;
  double flops(std::size_t problem) const;
  std::optional<std::string> why_too_large(std::size_t problem) const;

  const SectionPlan& plan_;
  World world_;
  std::vector<Known> known_;  // by arm
};

/// Seconds that one cell takes in one launch: set-up, warm-up and the cost of its turns included.
double cell_seconds_per_launch(const Protocol& protocol, double call_seconds, double setup_seconds);

/// One call this long warms itself up, and four quartets of it would only cost time.
bool is_slow(double call_seconds);

/// Blocks per launch where the slowest arm of a problem takes this long.
int blocks_per_launch(const Protocol& protocol, double call_seconds);

/// Before every sample of a call that is not slow: the same work, untimed.
inline constexpr double warm_up_seconds = 200e-6;

/// Samples may be slower than expected on a busy machine, but not by more than this.
inline constexpr double timeout_factor = 20;

}  // namespace crossover::harness
