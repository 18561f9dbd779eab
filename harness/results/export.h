#pragma once

#include <filesystem>
#include <ostream>

namespace crossover::harness {

// All three read a stored run (results/README.md), leave nothing out but what Google Benchmark has
// no place for and the samples of launches that were given up and measured again, and never hold
// its samples in memory: the cost in memory is per cell and launch. Errors: StorageError where the
// run cannot be read or the output cannot be written.

/// One row per sample (RFC 4180) with the facts of its cell in front: section, arm, settings as one
/// JSON column, one column per extent, status and counters. A cell without samples is one row with
/// empty sample columns. Missing is empty. An extent whose name another column has is called
/// problem_<name>.
void export_csv(const std::filesystem::path& run, std::ostream& out);

/// Google Benchmark's JSON. A launch is a repetition: its times are the medians of the launch's
/// samples in nanoseconds per call; mean, median, stddev and cv over the launches are aggregates.
/// Names are section/arm/extents and do not depend on what else a run varies, so that two runs
/// match. Cells that were not measured have no time and are listed in "context".
void export_gbench(const std::filesystem::path& run, std::ostream& out);

/// An SQLite database: tables run, sections, arms, problems, cells, samples; views
/// launch_medians (per cell and launch), cell_medians (per cell) and labelled_samples. The file
/// appears as a whole or not at all; one that exists is replaced.
void export_sqlite(const std::filesystem::path& run, const std::filesystem::path& file);

}  // namespace crossover::harness
