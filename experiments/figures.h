#pragma once

#include <string>
#include <vector>

namespace crossover::experiments {

/// Runs plots/plot.py on a run directory; returns its exit status. Its output goes to this
/// process's standard error, so that standard output stays one JSON document where that was asked
/// for.
int draw_figures(const std::string& run, const std::vector<std::string>& options);

/// The same with another script of plots/ and all of its arguments.
int run_plots(const std::string& script, const std::vector<std::string>& arguments);

}  // namespace crossover::experiments
