#include "harness/simulation/scenario.h"

#include <cmath>
#include <fmt/format.h>
#include <numbers>

namespace crossover::harness {
namespace {

using Draw = std::function<TimingModel(std::mt19937_64&)>;

constexpr double smallest_size = 16;
constexpr double largest_size = 1024;
constexpr double cells = 10;
const double cell = std::log(largest_size / smallest_size) / cells;  // in ln(size)
const double delta = std::log1p(0.02);                               // the margin of a config

const char* const grid =
    "question = crossover\nvariants = candidate\nagainst = base\nsize = 16..1024*1.516\n";
const char* const batches =
    "question = crossover\nvariants = candidate\nagainst = base\nsize = 1..12+1\n";
const char* const pair = "question = compare\nvariants = candidate\nagainst = base\nsize = 64\n";
const char* const identical = "question = compare\nvariants = base\nagainst = base\nsize = 64\n";

double uniform(double from, double to, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(from, to)(random);
}

/// A position in cells of the grid from its smallest size, in ln(size).
double at_cell(double position) { return std::log(smallest_size) + position * cell; }

/// Two cells or more from both ends, so that there is a sign on either side to be found.
double inner_root(std::mt19937_64& random) { return uniform(at_cell(2), at_cell(8), random); }

/// g = slope * ln(size / root).
Draw straight(double slope, const Noise& noise) {
  return [=](std::mt19937_64& random) {
    const double x0 = inner_root(random);
    return TimingModel{[=](double size) { return slope * (std::log(size) - x0); }, std::exp(x0),
                       noise};
  };
}

/// Work that grows with the cube of the size, halved by two threads that cost a fixed overhead.
Draw cost_model(const Noise& noise) {
  return [=](std::mt19937_64& random) {
    const double root = std::exp(inner_root(random));
    return TimingModel{[=](double size) { return -std::log(0.5 + 0.5 * std::pow(root / size, 3)); },
                       root, noise};
  };
}

Draw constant(double log_ratio, const Noise& noise) {
  return [=](std::mt19937_64&) {
    return TimingModel{[=](double) { return log_ratio; }, std::nullopt, noise};
  };
}

/// A wave with three roots in the range, 3.3 cells apart.
Draw three_crossings(const Noise& noise) {
  return [=](std::mt19937_64& random) {
    const double first = uniform(at_cell(1), at_cell(2.3), random);
    return TimingModel{[=](double size) {
                         const double cells_on = (std::log(size) - first) / cell;
                         return 0.2 * std::sin(std::numbers::pi * cells_on / 3.3);
                       },
                       std::nullopt, noise};
  };
}

/// A batch in equal parts over four workers takes ceil(B / 4) steps; split finely, B / 4 steps and
/// a quarter more for the splitting. The candidate is the coarse one.
Draw sawtooth(const Noise& noise) {
  return [=](std::mt19937_64&) {
    return TimingModel{
        [](double batch) { return std::log(batch / 4 * 1.25 / std::ceil(batch / 4)); },
        std::nullopt, noise};
  };
}

/// One lasting crossing and, further up, a dip below 0 that spans two cells of the grid and is 3
/// delta deep in its middle: three crossings in truth.
Draw dip(const Noise& noise) {
  return [=](std::mt19937_64& random) {
    const double root = uniform(at_cell(1), at_cell(3), random);
    const double start = uniform(at_cell(5), at_cell(7), random);
    return TimingModel{[=](double size) {
                         const double x = std::log(size);
                         const double into = (x - start) / (2 * cell);
                         if (into > 0 && into < 1) {
                           return -3 * delta * std::sin(std::numbers::pi * into);
                         }
                         return std::min(0.3 * (x - root), 0.2);
                       },
                       std::nullopt, noise};
  };
}

/// A root between half a cell and two cells beyond one end of the grid.
Draw outside(bool above, const Noise& noise) {
  return [=](std::mt19937_64& random) {
    const double beyond = uniform(0.5, 2, random);
    const double x0 = at_cell(above ? cells + beyond : -beyond);
    return TimingModel{[=](double size) { return 0.3 * (std::log(size) - x0); }, std::exp(x0),
                       noise};
  };
}

std::vector<Property> of_one_crossing(bool also_effort) {
  std::vector<Property> properties{
      bracket_ends_right(), bracket_holds_trend_root(),
      sharp_holds_root(),   sharp_misleads(),
      sharp_flagged(),      outcome_is("outcome is one crossing", {Outcome::crossing}, {})};
  if (also_effort) properties.push_back(quartets_to_five_percent());
  return properties;
}

void add_slopes(std::vector<Scenario>& list) {
  for (const double slope : {0.05, 0.1, 0.3, 0.6, 1.4}) {
    list.push_back({fmt::format("slope {}", slope), fmt::format("one crossing, slope {}", slope),
                    synthetic_plan(grid), straight(slope, {}), of_one_crossing(slope >= 0.3)});
  }
}

void add_noises(std::vector<Scenario>& list) {
  const Plan plan = synthetic_plan(grid);
  const auto add = [&](const std::string& name, const std::string& description, const Draw& draw) {
    list.push_back({name, description, plan, draw, of_one_crossing(false)});
  };
  add("launch sd 2%", "slope 0.3", straight(0.3, {.launch_sd = 0.02}));
  add("launch sd 3%", "slope 0.3", straight(0.3, {.launch_sd = 0.03}));
  add("launch sd 3% shared", "slope 0.3; all sizes of a launch share its effect",
      straight(0.3, {.launch_sd = 0.03, .launch_share = 1}));
  add("machine AR(1)", "slope 0.3; noise of the machine with autocorrelation 0.9 per sample",
      straight(0.3, {.machine_correlation = 0.9}));
  add("worker AR(1)", "slope 0.3; noise of each worker with autocorrelation 0.9 per sample",
      straight(0.3, {.worker_correlation = 0.9}));
  add("frequency step", "slope 0.3; the clock falls by 10% in mid-run",
      straight(0.3, {.frequency_step = -std::log(0.9), .step_within = 1500}));
  add("spikes", "slope 0.3; 1% of samples multiplied by Pareto(1.5)",
      straight(0.3, {.spike_share = 0.01}));
  add("jagged", "slope 0.3; single sizes scatter by 3% around the trend",
      straight(0.3, {.size_sd = 0.03}));
  add("jagged, slope 0.05", "single sizes scatter by 3% around the trend",
      straight(0.05, {.size_sd = 0.03}));
  add("jagged, slope 1.4", "single sizes scatter by 3% around the trend",
      straight(1.4, {.size_sd = 0.03}));
  add("cost model", "size^3 halved by two threads, and an overhead; slope 1.5 at the root, curved",
      cost_model({}));
}

/// Its sharp interval has no second opinion.
void add_disturbed_curve(std::vector<Scenario>& list) {
  list.push_back(
      {"disturbed",
       "slope 0.3; others take 5% on average from every sample of one arm",
       synthetic_plan(grid),
       straight(0.3, {.taken_share = 1, .taken = 0.05}),
       {bracket_ends_right(), outcome_is("outcome is one crossing", {Outcome::crossing}, {})}});
}

void add_curves_with_several_crossings(std::vector<Scenario>& list) {
  const Plan plan = synthetic_plan(grid);
  const auto several = outcome_is("outcome is several crossings", {Outcome::several}, {});
  list.push_back({"three crossings",
                  "a wave of amplitude 0.2 with roots 3.3 cells apart",
                  plan,
                  three_crossings({}),
                  {bracket_ends_right(), several}});
  list.push_back({"sawtooth",
                  "a batch over 4 workers: ceil(B/4) against B/4 with overhead",
                  synthetic_plan(batches),
                  sawtooth({}),
                  {bracket_ends_right(), several}});
  list.push_back({"dip",
                  "one crossing, and a dip of 3 delta over two cells above it",
                  plan,
                  dip({}),
                  {bracket_ends_right(), outcome_is("\"one crossing\" in spite of the dip",
                                                    {Outcome::crossing}, {{}, 0.10})}});
}

void add_curves_without_crossing(std::vector<Scenario>& list) {
  const Plan plan = synthetic_plan(grid);
  for (const double percent : {0.0, 1.0, -1.0}) {
    list.push_back({fmt::format("flat {:+.0f}%", percent),
                    "the same ratio at every size",
                    plan,
                    constant(std::log1p(percent / 100), {}),
                    {names_a_bracket()}});
  }
  list.push_back({"flat, launch sd 3%",
                  "equal at every size",
                  plan,
                  constant(0, {.launch_sd = 0.03}),
                  {names_a_bracket()}});
  list.push_back({"flat, worker AR(1)",
                  "equal at every size",
                  plan,
                  constant(0, {.worker_correlation = 0.9}),
                  {names_a_bracket()}});
  list.push_back({"root below",
                  "the candidate wins everywhere",
                  plan,
                  outside(false, {}),
                  {outcome_is("side right", {Outcome::below}, {0.99, {}})}});
  list.push_back({"root above",
                  "the candidate wins nowhere",
                  plan,
                  outside(true, {}),
                  {outcome_is("side right", {Outcome::above}, {0.99, {}})}});
}

void add_comparisons(std::vector<Scenario>& list) {
  const auto add_identical = [&](const std::string& name, const Noise& noise) {
    list.push_back(
        {"identical" + name,
         "an arm against itself",
         synthetic_plan(identical),
         constant(0, noise),
         {verdict_is("called faster or slower", {Verdict::faster, Verdict::slower}, {{}, 0.05}),
          quartets_spent()}});
  };
  add_identical("", {});
  add_identical(", launch sd 3%", {.launch_sd = 0.03});
  add_identical(", machine AR(1)", {.machine_correlation = 0.9});
  add_identical(", worker AR(1)", {.worker_correlation = 0.9});
  add_identical(", frequency step", {.frequency_step = -std::log(0.9), .step_within = 160});
  add_identical(", spikes", {.spike_share = 0.01});
  for (const double percent : {1.0, 2.0}) {
    list.push_back(
        {fmt::format("3% effect, launch sd {:.0f}%", percent),
         "3% less time",
         synthetic_plan(pair),
         constant(std::log(1.03), {.launch_sd = percent / 100}),
         {verdict_is("called faster", {Verdict::faster}, {0.90, {}}), quartets_spent()}});
  }
}

/// Others take time from one of two arms.
void add_disturbed_comparisons(std::vector<Scenario>& list) {
  constexpr Noise every_sample = {.taken_share = 1, .taken = 0.05};
  const auto add = [&](const std::string& name, const std::string& description, double log_ratio,
                       const Noise& noise, const Property& property) {
    list.push_back({name,
                    description,
                    synthetic_plan(pair),
                    constant(log_ratio, noise),
                    {property, quartets_spent()}});
  };
  const auto no_difference =
      verdict_is("called faster or slower", {Verdict::faster, Verdict::slower}, {{}, 0.05});
  add("equal, every fifth sample disturbed", "of one arm, by 10% on average", 0,
      {.taken_share = 0.2, .taken = 0.1}, no_difference);
  add("equal, every sample disturbed", "of one arm, by 5% on average", 0, every_sample,
      no_difference);
  add("20% effect, every sample disturbed", "20% less time, before one arm is delayed by 5%",
      std::log(1.2), every_sample, verdict_is("called faster", {Verdict::faster}, {0.90, {}}));
}

}  // namespace

std::vector<Scenario> scenarios() {
  std::vector<Scenario> list;
  add_slopes(list);
  add_noises(list);
  add_disturbed_curve(list);
  add_curves_with_several_crossings(list);
  add_curves_without_crossing(list);
  add_comparisons(list);
  add_disturbed_comparisons(list);
  return list;
}

}  // namespace crossover::harness
