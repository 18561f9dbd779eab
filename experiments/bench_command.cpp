#include <array>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <iostream>
#include <map>

#include "experiments/command.h"
#include "experiments/families.h"
#include "experiments/lock_options.h"
#include "harness/worker/machine.h"
#include "harness/worker/measurement.h"

namespace crossover::experiments {
namespace {

// Google Benchmark offers no way to hand anything back from a benchmark.
bool any_failed = false;

/// One arm with every setting at its default.
harness::Arm default_arm(const harness::FamilyInfo& family, const std::string& variant,
                         int threads) {
  harness::Arm arm{family.name, variant, {}, 0};
  arm.settings = {{"threads", std::to_string(threads)},
                  {"cache", "warm"},
                  {"buffers", "preallocated"},
                  {"pin", "cores"}};
  for (const harness::SettingInfo& setting : family.settings) {
    arm.settings[setting.name] = setting.values.front();
  }
  return arm;
}

void run_cell(benchmark::State& state, const harness::Cell& cell) {
  try {
    const harness::Case the_case = make_case(cell);
    if (const auto wrong = the_case.why_wrong()) {
      state.SkipWithError(("wrong result: " + *wrong).c_str());
      any_failed = true;
      return;
    }
    harness::run_case(state, the_case);
    state.counters["FLOPS"] =
        benchmark::Counter(the_case.work.flops, benchmark::Counter::kIsIterationInvariantRate);
  } catch (const harness::Unsupported& reason) {
    state.SkipWithError(reason.what());
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
    any_failed = true;
  }
}

void register_variant(const harness::FamilyInfo& family, const harness::VariantInfo& variant,
                      int threads, const harness::Problem& problem, const std::string& size) {
  const harness::Cell cell{"bench", default_arm(family, variant.name, threads), problem};
  const std::string name =
      fmt::format("{}/{}{}/{}", family.name, variant.name,
                  threads > 1 ? fmt::format("/threads:{}", threads) : "", size);
  benchmark::RegisterBenchmark(name.c_str(), [cell](benchmark::State& state) {
    run_cell(state, cell);
  })->UseRealTime();
}

std::string name_of(const harness::FamilyInfo& family, const harness::Problem& problem) {
  std::string name;
  for (const auto& [extent, value] : problem) {
    const auto preset = family.default_extents.find(extent);
    if (preset != family.default_extents.end() && preset->second == value) continue;
    name += fmt::format("{}{}:{}", name.empty() ? "" : "/", extent, value);
  }
  return name.empty() ? "default" : name;
}

/// By name: what the family wants timed, else a few sizes for all extents without a default.
std::map<std::string, harness::Problem> bench_problems(const harness::FamilyInfo& family) {
  std::map<std::string, harness::Problem> problems;
  for (const harness::Problem& problem : family.bench_problems) {
    problems[name_of(family, problem)] = problem;
  }
  if (!problems.empty()) return problems;
  const bool one_size = family.extents.size() == family.default_extents.size();
  constexpr std::array<std::int64_t, 4> sizes{16, 64, 256, 1024};
  for (const std::int64_t size : sizes) {
    harness::Problem& problem = problems[one_size ? "default" : std::to_string(size)];
    problem.clear();
    for (const std::string& extent : family.extents) {
      const auto preset = family.default_extents.find(extent);
      problem.emplace_back(extent, preset == family.default_extents.end() ? size : preset->second);
    }
  }
  return problems;
}

void register_all() {
  const int cores = harness::read_machine().cores;
  for (const harness::FamilyInfo& family : families()) {
    const auto problems = bench_problems(family);
    for (const harness::VariantInfo& variant : family.variants) {
      if (variant.unavailable) continue;
      for (const auto& [name, problem] : problems) {
        register_variant(family, variant, 1, problem, name);
        if (variant.threaded && cores > 1) register_variant(family, variant, cores, problem, name);
      }
    }
  }
}

void print_bench_help() {
  std::cout << "usage: crossover bench [--wait | --no-lock] [--benchmark_FLAG=VALUE ...]\n\n"
               "Every kernel as a plain Google Benchmark, verified first. All of them share this\n"
               "process, so thread pools of different libraries meet: choose with\n"
               "--benchmark_filter, and use crossover run for figures to rely on.\n"
               "Where another run measures on this machine it ends with status 5, --wait waits,\n"
               "and --no-lock measures all the same.\n\n"
               "Example:\n  crossover bench --benchmark_filter='matmul/simd.*/256'\n"
               "  crossover bench --benchmark_list_tests=true\n";
}

/// What is left for Google Benchmark, and what this program does about other runs.
struct BenchArguments {
  Arguments flags;
  WhenBusy when_busy = WhenBusy::refuse;
};

BenchArguments split_arguments(const Arguments& arguments) {
  BenchArguments split;
  for (const std::string& argument : arguments) {
    const bool wait = argument == "--wait";
    const bool ignore = argument == "--no-lock";
    // Only a list measures nothing.
    const bool lists =
        argument.starts_with("--benchmark_list_tests") && !argument.ends_with("false");
    if (wait && split.when_busy == WhenBusy::refuse) split.when_busy = WhenBusy::wait;
    if (ignore || lists) split.when_busy = WhenBusy::ignore;
    if (!wait && !ignore) split.flags.push_back(argument);
  }
  return split;
}

}  // namespace

int bench_command(const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      print_bench_help();
      return exit_done;
    }
  }
  const BenchArguments split = split_arguments(arguments);
  std::vector<std::string> words{"crossover bench"};
  words.insert(words.end(), split.flags.begin(), split.flags.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  register_all();
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return exit_usage;
  Arguments command_line{"crossover", "bench"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());
  const auto lock = lock_machine(split.when_busy, command_line);
  benchmark::RunSpecifiedBenchmarks();
  return any_failed ? exit_cells_failed : exit_done;
}

}  // namespace crossover::experiments
