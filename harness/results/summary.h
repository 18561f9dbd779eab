#pragma once

#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/results/stored_run.h"

namespace crossover::harness {

/// Everything that is derived from a run: summary.json (results/README.md has the schema). A pure
/// function of the manifest and the evidence, one Evidence per section of the manifest.
Json summarise(const Json& manifest, const std::vector<Evidence>& evidence);

/// The same of a stored run. Throws StorageError where its manifest lacks something.
Json summarise(const StoredRun& run);

}  // namespace crossover::harness
