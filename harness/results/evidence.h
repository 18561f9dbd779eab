#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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
  std::map<std::string, double> details{};  // what an untimed call told about itself
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
  // In user space, by all threads of the worker; null where the machine does not count them.
  std::optional<std::int64_t> cycles{};
  std::optional<std::int64_t> instructions{};
  std::optional<std::int64_t> cache_misses{};
};

/// The facts of a cell that was not measured, and why.
CellFacts refused(Status status, const std::string& reason);

/// The launch effects of one pair of arms on one problem, all log(T_against / T_variant).
struct PairEffects {
  std::map<int, double> kept;  // by launch, from the blocks that were not set aside
  std::map<int, double> all;   // by launch, from every block
  SecondOpinion bounds{};      // of both
  double discarded = 0;        // share of blocks set aside
  bool use_all = false;        // too much was set aside, or unevenly: `all` is primary

  /// Where `all` is primary.
  std::optional<SecondOpinion> second_opinion() const;

  const std::map<int, double>& by_launch() const { return use_all ? all : kept; }
  std::vector<double> primary() const { return values(by_launch()); }

  static std::vector<double> values(const std::map<int, double>& by_launch);
};

/// How often one hardware event happened, over those samples that know it.
struct EventTotal {
  double events = 0;
  double calls = 0;
  double cpu_seconds = 0;

  void add(const std::optional<std::int64_t>& count, const Sample& sample);
  std::optional<double> per_call() const;
  /// Of cycles: the clock rate at which the threads ran, in Hz; time in the kernel, whose cycles
  /// are not counted, lowers it.
  std::optional<double> per_cpu_second() const;
};

/// What the samples of one cell add up to.
struct CellTotals {
  std::size_t samples = 0;
  double calls = 0;
  double cpu_seconds = 0;
  double voluntary_switches = 0;
  double involuntary_switches = 0;
  std::optional<double> steal_seconds;  // null where no sample knows it
  EventTotal cycles;
  EventTotal instructions;
  EventTotal cache_misses;

  void add(const Sample& sample);
};

/// What was measured in one section, indexed by (arm, problem). Filled while measuring or from a
/// stored run; the same functions serve both. Samples are kept only until the launch of their
/// problem is closed, so that memory does not grow with their number: what stays is one median per
/// cell and launch, one effect per pair, problem and launch, and totals.
class Evidence {
 public:
  using Key = std::pair<std::size_t, std::size_t>;  // arm, problem

  /// `pairs`: the arms that effects() will be asked for.
  explicit Evidence(const std::vector<Pair>& pairs = {});

  void set_facts(std::size_t arm, std::size_t problem, CellFacts facts);

  /// Samples come launch by launch of a problem, all of its arms together; one of another problem
  /// or launch closes what was open. Throws std::invalid_argument for a launch closed before.
  void add(std::size_t arm, std::size_t problem, const Sample& sample);

  /// The launch that is open is complete, or will not be completed. All of the functions below
  /// know only what is closed.
  void close();

  /// Forgets the samples of the launch that is open.
  void discard_open();
  bool is_open() const { return !open_.empty(); }

  const CellFacts* facts(std::size_t arm, std::size_t problem) const;
  const CellTotals& totals(std::size_t arm, std::size_t problem) const;

  /// Number of launches with at least one sample.
  std::size_t launches(std::size_t arm, std::size_t problem) const;

  /// Whether any arm was measured on the problem in that launch.
  bool has_launch(std::size_t problem, int launch) const;

  /// Medians over the samples of each launch, in seconds per call.
  std::vector<double> launch_medians(std::size_t arm, std::size_t problem) const;
  std::map<int, double> medians_by_launch(std::size_t arm, std::size_t problem) const;

  /// Launch effects: the Hodges-Lehmann estimate over the blocks of each launch. Throws
  /// std::invalid_argument for a pair that was not given to the constructor.
  PairEffects effects(const Pair& pair, std::size_t problem) const;

  /// The evidence as it was when only launches 0 to `launches` - 1 had been measured; totals stay
  /// those of the whole.
  Evidence until(int launches) const;

 private:
  struct LaunchMedian {
    int launch = 0;
    double seconds = 0;
  };
  struct LaunchEffect {
    int launch = 0;
    double all = 0;
    double least = 0;
    double most = 0;
    std::optional<double> kept;
    double kept_least = 0;  // where something was kept
    double kept_most = 0;
    int blocks = 0;
    int set_aside = 0;
    int disturbed_variant = 0;
    int disturbed_against = 0;
  };
  using Samples = std::map<std::size_t, std::vector<Sample>>;  // by arm

  std::optional<LaunchEffect> effect_of_open(const Pair& pair) const;

  std::map<Pair, std::size_t> pairs_;  // to their number
  std::map<Key, CellFacts> facts_;
  std::map<Key, CellTotals> totals_;
  std::map<Key, std::vector<LaunchMedian>> medians_;
  std::map<Key, std::vector<LaunchEffect>> effects_;  // by number of the pair, problem
  std::map<std::size_t, std::set<int>> closed_;       // launches by problem
  Samples open_;
  std::size_t open_problem_ = 0;
  int open_launch_ = 0;
};

/// Whether a block must be set aside for a cause outside the program: steal time, foreign processes
/// on the measured cores, or a worker that ran out of turn.
bool disturbed(const std::vector<const Sample*>& block);

std::string to_string(Status status);
Status status_from(const std::string& text);  // throws std::invalid_argument

}  // namespace crossover::harness
