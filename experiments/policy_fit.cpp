#include <filesystem>
#include <fmt/format.h>
#include <iostream>

#include "experiments/policy_actions.h"
#include "git_version.h"
#include "harness/policy/fit.h"
#include "harness/policy/policy_file.h"
#include "harness/policy/score_report.h"
#include "harness/results/run_directory.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;

Options fit_options() {
  Options options(
      "policy fit RUN... [options]",
      "Makes a policy from stored sweeps of simd and simd_parallel over shapes (m, n, k), such as\n"
      "experiments/policy_train.cfg: the k from which each count of threads pays, over m and n.\n"
      "A policy holds for one machine and one condition; runs that mix them are refused.",
      "crossover policy fit results/policy_train/20260131T120000Z-host --header policy.h");
  options.add()("out", po::value<std::string>()->default_value("policy.json"), "the policy")(
      "header", po::value<std::string>(), "also a C++11 header with the same choices")(
      "seed", po::value<long long>()->default_value(1), "of folds and bootstrap samples")(
      "replicates", po::value<long long>()->default_value(200),
      "bootstrap samples for the intervals of the boundary; 0 for none");
  options.positional("runs", -1);
  return options;
}

harness::MeasuredShapes shapes_in(const std::vector<std::string>& paths) {
  try {
    return harness::collect_shapes(read_runs(paths));
  } catch (const harness::UnfitRuns& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

int policy_fit(const Arguments& arguments) {
  Options options = fit_options();
  if (!options.parse(arguments)) return exit_done;
  const std::vector<std::string> paths = options.words("runs");
  if (paths.empty()) {
    throw UsageError("policy fit needs a run directory; see crossover policy fit --help");
  }
  const long long replicates = options.values()["replicates"].as<long long>();
  constexpr long long most_replicates = 100'000;
  if (replicates < 0 || replicates > most_replicates) {
    throw UsageError(fmt::format("--replicates = {}; expected 0..{}", replicates, most_replicates));
  }
  const harness::MeasuredShapes measured = shapes_in(paths);
  constexpr std::size_t fewest_shapes = 20;  // ten folds of two
  if (measured.shapes.size() < fewest_shapes) {
    throw UsageError(
        fmt::format("the runs hold {} shapes that were measured with all of the "
                    "threads; a policy needs at least {}",
                    measured.shapes.size(), fewest_shapes));
  }
  harness::Policy policy =
      harness::fit_policy(measured, options.seed(), static_cast<std::size_t>(replicates));
  policy.git = git_version;
  policy.made = harness::utc_now();
  const std::string out = options.text("out");
  harness::write_file(out, harness::text_of(harness::policy_json(policy)) + "\n");
  std::cout << harness::policy_text(policy);
  if (measured.incomplete > 0) {
    std::cout << fmt::format(
        "Left out: {} shapes that were not measured with all of the threads.\n",
        measured.incomplete);
  }
  std::cout << "\nWritten: " << out << "\n";
  if (options.has("header")) {
    harness::write_file(options.text("header"), harness::policy_header(policy));
    std::cout << "Written: " << options.text("header") << "\n";
  }
  return exit_done;
}

}  // namespace crossover::experiments
