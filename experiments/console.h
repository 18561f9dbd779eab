#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "harness/plan/plan.h"
#include "harness/results/run_directory.h"
#include "harness/run/runner.h"

namespace crossover::experiments {

/// Seconds of a clock that never goes back.
double monotonic_seconds();

/// Writes every event of a run to its directory and keeps the person who waits informed on standard
/// error: one line that is rewritten on a terminal, plain lines every few seconds when piped.
class Recorder : public harness::RunObserver {
 public:
  /// `directory` may be null: then nothing is stored (check).
  /// `save_plan` is called when the plan has grown.
  Recorder(const harness::Plan& plan, harness::RunDirectory* directory,
           std::function<void()> save_plan = {});
  ~Recorder() override;

  void on_cell(std::size_t section, std::size_t arm, std::size_t problem,
               const harness::CellFacts& facts) override;
  void on_sample(std::size_t section, std::size_t arm, std::size_t problem,
                 const harness::Sample& sample) override;
  void on_flush() override;
  void on_closed(std::size_t section, std::size_t problem, int launch,
                 double elapsed_seconds) override;
  void on_plan_changed() override;
  void on_progress(std::size_t section, const std::string& what,
                   std::optional<double> remaining_seconds) override;

  /// Cells that failed or were wrong so far.
  std::size_t bad_cells() const { return bad_cells_.size(); }

 private:
  harness::Json row(const char* kind, std::size_t section, std::size_t arm,
                    std::size_t problem) const;
  void clear_line();
  void count_planned_cells();

  const harness::Plan& plan_;
  harness::RunDirectory* directory_;
  std::function<void()> save_plan_;
  bool terminal_;
  bool line_shown_ = false;
  double started_;
  double last_shown_ = -1e9;
  std::size_t shown_section_ = 0;
  std::size_t planned_cells_ = 0;
  std::set<std::string> done_cells_;  // measured at least once, or refused
  std::set<std::string> bad_cells_;
};

}  // namespace crossover::experiments
