#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <limits>
#include <thread>

#include "experiments/command.h"
#include "harness/plan/config.h"
#include "harness/simulation/report.h"
#include "harness/simulation/simulate.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;

// A day's work on one core; more is a typing error.
constexpr long long most_repetitions = 1'000'000;
constexpr long long most_threads = 1024;

long long number(const Options& options, const std::string& name, long long least, long long most) {
  const long long value = options.values()[name].as<long long>();
  if (value < least || value > most) {
    throw UsageError(fmt::format("--{} = {}; expected {}..{}", name, value, least, most));
  }
  return value;
}

/// All scenarios, or the one of that name.
std::vector<harness::Scenario> chosen_scenarios(const Options& options) {
  std::vector<harness::Scenario> all = harness::scenarios();
  if (!options.has("scenario")) return all;
  const std::string name = options.text("scenario");
  std::vector<std::string> names;
  for (const harness::Scenario& scenario : all) names.push_back(scenario.name);
  std::erase_if(all, [&](const harness::Scenario& scenario) { return scenario.name != name; });
  if (!all.empty()) return all;
  const std::string guess = harness::nearest(name, names);
  throw UsageError(fmt::format("--scenario = {}{}; expected one of {}", name,
                               guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                               fmt::join(names, ", ")));
}

}  // namespace

int simulate_command(const Arguments& arguments) {
  Options options(
      "simulate [options]",
      "Runs the method on synthetic timings whose truth is known and counts how often it errs\n"
      "(METHOD.md, \"Error rates\"). The same seed gives the same table on any number of threads.",
      "crossover simulate --repetitions 200 --scenario dip");
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.add()("repetitions", po::value<long long>()->default_value(2000), "per scenario")(
      "seed", po::value<long long>()->default_value(1), "of all randomness")(
      "scenario", po::value<std::string>(), "only this one")(
      "threads", po::value<long long>()->default_value(cores), "repetitions at a time")(
      "format", po::value<std::string>()->default_value("text"), "text, markdown or json");
  if (!options.parse(arguments)) return exit_done;
  const std::string format = options.format({"text", "markdown", "json"});
  const auto repetitions =
      static_cast<std::size_t>(number(options, "repetitions", 1, most_repetitions));
  const auto seed =
      static_cast<std::uint64_t>(number(options, "seed", 0, std::numeric_limits<long long>::max()));
  const int threads = static_cast<int>(number(options, "threads", 1, most_threads));

  std::vector<harness::ScenarioFinding> findings;
  for (const harness::Scenario& scenario : chosen_scenarios(options)) {
    std::cerr << "simulating " << scenario.name << "\n";
    const auto records = harness::simulate(scenario, repetitions, seed, threads);
    for (const harness::Property& property : scenario.properties) {
      findings.push_back(
          {scenario.name, scenario.description, harness::evaluate(property, records)});
    }
  }
  if (format == "json") {
    std::cout << harness::text_of(harness::simulation_json(findings, repetitions, seed), 1) << "\n";
    return exit_done;
  }
  const harness::Table table = harness::simulation_table(findings, repetitions, seed);
  // One level further down than a table of its own: it goes into a section of METHOD.md.
  std::cout << (format == "markdown" ? "#" + harness::as_markdown(table) : harness::as_text(table));
  return exit_done;
}

}  // namespace crossover::experiments
