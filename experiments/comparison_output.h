#pragma once

#include <optional>
#include <string>

#include "experiments/command.h"
#include "harness/results/comparison.h"

namespace crossover::experiments {

// What the comparison of stored runs and that of two programs share.

/// Adds --gate.
void add_gate_option(Options& options);

/// The value of --gate as a share, 0.03 for 3%; nullopt without it. Throws UsageError.
std::optional<double> gate_margin(const Options& options);

/// On standard output, as text, json, markdown or csv.
void print_comparison(const harness::Comparison& comparison, std::optional<double> margin,
                      const std::string& format);

/// What the program ends with; exit_done without a margin.
int gate_status(const harness::Comparison& comparison, std::optional<double> margin);

}  // namespace crossover::experiments
