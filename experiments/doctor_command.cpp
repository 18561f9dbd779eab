#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <optional>

#include "experiments/command.h"
#include "experiments/console.h"
#include "experiments/doctor.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/lock_options.h"
#include "experiments/measured_run.h"
#include "experiments/probe_cases.h"
#include "harness/results/run_directory.h"
#include "harness/run/interrupt.h"
#include "harness/run/runner.h"
#include "harness/worker/worker_process.h"

namespace crossover::experiments {
namespace {

using harness::Json;

// Long enough to tell a busy process from one that woke up once.
constexpr double look_around_seconds = 1;

/// What the examination came to.
struct Examination {
  Json report;
  int status = exit_done;
};

/// Measures like a run and stores nothing. Throws Interrupted.
Examination examine(harness::Plan plan, const harness::Machine& machine,
                    const harness::MachineState& state) {
  harness::ProcessHost host({"/proc/self/exe", "worker"}, place);
  Recorder progress(plan, nullptr);
  harness::Runner runner(plan,
                         {host, progress, monotonic_seconds, machine.available_bytes, families()});
  for (std::size_t section = 0; section < plan.sections.size(); ++section) {
    runner.check(section);
    runner.measure(section);
  }
  return {doctor_report(machine, state, plan, runner.evidence()),
          progress.bad_cells() > 0 ? exit_cells_failed : exit_done};
}

/// Measures as a run that is stored, with the report beside its other files.
Examination examine_and_store(harness::Plan plan, const harness::Machine& machine,
                              const harness::MachineState& state, const std::string& out,
                              const Arguments& command_line) {
  add_ceilings(plan);
  MeasuredRun run(std::move(plan), out, command_line);
  const int status = run.measure();
  if (status == exit_interrupted) return {nullptr, status};
  const Json report = doctor_report(machine, state, run.plan(), run.evidence());
  harness::write_file(run.path() / "doctor.json", harness::text_of(report, 1) + "\n");
  std::cerr << fmt::format("Stored in {}\n", std::filesystem::proximate(run.path()).string());
  return {report, status};
}

Options doctor_options() {
  Options options(
      "doctor [options]",
      "Examines this machine: what it can reach at most, what OpenMP's regions and the harness\n"
      "cost, how far a kernel's times agree with themselves, and what would spoil measurements.\n"
      "Everything is measured like a run, in about a minute, and nothing is stored unless asked.",
      "crossover doctor --quick");
  options.add()("quick", "fewer launches: about 20 s, rougher figures")(
      "out", boost::program_options::value<std::string>(),
      "store the measurements as a run in a folder under this one")(
      "format", boost::program_options::value<std::string>()->default_value("text"),
      "text or json");
  add_lock_options(options);
  return options;
}

}  // namespace

int doctor_command(const Arguments& arguments) {
  Options options = doctor_options();
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  Arguments command_line{"crossover", "doctor"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());

  const harness::Machine machine = harness::read_machine();
  harness::Plan plan = doctor_plan(machine.cores, options.has("quick"));
  harness::catch_interrupts();
  Examination found;
  try {
    const auto lock = lock_machine(when_busy(options), command_line);
    const harness::MachineState state = harness::read_machine_state(look_around_seconds);
    found = options.has("out") ? examine_and_store(std::move(plan), machine, state,
                                                   options.text("out"), command_line)
                               : examine(std::move(plan), machine, state);
  } catch (const harness::Interrupted&) {
    return exit_interrupted;
  }
  if (found.status == exit_interrupted) return found.status;
  std::cout << (json ? harness::text_of(found.report, 1) + "\n" : doctor_text(found.report));
  return found.status;
}

}  // namespace crossover::experiments
