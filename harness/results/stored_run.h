#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"

namespace crossover::harness {

/// Everything that a run directory holds, whether the run was completed, interrupted or killed.
/// Samples are read one by one and not kept.
struct StoredRun {
  std::filesystem::path path;
  Json manifest;
  std::vector<SectionPlan> sections;
  std::vector<Evidence> evidence;       // by section
  std::vector<std::size_t> unfinished;  // sections with a launch that was not completed
  std::vector<double> elapsed_seconds;  // that each section had taken when it was last heard of
};

/// What to do with a launch of a problem that was not completed: its whole blocks are evidence, but
/// whoever goes on with the run measures that launch again.
enum class Unfinished { keep, discard };

/// The pairs of arms of a section whose effects are collected.
using PairsOf = std::function<std::vector<Pair>(const SectionPlan&)>;

/// Throws StorageError where a file is missing, damaged or of another schema version.
StoredRun read_run(const std::filesystem::path& path, Unfinished unfinished = Unfinished::keep,
                   const PairsOf& pairs = pairs_of);

/// The run as a plan that can be measured further. Throws StorageError where its manifest lacks
/// something.
Plan plan_from(const StoredRun& run);

}  // namespace crossover::harness
