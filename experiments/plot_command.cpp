#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/figures.h"
#include "experiments/stored_runs.h"
#include "harness/results/run_directory.h"
#include "harness/results/stored_run.h"
#include "harness/results/summary.h"
#include "harness/results/summary_files.h"

namespace crossover::experiments {
namespace {

using harness::Json;

/// Whether summary.json is there and belongs to all that was measured: a run that was killed has
/// none, or that of an earlier interruption.
bool has_summary(const std::filesystem::path& run, const Json& manifest) {
  std::ifstream file(run / "summary.json", std::ios::binary);
  const Json summary = Json::parse(file, nullptr, false);
  const Json state = manifest.value("state", Json(nullptr));
  return summary.is_object() && summary.value("state", Json(nullptr)) == state &&
         state != "running";
}

/// Figures are drawn from the summary, so it is made again from the samples where that is needed.
void ensure_summary(const std::filesystem::path& run) {
  if (has_summary(run, harness::read_manifest(run))) return;
  harness::write_summary(run, harness::summarise(harness::read_run(run)));
}

/// plot.py would name its own option.
void check_figure_format(const std::string& formats) {
  std::istringstream stream(formats + ",");
  for (std::string format; std::getline(stream, format, ',');) {
    if (format == "svg" || format == "png") continue;
    throw UsageError(fmt::format("--figure-format = {}; expected svg, png or svg,png", formats));
  }
}

}  // namespace

int draw_figures(const std::string& run, const std::vector<std::string>& options) {
  std::vector<std::string> arguments{run};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return run_plots("plot.py", arguments);
}

int run_plots(const std::string& script, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{python_program, std::string(source_root) + "/plots/" + script};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : command) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::cout.flush();
  const pid_t child = fork();
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }
  if (child < 0) return exit_environment;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return exit_environment;
  if (WEXITSTATUS(status) == 127) {
    std::cerr << "crossover: cannot start " << python_program << "\n";
    return exit_environment;
  }
  const int result = WEXITSTATUS(status);
  // Of its statuses, only these mean the same here; a traceback would be 1, "a gate found one".
  return result == exit_done || result == exit_usage ? result : exit_environment;
}

int plot_command(const Arguments& arguments) {
  Options options("plot DIR... [options]",
                  "Draws the figures of a stored run into DIR/figures. Of several runs, their\n"
                  "crossovers on one page and as a table, into the folder of --out.",
                  "crossover plot results/quickstart/20260131T120000Z-host");
  options.add()("out", boost::program_options::value<std::string>(), "folder for the figures")(
      "only", boost::program_options::value<std::string>(), "one figure, or one section")(
      "figure-format", boost::program_options::value<std::string>(), "svg, png or svg,png");
  options.positional("run", -1);
  if (!options.parse(arguments)) return exit_done;
  if (!options.has("run"))
    throw UsageError("plot needs a run directory; see crossover plot --help");
  if (options.has("figure-format")) check_figure_format(options.text("figure-format"));
  std::vector<std::string> passed;
  for (const auto& [name, flag] : {std::pair{"out", "--out"}, std::pair{"only", "--only"},
                                   std::pair{"figure-format", "--format"}}) {
    if (!options.has(name)) continue;
    passed.emplace_back(flag);
    passed.push_back(options.text(name));
  }
  const auto runs = options.values()["run"].as<std::vector<std::string>>();
  if (runs.size() > 1 && !options.has("out")) {
    throw UsageError("plot needs --out FOLDER for what it draws of several runs together");
  }
  for (const std::string& run : runs) ensure_summary(run_directory(run));
  passed.insert(passed.begin(), runs.begin(), runs.end());
  return run_plots("plot.py", passed);
}

}  // namespace crossover::experiments
