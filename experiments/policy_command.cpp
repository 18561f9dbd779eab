#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <iostream>

#include "build_info.h"
#include "experiments/command_group.h"
#include "experiments/policy_actions.h"
#include "experiments/stored_runs.h"
#include "harness/plan/config.h"
#include "harness/policy/drawn_shapes.h"
#include "harness/policy/policy_file.h"
#include "harness/policy/score_report.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;

constexpr std::array<Command, 4> actions{{
    {"fit", "a policy from stored sweeps", policy_fit},
    {"score", "its regret on held-out shapes, beside published rules", policy_score},
    {"show", "a policy in words and tables", policy_show},
    {"shapes", "shapes to train on, or to hold out", policy_shapes},
}};

/// "LOW..HIGH", each a whole number that may be a power: 2^12..2^24.
std::pair<std::int64_t, std::int64_t> range_of(const Options& options, const std::string& name) {
  const std::string text = options.text(name);
  const auto number = [&](const std::string& part) {
    const std::size_t power = part.find('^');
    const auto whole = [&](const std::string& digits) {
      if (digits.empty() || digits.size() > 15 ||
          digits.find_first_not_of("0123456789") != std::string::npos) {
        throw UsageError(
            fmt::format("--{} = {}; expected LOW..HIGH, e.g. 16..2048 or 2^12..2^24", name, text));
      }
      return std::stoll(digits);
    };
    if (power == std::string::npos) return static_cast<double>(whole(part));
    return std::pow(static_cast<double>(whole(part.substr(0, power))),
                    static_cast<double>(whole(part.substr(power + 1))));
  };
  const std::size_t dots = std::min(text.find(".."), text.size());
  const double low = number(text.substr(0, dots));
  const double high = dots == text.size() ? low : number(text.substr(dots + 2));
  constexpr double largest = 1e15;
  if (low < 1 || high < low || high > largest) {
    throw UsageError(fmt::format("--{} = {}; expected 1 <= LOW <= HIGH <= 10^15", name, text));
  }
  return {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
}

harness::ShapeRanges ranges_of(const Options& options) {
  harness::ShapeRanges ranges;
  std::tie(ranges.least.m, ranges.most.m) = range_of(options, "m");
  std::tie(ranges.least.n, ranges.most.n) = range_of(options, "n");
  std::tie(ranges.least.k, ranges.most.k) = range_of(options, "k");
  const auto work = range_of(options, "work");
  ranges.least_work = static_cast<double>(work.first);
  ranges.most_work = static_cast<double>(work.second);
  return ranges;
}

}  // namespace

std::string reference_policy() {
  return std::string(source_root) + "/results/reference/policy/policy.json";
}

std::vector<harness::StoredRun> read_runs(const std::vector<std::string>& paths) {
  std::vector<harness::StoredRun> runs;
  for (const std::string& path : paths) runs.push_back(harness::read_run(run_directory(path)));
  return runs;
}

int policy_show(const Arguments& arguments) {
  Options options(
      "policy show [POLICY]",
      "Prints a policy: what it holds for, from which k each count of threads pays by m "
      "and n,\nand where it comes from. Without POLICY, the published one.",
      "crossover policy show policy.json");
  options.positional("policy", 1);
  if (!options.parse(arguments)) return exit_done;
  const std::vector<std::string> words = options.words("policy");
  const std::string file = existing(words.empty() ? reference_policy() : words.front());
  std::cout << harness::policy_text(harness::read_policy(file));
  return exit_done;
}

int policy_shapes(const Arguments& arguments) {
  Options options(
      "policy shapes --count N [options]",
      "Prints shapes for shapes = FILE: log-uniform in each extent, all different, ascending in\n"
      "work. Random ones are a sample to judge on; even ones cover the ranges without gaps.",
      "crossover policy shapes --count 240 --seed 7 --work 1..2^28");
  options.add()("count", po::value<long long>()->default_value(240), "how many")(
      "seed", po::value<long long>()->default_value(1), "of the draw")(
      "spread", po::value<std::string>()->default_value("random"), "random or even")(
      "m", po::value<std::string>()->default_value("1..1024"), "range of m")(
      "n", po::value<std::string>()->default_value("16..2048"), "range of n")(
      "k", po::value<std::string>()->default_value("16..2048"), "range of k")(
      "work", po::value<std::string>()->default_value("1..10^15"), "range of m*n*k");
  if (!options.parse(arguments)) return exit_done;
  const long long count = options.values()["count"].as<long long>();
  constexpr long long most = 100'000;
  if (count < 1 || count > most) {
    throw UsageError(fmt::format("--count = {}; expected 1..{}", count, most));
  }
  const std::string spread = options.text("spread");
  if (spread != "random" && spread != "even") {
    throw UsageError(fmt::format("--spread = {}; expected random or even", spread));
  }
  try {
    const auto shapes = harness::draw_shapes(
        ranges_of(options), static_cast<std::size_t>(count),
        spread == "even" ? harness::Spread::even : harness::Spread::random, options.seed());
    std::cout << fmt::format(
        "# m n k: crossover policy shapes --count {} --seed {} --spread {} "
        "--m {} --n {} --k {} --work {}\n",
        count, options.seed(), spread, options.text("m"), options.text("n"), options.text("k"),
        options.text("work"));
    for (const harness::Shape& shape : shapes) {
      std::cout << fmt::format("{} {} {}\n", shape.m, shape.n, shape.k);
    }
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return exit_done;
}

int policy_command(const Arguments& arguments) {
  return run_action(
      {"policy",
       "A policy says which kernel, with how many threads, multiplies matrices of a shape.",
       "crossover policy score", actions},
      arguments);
}

}  // namespace crossover::experiments
