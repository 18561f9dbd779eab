#include "experiments/compare_live.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

#include "build_info.h"
#include "experiments/comparison_output.h"
#include "experiments/config_arguments.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/lock_options.h"
#include "experiments/measured_run.h"
#include "experiments/other_build.h"
#include "experiments/probe_cases.h"
#include "harness/plan/live_plan.h"
#include "harness/results/manifest.h"
#include "harness/run/gate_stopping.h"
#include "harness/run/interrupt.h"

namespace crossover::experiments {
namespace {

using harness::Json;

Options live_options() {
  namespace po = boost::program_options;
  Options options(
      "compare --live A B [CONFIG] [--KEY VALUE ...] [options]",
      "Measures two builds of this program, A (old) and B (new), interleaved in the same blocks:\n"
      "every arm of the config once per build, experiments/gate.cfg unless named. Every key of "
      "the\n"
      "config is also an option. Changes are those of the time per call of B against A: negative\n"
      "is less time. The run is stored like any other.",
      "crossover compare --live ../old/build/crossover build/crossover --gate 3%");
  const std::string results = std::string(source_root) + "/results";
  options.add()("live", "compare two programs instead of stored runs")(
      "out", po::value<std::string>()->default_value(results), "folder for run directories")(
      "format", po::value<std::string>()->default_value("text"), "text, json, markdown or csv");
  add_gate_option(options);
  add_lock_options(options);
  options.positional("words", 3);
  return options;
}

/// The two programs and what is measured of both.
struct LiveRequest {
  OtherBuild a;
  OtherBuild b;
  harness::Plan plan;
};

LiveRequest read_request(const Options& options, const SplitArguments& split) {
  const Arguments words =
      options.has("words") ? options.values()["words"].as<Arguments>() : Arguments{};
  if (words.size() < 2) {
    throw UsageError(fmt::format(
        "compare --live needs two programs, the old and the new build, and has {}; see crossover "
        "compare --live --help",
        words.size()));
  }
  const std::string config = find_config(words.size() > 2 ? words[2] : "gate");
  const harness::Config text = harness::read_config(config, split.overrides);
  harness::Plan plan =
      make_live_plan(harness::make_plan(text, families(), {harness::read_machine().cores}));
  for (const std::string& warning : plan.warnings) std::cerr << "warning: " << warning << "\n";
  add_ceilings(plan);
  plan.source = name_in_project(plan.source);
  return {read_build(words[0]), read_build(words[1]), std::move(plan)};
}

/// The same place for both builds; the ceilings are those of this program.
harness::ProcessHost::Place place_of_builds(const OtherBuild& a, const OtherBuild& b) {
  return [a = a.path, b = b.path](const harness::Arm& arm) {
    harness::Placement placement = place(arm);
    const auto build = arm.settings.find(harness::program_setting);
    if (build != arm.settings.end()) placement.program = build->second == harness::build_a ? a : b;
    return placement;
  };
}

Json build_json(const OtherBuild& build) {
  return {{"path", name_in_project(build.path)}, {"version", build.version}};
}

/// Every arm of B against the same arm of A.
harness::Comparison comparison_of(const MeasuredRun& run, const LiveRequest& request) {
  std::vector<harness::SectionPlan> sections = run.plan().sections;
  for (harness::SectionPlan& section : sections) {
    std::erase(section.varying, harness::program_setting);  // columns already say which build
  }
  harness::Comparison comparison = harness::compare_pairs(
      sections, run.evidence(),
      [](const harness::SectionPlan& section) { return section.comparisons; });
  comparison.before = name_in_project(request.a.path);
  comparison.after = name_in_project(request.b.path);
  comparison.notes = {fmt::format("A: {}, {}.", comparison.before, request.a.version),
                      fmt::format("B: {}, {}.", comparison.after, request.b.version)};
  return comparison;
}

void tell_bad_cells(const Json& summary) {
  for (const Json& cell : summary.at("cells")) {
    const std::string status = cell.at("status");
    if (status != "failed" && status != "wrong") continue;
    std::cerr << fmt::format("crossover: {} at {} is {}: {}\n", cell.at("label").get<std::string>(),
                             harness::label(harness::problem_from(cell.at("problem"))), status,
                             cell.at("reason").get<std::string>());
  }
}

}  // namespace

int compare_live(const Arguments& arguments) {
  const SplitArguments split =
      split_overrides(arguments, {"live", "out", "format", "gate", "wait", "no-lock", "help"});
  Options options = live_options();
  if (!options.parse(split.own)) return exit_done;
  const std::string format = options.format({"text", "json", "markdown", "csv"});
  const std::optional<double> margin = gate_margin(options);
  LiveRequest request = read_request(options, split);
  MeasuredRun::Ways ways{place_of_builds(request.a, request.b)};
  if (margin) {
    ways.wanted = harness::gate_stopping(harness::gate_cells(request.plan.sections), *margin);
  }

  harness::catch_interrupts();
  Arguments command_line{"crossover", "compare"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());
  const auto lock = lock_machine(when_busy(options), command_line);
  MeasuredRun run(std::move(request.plan), options.text("out"), command_line, ways);
  run.manifest()["builds"] = {{harness::build_a, build_json(request.a)},
                              {harness::build_b, build_json(request.b)}};
  if (lock) lock->set_place(run.path().string());
  const int status = run.measure();
  const harness::Comparison comparison = comparison_of(run, request);
  harness::write_file(run.path() / "comparison.json",
                      harness::text_of(harness::comparison_json(comparison, margin), 1) + "\n");
  print_comparison(comparison, margin, format);
  std::cerr << "\nStored in " << std::filesystem::proximate(run.path()).string() << "\n";
  if (status == exit_cells_failed) tell_bad_cells(run.summary());
  return status == exit_done ? gate_status(comparison, margin) : status;
}

}  // namespace crossover::experiments
