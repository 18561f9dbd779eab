#include <cerrno>
#include <iostream>
#include <sys/wait.h>
#include <unistd.h>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/figures.h"

namespace crossover::experiments {

int draw_figures(const std::string& run, const std::vector<std::string>& options) {
  std::vector<std::string> command{python_program, std::string(source_root) + "/plots/plot.py",
                                   run};
  command.insert(command.end(), options.begin(), options.end());
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
  Options options("plot DIR [options]", "Draws the figures of a stored run into DIR/figures.",
                  "crossover plot results/quickstart/20260131T120000Z-host");
  options.add()("out", boost::program_options::value<std::string>(), "folder for the figures")(
      "only", boost::program_options::value<std::string>(), "one figure: speed, speedup or bars")(
      "figure-format", boost::program_options::value<std::string>(), "svg, png or svg,png");
  options.positional("run", 1);
  if (!options.parse(arguments)) return exit_done;
  if (!options.has("run"))
    throw UsageError("plot needs a run directory; see crossover plot --help");
  std::vector<std::string> passed;
  for (const auto& [name, flag] : {std::pair{"out", "--out"}, std::pair{"only", "--only"},
                                   std::pair{"figure-format", "--format"}}) {
    if (!options.has(name)) continue;
    passed.emplace_back(flag);
    passed.push_back(options.text(name));
  }
  return draw_figures(options.values()["run"].as<std::vector<std::string>>().front(), passed);
}

}  // namespace crossover::experiments
