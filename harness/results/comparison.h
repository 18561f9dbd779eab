#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/results/stored_run.h"
#include "harness/results/tables.h"
#include "harness/statistics/gate.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

// "Before" and "after" are the two sides, A and B. All log ratios are log(T_before / T_after):
// above 0 the second takes less time.

/// One problem measured on both sides.
struct ComparedCell {
  std::string section;
  std::string label;  // the arm; of paired arms the second
  Problem problem;
  double before_seconds = 0;  // per call, medians of launch medians
  double after_seconds = 0;
  std::size_t launches_before = 0;
  std::size_t launches_after = 0;
  double log_ratio = 0;
  std::optional<Interval> ci;  // at least 95%, of this cell alone; null for too few launches
  Interval simultaneous;       // covers together with those of all cells; unbounded if not known
  double discarded = 0;        // paired: share of blocks set aside
  Verdict verdict = Verdict::undecided;
};

/// A problem that was not measured on both sides, and why.
struct UnmatchedCell {
  std::string name;  // "table: simd at m=64 n=64 k=64"
  std::string reason;
  bool lost = false;  // measured before; failed or wrong after
};

struct Comparison {
  bool paired = false;
  std::string before;
  std::string after;
  std::vector<ComparedCell> cells;
  std::vector<UnmatchedCell> only_before;
  std::vector<UnmatchedCell> only_after;
  /// Of all cells together, as a log ratio; null for no cells.
  std::optional<double> geometric_mean;
  std::optional<Interval> geometric_mean_ci;
  std::string geometric_mean_rule;  // what its interval rests on
  std::vector<std::string> notes;
};

/// Labels of all arms of a run's sections (the ceilings' left out), replicas included, without
/// duplicates.
std::vector<std::string> arm_labels(const StoredRun& run);

/// Pairs of arms of each section, of one run that is stored or was just measured, paired block by
/// block; `before` and `after` are left to the caller. The evidence must have been collected for
/// these pairs. Per cell: the median launch effect with its order-statistic interval.
/// Simultaneous: gate_interval() over cells and looks. Geometric mean: Student's t over the
/// launches that all cells share.
Comparison compare_pairs(std::span<const SectionPlan> sections, std::span<const Evidence> evidence,
                         const PairsOf& pairs);

/// One pair of arms on one problem of a section; indices.
struct ChosenCell {
  std::size_t section = 0;
  Pair pair;
  std::size_t problem = 0;
  std::string label;  // what the cell is called
};

/// The same for chosen cells.
Comparison compare_cells(std::span<const SectionPlan> sections, std::span<const Evidence> evidence,
                         std::span<const ChosenCell> cells);

/// Two arms of one run in every section that has both, as compare_pairs(). `run` must have been
/// read with pairs_of_labels().
Comparison compare_arms(const StoredRun& run, const std::string& before, const std::string& after);

/// What read_run() must collect for compare_arms().
PairsOf pairs_of_labels(const std::string& before, const std::string& after);

/// Two stored runs, which were not interleaved: cells are matched by their identity (section, arm,
/// problem), replicas and ceilings left out; a setting that only one run has, with one value
/// throughout, does not count and is noted. Per cell: unpaired_interval(); simultaneous: the same
/// at 0.05 / cells. Geometric mean: the cells of a run share whatever disturbed it, so that their
/// errors are taken to be fully correlated, and the ends of its interval are the means of the
/// cells' ends.
Comparison compare_runs(const StoredRun& before, const StoredRun& after);

/// What tells the machines of two runs apart ("cpu: X and Y"); nothing where CPU model and number
/// of CPUs agree.
std::vector<std::string> machine_differences(const Json& before, const Json& after);

/// The verdict of a gate over all cells. A cell that was lost cannot pass.
GateVerdict gate(const Comparison& comparison, double margin);

/// One table per section; "unpaired: not interleaved" in each title where that is so. The last one
/// has the geometric mean, what only one side has, and the gate, where `margin` is given, as notes.
std::vector<Table> comparison_tables(const Comparison& comparison, std::optional<double> margin);

/// Results as one document; `ratio` is time(before) / time(after), `change` is
/// time(after) / time(before) - 1.
Json comparison_json(const Comparison& comparison, std::optional<double> margin);

}  // namespace crossover::harness
