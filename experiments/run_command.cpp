#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <set>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/console.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/figures.h"
#include "experiments/probe_cases.h"
#include "git_version.h"
#include "harness/duration.h"
#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/summary.h"
#include "harness/results/tables.h"
#include "harness/run/interrupt.h"
#include "harness/run/section_check.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {
namespace {

using harness::Json;

/// "--size 64" and "--size=64" for every key that is not an option of the command itself; what is
/// left goes to the option parser.
struct SplitArguments {
  Arguments own;
  std::vector<std::pair<std::string, std::string>> overrides;
};

SplitArguments split_overrides(const Arguments& arguments) {
  static const std::set<std::string> own_options{"out",        "dry-run", "quick",
                                                 "no-figures", "format",  "help"};
  SplitArguments split;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string key = argument.starts_with("--") ? argument.substr(2, equals - 2) : "";
    if (key.empty() || own_options.contains(key)) {
      split.own.push_back(argument);
    } else if (equals != std::string::npos) {
      split.overrides.emplace_back(key, argument.substr(equals + 1));
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      split.overrides.emplace_back(key, arguments[++i]);
    } else {
      throw UsageError(fmt::format("--{} needs a value, as in --{} VALUE", key, key));
    }
  }
  return split;
}

/// The config as a path, or by the name of an experiment that ships with the program.
std::string find_config(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  const std::filesystem::path shipped = std::filesystem::path(source_root) / "experiments";
  for (const std::string& candidate : {name, name + ".cfg"}) {
    if (std::filesystem::is_regular_file(shipped / candidate))
      return (shipped / candidate).string();
  }
  return name;
}

/// The path from the project's folder where the file lies in it, else the path as it is: a stored
/// run should not depend on where somebody keeps the sources.
std::string name_in_project(const std::string& path) {
  const std::filesystem::path relative =
      std::filesystem::relative(std::filesystem::absolute(path), source_root);
  return relative.empty() || *relative.begin() == ".." ? path : relative.string();
}

/// Fewer launches and quartets: an answer in a fraction of the time, with wider intervals.
void make_quick(harness::Plan& plan) {
  constexpr int fewest_launches = 6;  // below which no 95% interval exists
  for (harness::SectionPlan& section : plan.sections) {
    section.protocol.looks = {std::min(fewest_launches, section.protocol.looks.front())};
    section.protocol.quartets = std::min(2, section.protocol.quartets);
    section.protocol.budget_seconds = std::min(60.0, section.protocol.budget_seconds);
  }
}

harness::BuildInfo build_info() {
  harness::BuildInfo info{program_version, git_version, build_compiler, build_flags, {}};
  for (const LibraryVersion& library : library_versions) {
    info.libraries.emplace_back(library.name, library.version);
  }
  return info;
}

/// The least time a section takes, from rough rates: nothing has been measured yet.
double rough_section_seconds(const harness::SectionPlan& section,
                             const std::vector<harness::FamilyInfo>& families) {
  const auto family = std::find_if(families.begin(), families.end(),
                                   [&](const auto& info) { return info.name == section.family; });
  double seconds = 0;
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      if (!harness::runs(section, arm, problem)) continue;
      const double call = family->rough_seconds(section.arms[arm], section.problems[problem]);
      seconds += section.protocol.looks.front() *
                 harness::cell_seconds_per_launch(section.protocol, call, 0);
    }
  }
  return std::min(seconds, section.protocol.budget_seconds);
}

void print_plan(const harness::Plan& plan, const std::vector<harness::FamilyInfo>& families) {
  double total = 0;
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
    const double seconds = rough_section_seconds(section, families);
    total += seconds;
    std::cout << fmt::format(
        "  {} cells from {} to {}, {} to {} launches, {} quartets, roughly {} (budget {})\n\n",
        cells, harness::label(section.problems.front()), harness::label(section.problems.back()),
        section.protocol.looks.front(), section.protocol.looks.back(), section.protocol.quartets,
        harness::duration_text(seconds), harness::duration_text(section.protocol.budget_seconds));
  }
  std::cout << fmt::format("Roughly {} in all; nothing was measured.\n",
                           harness::duration_text(total));
}

/// One run from the manifest to the last figure.
class Run {
 public:
  Run(harness::Plan plan, const std::string& out, const Arguments& command_line)
      : plan_(std::move(plan)),
        machine_(harness::read_machine()),
        directory_(out, plan_.experiment, machine_.hostname),
        manifest_(harness::make_manifest(plan_, machine_, build_info(), command_line,
                                         kernels::instruction_sets(), place)),
        host_({"/proc/self/exe", "worker"}, place) {
    save_manifest();
  }

  /// Returns the exit status.
  int measure() {
    // Workers may use most of what is free; the rest is for the system and this process.
    constexpr double usable_memory = 0.8;
    Recorder recorder(plan_, &directory_);
    harness::Runner runner(plan_, {host_, recorder, monotonic_seconds,
                                   usable_memory * machine_.available_bytes, families()});
    int status = exit_done;
    try {
      measure_sections(runner);
    } catch (const harness::Interrupted&) {
      status = exit_interrupted;
    }
    recorder.on_flush();
    finish(status == exit_interrupted ? "interrupted" : "done", runner.evidence());
    if (status == exit_done && recorder.bad_cells() > 0) status = exit_cells_failed;
    return status;
  }

  const Json& summary() const { return summary_; }
  const std::vector<harness::Table>& tables() const { return tables_; }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  void measure_sections(harness::Runner& runner) {
    runner.check(0);
    for (std::size_t section = 1; section < plan_.sections.size(); ++section) {
      runner.launch(0, launches_per_ceiling);
      runner.check(section);
      runner.measure(section);
    }
    runner.launch(0, launches_per_ceiling);
  }

  void finish(const std::string& state, const std::vector<harness::Evidence>& evidence) {
    const harness::Isolation isolation = host_.isolation();
    manifest_["state"] = state;
    manifest_["finished"] = harness::utc_now();
    manifest_["isolation"] = {{"turns", isolation.turns}, {"others_ran", isolation.others_ran}};
    summary_ = harness::summarise(manifest_, evidence);
    manifest_["ceilings"] = summary_.at("ceilings");
    save_manifest();
    directory_.write("summary.json", harness::text_of(summary_, 1) + "\n");
    tables_ = harness::make_tables(summary_);
    for (const harness::Table& table : tables_) {
      directory_.write("tables/" + table.section + ".md", harness::as_markdown(table));
      directory_.write("tables/" + table.section + ".csv", harness::as_csv(table));
    }
  }

  void save_manifest() { directory_.write("manifest.json", harness::text_of(manifest_, 1) + "\n"); }

  harness::Plan plan_;
  harness::Machine machine_;
  harness::RunDirectory directory_;
  Json manifest_;
  harness::ProcessHost host_;
  Json summary_;
  std::vector<harness::Table> tables_;
};

void print_result(const Run& run) {
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
      "quick", "6 launches of 2 quartets, at most 1 min per section: wider intervals")(
      "no-figures", "do not draw figures")(
      "format", boost::program_options::value<std::string>()->default_value("text"),
      "text or json (the summary)");
  options.positional("config", 1);
  return options;
}

}  // namespace

int run_command(const Arguments& arguments) {
  const SplitArguments split = split_overrides(arguments);
  Options options = run_options();
  if (!options.parse(split.own)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const std::string config_path = find_config(
      options.has("config") ? options.values()["config"].as<std::vector<std::string>>().front()
                            : "quickstart");
  const std::vector<harness::FamilyInfo> all = families();
  harness::Plan plan = harness::make_plan(harness::read_config(config_path, split.overrides), all,
                                          {harness::read_machine().cores});
  for (const std::string& warning : plan.warnings) std::cerr << "warning: " << warning << "\n";
  if (options.has("quick")) make_quick(plan);
  if (options.has("dry-run")) {
    print_plan(plan, all);
    return exit_done;
  }
  plan.sections.insert(plan.sections.begin(), ceilings_plan(plan));
  plan.source = name_in_project(plan.source);

  harness::catch_interrupts();
  Arguments command_line{"crossover", "run"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());
  Run run(std::move(plan), options.text("out"), command_line);
  const int status = run.measure();
  if (json) {
    std::cout << harness::text_of(run.summary(), 1) << "\n";
  } else {
    print_result(run);
  }
  if (!options.has("no-figures") && status != exit_interrupted) {
    const int drawn = draw_figures(run.path().string(), {});
    if (drawn != 0) std::cerr << "warning: no figures were drawn; see above\n";
    if (harness::interrupt_requested()) return exit_interrupted;
  }
  if (status == exit_cells_failed) {
    std::cerr << "crossover: some cells failed or were wrong; the tables say which and why\n";
  }
  return status;
}

}  // namespace crossover::experiments
