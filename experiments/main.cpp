#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/families.h"
#include "git_version.h"
#include "harness/plan/config.h"
#include "harness/results/run_directory.h"
#include "harness/worker/worker.h"
#include "harness/worker/worker_main.h"

namespace crossover::experiments {
namespace {

constexpr std::array<Command, 12> commands{{
    {"run", "measure an experiment config: verify, time, analyse, print and store", run_command},
    {"list", "what there is: kernels, experiments, results", list_command},
    {"check", "verify kernels against the reference without timing them", check_command},
    {"bench", "every kernel as a plain Google Benchmark, with its standard flags", bench_command},
    {"compare", "two arms of one stored run, or two stored runs", compare_command},
    {"plot", "draw the figures of a stored run again", plot_command},
    {"doctor", "what this machine can reach, how quiet it is, and what spoils measurements here",
     doctor_command},
    {"report", "stored runs as Markdown and self-contained HTML", report_command},
    {"export", "the samples of a stored run for pandas, SQL, Google Benchmark", export_command},
    {"simulate", "the method's error rates on synthetic timings", simulate_command},
    {"policy", "a dispatch policy from stored sweeps, and its regret beside published rules",
     policy_command},
    {"model", "make and inspect transformer models in GGUF files", model_command},
}};

void print_help() {
  std::cout << "crossover finds where one kernel overtakes another, and says how sure it is.\n\n"
               "usage: crossover COMMAND [ARGUMENTS]\n\n";
  for (const Command& command : commands) {
    std::cout << fmt::format("  {:<8} {}\n", command.name, command.summary);
  }
  std::cout
      << "\ncrossover COMMAND --help describes a command; crossover --version names the build.\n"
         "\nExample:\n  crossover run experiments/quickstart.cfg --threads 2\n"
         "\nExit status: 0 done; 1 a gate found a regression; 2 bad usage or config; 3 a gate\n"
         "could not decide; 4 cells failed or were wrong; 5 the environment is not fit "
         "(permission,\n"
         "disk, another run); 130 interrupted.\n";
}

const Command& find_command(const std::string& name) {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const Command& command) { return command.name == name; });
  if (found != commands.end()) return *found;
  std::vector<std::string> names;
  for (const Command& command : commands) names.emplace_back(command.name);
  const std::string guess = harness::nearest(name, names);
  throw UsageError(fmt::format("unknown command '{}'{}; expected one of {}", name,
                               guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                               fmt::join(names, ", ")));
}

int run(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    print_help();
    return exit_done;
  }
  if (arguments[0] == "--version") {
    std::cout << fmt::format("crossover {} ({}), {}, {}\n", program_version, git_version,
                             build_compiler, build_flags);
    return exit_done;
  }
  // Not a command for people: the coordinator starts workers as "crossover worker DESCRIPTOR".
  if (arguments[0] == "worker" && arguments.size() == 2) {
    harness::worker_main(std::atoi(arguments[1].c_str()), make_case);
    return exit_done;
  }
  return find_command(arguments[0]).run({arguments.begin() + 1, arguments.end()});
}

int guarded_run(const Arguments& arguments) {
  try {
    return run(arguments);
  } catch (const UsageError& error) {
    std::cerr << "crossover: " << error.what() << "\n";
    return exit_usage;
  } catch (const harness::ConfigError& error) {
    std::cerr << "crossover: " << error.what() << "\n";
    return exit_usage;
  } catch (const harness::StorageError& error) {
    std::cerr << "crossover: " << error.what() << "\n";
    return exit_environment;
  } catch (const harness::Interrupted&) {
    return exit_interrupted;
  } catch (const std::exception& error) {
    std::cerr << "crossover: " << error.what() << "\n";
    return exit_environment;
  }
}

}  // namespace
}  // namespace crossover::experiments

int main(int count, char** arguments) {
  // A file that may not grow further is a failed write, like a full disk, and no sudden death.
  std::signal(SIGXFSZ, SIG_IGN);
  return crossover::experiments::guarded_run({arguments + 1, arguments + count});
}
