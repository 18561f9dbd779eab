#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <optional>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/config_arguments.h"
#include "experiments/encoder_setup.h"
#include "experiments/families.h"
#include "experiments/figures.h"
#include "experiments/lock_options.h"
#include "experiments/measured_run.h"
#include "experiments/policy_setting.h"
#include "experiments/probe_cases.h"
#include "experiments/run_estimate.h"
#include "experiments/stored_runs.h"
#include "harness/duration.h"
#include "harness/results/manifest.h"
#include "harness/results/stored_run.h"
#include "harness/results/tables.h"
#include "harness/run/interrupt.h"

namespace crossover::experiments {
namespace {

using harness::Json;

/// Fewer launches and quartets: an answer in a fraction of the time, with wider intervals.
void make_quick(harness::Plan& plan) {
  constexpr int fewest_launches = 6;  // below which no 95% interval exists
  constexpr double most_of_all = 240;
  const double share = most_of_all / static_cast<double>(plan.sections.size());
  for (harness::SectionPlan& section : plan.sections) {
    section.protocol.looks = {std::min(fewest_launches, section.protocol.looks.front())};
    section.protocol.quartets = std::min(2, section.protocol.quartets);
    section.protocol.budget_seconds = std::min({60.0, share, section.protocol.budget_seconds});
  }
}

/// "12 s to 40 s", "1.2 s" where both are as good as equal.
std::string range_text(const SecondsRange& seconds) {
  const std::string least = harness::duration_text(seconds.least);
  const std::string most = harness::duration_text(seconds.most);
  return least == most ? most : fmt::format("{} to {}", least, most);
}

void print_plan(const harness::Plan& plan, const std::vector<harness::FamilyInfo>& families) {
  const SecondsRange beside = estimate_beside_sections(plan, families);
  SecondsRange total = beside;
  for (const harness::SectionPlan& section : plan.sections) {
    std::size_t cells = 0;
    std::cout << fmt::format("[{}] {} of {}\n", section.name, to_string(section.question),
                             section.family);
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      std::size_t problems = 0;
      for (std::size_t i = 0; i < section.problems.size(); ++i)
        problems += harness::runs(section, arm, i);
      std::cout << fmt::format("  arm {:<44} {} problem{}\n",
                               harness::label(section.arms[arm], section.varying), problems,
                               problems == 1 ? "" : "s");
      cells += problems;
    }
    const SecondsRange seconds =
        estimate(section, harness::family_called(families, section.family));
    total += seconds;
    std::cout << fmt::format(
        "  {} cells from {} to {}, {} to {} launches, {} quartets, roughly {} (budget {})\n\n",
        cells, harness::label(section.problems.front()), harness::label(section.problems.back()),
        section.protocol.looks.front(), section.protocol.looks.back(), section.protocol.quartets,
        range_text(seconds), harness::duration_text(section.protocol.budget_seconds));
  }
  std::cout << fmt::format(
      "Roughly {} in all, {} of it for the machine's ceilings and the figures; nothing was "
      "measured.\n",
      range_text(total), range_text(beside));
}

void print_result(const MeasuredRun& run) {
  for (const harness::Table& table : run.tables()) {
    std::cout << "\n" << harness::as_text(table);
  }
  std::cout << "\nStored in " << std::filesystem::proximate(run.path()).string() << "\n";
}

Options run_options() {
  Options options("run [CONFIG] [--KEY VALUE ...] [options]",
                  "Measures an experiment config, or quickstart, and stores the run. Every key of "
                  "the config is\n"
                  "also an option and wins over the file; --SECTION.KEY changes one section only.",
                  "crossover run experiments/quickstart.cfg --threads 2 --out /tmp/results");
  const std::string results = std::string(source_root) + "/results";
  options.add()("out", boost::program_options::value<std::string>()->default_value(results),
                "folder for run directories")("dry-run", "print the plan and stop")(
      "resume", boost::program_options::value<std::string>(),
      "go on with the interrupted run in this directory")(
      "quick", "6 launches of 2 quartets, at most 1 min per section: wider intervals")(
      "no-figures", "do not draw figures")(
      "format", boost::program_options::value<std::string>()->default_value("text"),
      "text or json (the summary)");
  add_lock_options(options);
  options.positional("config", 1);
  return options;
}

/// The plan that the options ask for; nullopt after --dry-run printed it.
std::optional<harness::Plan> planned(const Options& options, const SplitArguments& split) {
  const std::string config_path = find_config(
      options.has("config") ? options.values()["config"].as<std::vector<std::string>>().front()
                            : "quickstart");
  const std::vector<harness::FamilyInfo> all = families();
  harness::Plan plan = harness::make_plan(harness::read_config(config_path, split.overrides), all,
                                          {harness::read_machine().cores});
  for (const std::string& warning : plan.warnings) std::cerr << "warning: " << warning << "\n";
  check_policies(plan);
  check_encoder_files(plan);
  if (options.has("quick")) make_quick(plan);
  if (options.has("dry-run")) {
    print_plan(plan, all);
    return std::nullopt;
  }
  add_ceilings(plan);
  plan.source = name_in_project(plan.source);
  return plan;
}

/// What a stored run is continued with comes from its manifest alone.
void require_nothing_else(const Options& options, const SplitArguments& split) {
  const std::string other = !split.overrides.empty() ? "--" + split.overrides.front().first
                            : options.has("config")  ? "a config"
                            : options.has("quick")   ? "--quick"
                            : options.has("dry-run") ? "--dry-run"
                                                     : "";
  if (other.empty()) return;
  throw UsageError(
      fmt::format("--resume goes on with a run as it was planned; {} cannot change it", other));
}

int show(MeasuredRun& run, const Options& options, bool json, int status) {
  if (json) {
    std::cout << harness::text_of(run.summary(), 1) << "\n";
  } else {
    print_result(run);
  }
  if (status == exit_interrupted) {
    std::cerr << fmt::format("crossover: interrupted; go on with: crossover run --resume {}\n",
                             std::filesystem::proximate(run.path()).string());
    return status;
  }
  if (!options.has("no-figures")) {
    const int drawn = draw_figures(run.path().string(), {});
    if (drawn != 0) std::cerr << "warning: no figures were drawn; see above\n";
    if (harness::interrupt_requested()) return exit_interrupted;
  }
  if (status == exit_cells_failed) {
    std::cerr << "crossover: some cells failed or were wrong; the tables say which and why\n";
  }
  return status;
}

}  // namespace

int run_command(const Arguments& arguments) {
  const SplitArguments split = split_overrides(
      arguments,
      {"out", "dry-run", "quick", "no-figures", "format", "help", "resume", "wait", "no-lock"});
  Options options = run_options();
  if (!options.parse(split.own)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  Arguments command_line{"crossover", "run"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());

  std::optional<harness::Plan> plan;
  if (options.has("resume")) {
    require_nothing_else(options, split);
  } else if (!(plan = planned(options, split))) {
    return exit_done;
  }
  harness::catch_interrupts();
  auto lock = lock_machine(when_busy(options), command_line);
  std::optional<MeasuredRun> run;
  if (plan) {
    run.emplace(std::move(*plan), options.text("out"), command_line);
  } else {
    run.emplace(
        harness::read_run(run_directory(options.text("resume")), harness::Unfinished::discard));
  }
  if (lock) lock->set_place(run->path().string());
  const int status = run->measure();
  lock.reset();  // figures disturb nobody for long
  return show(*run, options, json, status);
}

}  // namespace crossover::experiments
