#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/command.h"
#include "experiments/console.h"
#include "harness/plan/plan.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"
#include "harness/results/tables.h"
#include "harness/run/runner.h"
#include "harness/worker/machine.h"
#include "harness/worker/worker_process.h"

namespace crossover::experiments {

/// One run from the manifest to the last table: measures a plan and stores what it finds.
class MeasuredRun {
 public:
  /// What a command may do in its own way.
  struct Ways {
    harness::ProcessHost::Place place;  // of each arm's worker
    harness::StoppingRule wanted = harness::wanted_problems;
  };

  /// Makes a run directory under `out`. The plan begins with the sections that measure the machine.
  /// Throws StorageError.
  MeasuredRun(harness::Plan plan, const std::string& out, const Arguments& command_line);
  MeasuredRun(harness::Plan plan, const std::string& out, const Arguments& command_line,
              const Ways& ways);

  /// Goes on with a stored run, in its directory. Throws StorageError where this is another machine
  /// or another build: their samples must not be mixed.
  explicit MeasuredRun(harness::StoredRun stored);

  MeasuredRun(const MeasuredRun&) = delete;
  MeasuredRun& operator=(const MeasuredRun&) = delete;

  /// Measures what is missing, analyses and stores. Returns the exit status.
  int measure();

  const harness::Plan& plan() const { return plan_; }
  const harness::Json& summary() const { return summary_; }
  const std::vector<harness::Table>& tables() const { return tables_; }
  const std::vector<harness::Evidence>& evidence() const { return runner_.evidence(); }
  const std::filesystem::path& path() const { return directory_.path(); }

  /// Members that a command adds to the manifest; before measure().
  harness::Json& manifest() { return manifest_; }

 private:
  std::vector<int> coordinator_cpus() const;
  void measure_sections();
  void finish(const std::string& state);
  [[noreturn]] void give_up(const harness::StorageError& error) const;
  void save_manifest();

  harness::ProcessHost::Place place_;
  harness::Machine machine_;
  harness::Plan plan_;
  harness::RunDirectory directory_;
  harness::Json manifest_;
  harness::ProcessHost host_;
  Recorder recorder_;
  harness::Runner runner_;
  harness::Json summary_;
  std::vector<harness::Table> tables_;
};

}  // namespace crossover::experiments
