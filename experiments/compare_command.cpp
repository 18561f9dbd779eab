#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <set>

#include "experiments/command.h"
#include "experiments/compare_live.h"
#include "experiments/comparison_output.h"
#include "experiments/stored_runs.h"
#include "harness/plan/config.h"
#include "harness/results/best_of.h"
#include "harness/results/comparison.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

Options compare_options() {
  Options options(
      "compare A [B] [options]",
      "Compares two arms of one stored run, paired block by block (A with --arms), or two stored\n"
      "runs, which were not interleaved (A before, B after). Changes are those of the time per\n"
      "call of B against A: negative is less time.\n"
      "Two programs are compared with compare --live: see crossover compare --live --help.",
      "crossover compare results/quickstart/20260131T120000Z-host --arms simd openblas");
  options.add()("arms", po::value<std::vector<std::string>>()->multitoken(),
                "two arms of one run by their labels in the tables: before and after")(
      "best", po::value<std::vector<std::string>>()->multitoken(),
      "variants of one run, the fastest of which is compared at every problem ...")(
      "of", po::value<std::vector<std::string>>()->multitoken(),
      "... with the fastest of these, for each number of threads")(
      "any-machine", "compare runs of different machines")(
      "format", po::value<std::string>()->default_value("text"), "text, json, markdown or csv");
  add_gate_option(options);
  options.positional("runs", 2);
  return options;
}

/// The pairs that the run planned to compare: labels before and after.
std::set<std::vector<std::string>> planned_pairs(const harness::StoredRun& run) {
  std::set<std::vector<std::string>> pairs;
  for (const harness::SectionPlan& section : run.sections) {
    const auto name = [&](std::size_t arm) {
      return harness::label(section.arms[arm], section.varying);
    };
    for (const harness::Pair& pair : section.comparisons) {
      pairs.insert({name(pair.against), name(pair.variant)});
    }
  }
  return pairs;
}

/// The two labels of --arms; without it the only pair that the run planned.
std::vector<std::string> arms_from(const Options& options, const fs::path& path) {
  const harness::StoredRun run = harness::read_run(path);
  const std::vector<std::string> known = harness::arm_labels(run);
  if (!options.has("arms")) {
    const std::set<std::vector<std::string>> planned = planned_pairs(run);
    if (planned.size() == 1) return *planned.begin();
    throw UsageError(fmt::format("which arms of {}? --arms BEFORE AFTER; it has: {}", path.string(),
                                 fmt::join(known, ", ")));
  }
  auto arms = options.values()["arms"].as<std::vector<std::string>>();
  if (arms.size() != 2) {
    throw UsageError(
        fmt::format("--arms has {} label(s); expected two, after the run: "
                    "crossover compare DIR --arms BEFORE AFTER",
                    arms.size()));
  }
  for (const std::string& arm : arms) {
    if (std::find(known.begin(), known.end(), arm) != known.end()) continue;
    const std::string guess = harness::nearest(arm, known);
    throw UsageError(fmt::format("no arm of {} is called '{}'{}; it has: {}", path.string(), arm,
                                 guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                                 fmt::join(known, ", ")));
  }
  if (arms[0] == arms[1]) {
    throw UsageError(fmt::format("--arms names {} twice; an A/A comparison is {} and {}#1", arms[0],
                                 arms[0], arms[0]));
  }
  return arms;
}

harness::Comparison compare_two_arms(const Options& options, const fs::path& path) {
  const std::vector<std::string> arms = arms_from(options, path);
  const harness::StoredRun run = harness::read_run(path, harness::Unfinished::keep,
                                                   harness::pairs_of_labels(arms[0], arms[1]));
  harness::Comparison comparison = harness::compare_arms(run, arms[0], arms[1]);
  if (!comparison.cells.empty()) return comparison;
  throw UsageError(fmt::format("{} and {} were not both measured on any problem of one section",
                               arms[0], arms[1]));
}

harness::Comparison compare_two_runs(const Options& options, const fs::path& before,
                                     const fs::path& after) {
  if (options.has("arms")) throw UsageError("--arms is for the arms of one run; two are given");
  const harness::StoredRun a = harness::read_run(before);
  const harness::StoredRun b = harness::read_run(after);
  const std::vector<std::string> differences = harness::machine_differences(a.manifest, b.manifest);
  if (!differences.empty() && !options.has("any-machine")) {
    throw UsageError(
        fmt::format("the runs are of different machines ({}); --any-machine compares "
                    "them all the same",
                    fmt::join(differences, "; ")));
  }
  harness::Comparison comparison = harness::compare_runs(a, b);
  if (comparison.cells.empty()) {
    throw UsageError(
        fmt::format("{} and {} have no measured cell in common (section, arm with its settings, "
                    "problem)",
                    before.string(), after.string()));
  }
  for (const std::string& difference : differences) {
    comparison.notes.push_back("WARNING: different machines: " + difference);
  }
  return comparison;
}

int print_best(const Options& options, const fs::path& run, const std::string& format) {
  const auto group = [&](const char* name) {
    if (!options.has(name))
      throw UsageError("--best VARIANT... and --of VARIANT... need each other");
    return options.values()[name].as<std::vector<std::string>>();
  };
  try {
    const auto comparisons = harness::compare_best(run, group("best"), group("of"));
    if (comparisons.empty()) throw UsageError("no problem was measured with both groups");
    harness::Json list = harness::Json::array();
    for (const harness::Comparison& comparison : comparisons) {
      if (format == "json") {
        list.push_back(harness::comparison_json(comparison, std::nullopt));
      } else {
        print_comparison(comparison, std::nullopt, format);
      }
    }
    if (format == "json") std::cout << harness::text_of(list, 1) << "\n";
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return exit_done;
}

}  // namespace

int compare_command(const Arguments& arguments) {
  if (std::find(arguments.begin(), arguments.end(), "--live") != arguments.end()) {
    return compare_live(arguments);
  }
  Options options = compare_options();
  if (!options.parse(arguments)) return exit_done;
  if (!options.has("runs")) {
    throw UsageError("compare needs a run directory; see crossover compare --help");
  }
  const std::string format = options.format({"text", "json", "markdown", "csv"});
  const std::optional<double> margin = gate_margin(options);
  std::vector<fs::path> runs;
  for (const std::string& path : options.values()["runs"].as<std::vector<std::string>>()) {
    runs.push_back(run_directory(path));
  }
  if (options.has("best") || options.has("of")) {
    if (runs.size() != 1) throw UsageError("--best and --of are for the variants of one run");
    if (margin) {
      throw UsageError("--gate is not for --best: who is best is chosen by the same times");
    }
    if (options.has("arms")) throw UsageError("--arms is not for --best: each problem has its own");
    return print_best(options, runs.front(), format);
  }
  const harness::Comparison comparison = runs.size() == 2
                                             ? compare_two_runs(options, runs[0], runs[1])
                                             : compare_two_arms(options, runs[0]);
  print_comparison(comparison, margin, format);
  return gate_status(comparison, margin);
}

}  // namespace crossover::experiments
