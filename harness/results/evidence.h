#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/case.h"
#include "harness/plan/plan.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

enum class Status { measured, unsupported, wrong, failed, skipped };

/// What executed and was allocated during one untimed call.
struct CallCounts {
  ExecutionCounts execution;
  std::optional<std::uint64_t> allocations;  // null where allocations cannot be counted
  std::optional<std::uint64_t> allocated_bytes;
};

/// Everything known of a cell except its samples.
struct CellFacts {
  Status status = Status::measured;
  std::optional<std::string> reason;   // set unless measured
  std::int64_t iterations = 0;         // calls per sample, the same in every launch
  std::optional<double> call_seconds;  // rough, from calibration
  std::optional<double> prepare_seconds;
  std::optional<double> setup_seconds;  // making the case in the worker: operands, preparation
  Work work;
  CallCounts counts;
};

/// One sample: `iterations` calls in one go. `seconds` is per call, the rest is for the whole
/// sample.
struct Sample {
  int launch = 0;
  int block = 0;
  int place = 0;  // position within the block
  std::int64_t iterations = 0;
  double seconds = 0;
  double cpu_seconds = 0;  // of the worker process, all threads
  std::int64_t voluntary_switches = 0;
  std::int64_t involuntary_switches = 0;
  std::optional<double> steal_seconds;  // taken by the hypervisor from the measured cores
  // Its threads were ready to run but another process had their CPU; null when oversubscribed.
  std::optional<double> foreign_seconds;
  bool others_ran = false;  // another worker's CPU clock advanced meanwhile
};

/// The facts of a cell that was not measured, and why.
CellFacts refused(Status status, const std::string& reason);

/// The launch effects of one pair of arms on one problem, all log(T_against / T_variant).
struct PairEffects {
  std::map<int, double> kept;  // by launch, from the blocks that were not set aside
  std::map<int, double> all;   // by launch, from every block
  double discarded = 0;        // share of blocks set aside
  bool use_all = false;        // too much was set aside, or unevenly: `all` is primary

  const std::map<int, double>& by_launch() const { return use_all ? all : kept; }
  std::vector<double> primary() const { return values(by_launch()); }

  static std::vector<double> values(const std::map<int, double>& by_launch);
};

/// The samples and facts of one section, indexed by (arm, problem). Filled while measuring or from
/// a stored run; the same functions serve both.
class Evidence {
 public:
  using Key = std::pair<std::size_t, std::size_t>;  // arm, problem

  void set_facts(std::size_t arm, std::size_t problem, CellFacts facts);
  void add(std::size_t arm, std::size_t problem, const Sample& sample);

  const CellFacts* facts(std::size_t arm, std::size_t problem) const;
  const std::vector<Sample>& samples(std::size_t arm, std::size_t problem) const;

  /// Number of launches with at least one sample.
  std::size_t launches(std::size_t arm, std::size_t problem) const;

  /// Medians over the samples of each launch, in seconds per call.
  std::vector<double> launch_medians(std::size_t arm, std::size_t problem) const;

  /// Launch effects: the Hodges-Lehmann estimate over the blocks of each launch.
  PairEffects effects(const Pair& pair, std::size_t problem) const;

 private:
  std::map<Key, CellFacts> facts_;
  std::map<Key, std::vector<Sample>> samples_;
};

/// Whether a block must be set aside for a cause outside the program: steal time, foreign processes
/// on the measured cores, or a worker that ran out of turn.
bool disturbed(const std::vector<const Sample*>& block);

std::string to_string(Status status);
Status status_from(const std::string& text);  // throws std::invalid_argument

}  // namespace crossover::harness
