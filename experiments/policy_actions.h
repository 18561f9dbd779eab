#pragma once

#include <string>
#include <vector>

#include "experiments/command.h"
#include "harness/results/stored_run.h"

namespace crossover::experiments {

// The parts of `crossover policy`; each gets what follows its name and returns an exit status.
int policy_fit(const Arguments& arguments);
int policy_score(const Arguments& arguments);
int policy_show(const Arguments& arguments);
int policy_shapes(const Arguments& arguments);

/// Where the published policy lies, with its score; its runs beside it.
std::string reference_policy();

/// The runs at these paths. Throws UsageError where one is none, StorageError for a damaged one.
std::vector<harness::StoredRun> read_runs(const std::vector<std::string>& paths);

}  // namespace crossover::experiments
