#include "harness/simulation/repetition.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/plan/config.h"
#include "harness/run/runner.h"
#include "harness/run/stopping.h"
#include "harness/simulation/synthetic_host.h"

namespace crossover::harness {
namespace {

constexpr std::size_t sharpening_sizes = 6;
constexpr int sharpening_launches = 10;

/// Counts the turns of one arm; shows and stores nothing.
class TurnCounter : public RunObserver {
 public:
  explicit TurnCounter(std::size_t arm) : arm_(arm) {}

  void on_cell(std::size_t, std::size_t, std::size_t, const CellFacts&) override {}
  void on_sample(std::size_t, std::size_t arm, std::size_t, const Sample&) override {
    turns_ += arm == arm_;
  }
  void on_flush() override {}
  void on_progress(std::size_t, const std::string&, std::optional<double>) override {}

  /// An arm takes two turns in a quartet.
  double quartets() const { return static_cast<double>(turns_) / 2; }

 private:
  std::size_t arm_;
  std::int64_t turns_ = 0;
};

RunnerWorld world_of(SyntheticHost& host, RunObserver& observer) {
  return {host, observer, [&host] { return host.now(); }, 1e12, {synthetic_family()}};
}

bool has_true_signs(const Crossing& bracket, const SyntheticHost& host) {
  const double up = bracket.variant_wins_above ? 1 : -1;
  return up * host.true_log_ratio(bracket.from) < 0 && up * host.true_log_ratio(bracket.to) > 0;
}

/// Six sizes inside the bracket, geometrically spaced; fewer where there is no room.
std::vector<std::int64_t> sizes_inside(const Crossing& bracket) {
  std::vector<std::int64_t> sizes;
  const double step = std::log(static_cast<double>(bracket.to) / static_cast<double>(bracket.from)) /
                      (sharpening_sizes + 1);
  for (std::size_t i = 1; i <= sharpening_sizes; ++i) {
    const auto size = std::llround(static_cast<double>(bracket.from) *
                                   std::exp(step * static_cast<double>(i)));
    if (size > (sizes.empty() ? bracket.from : sizes.back()) && size < bracket.to) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

std::vector<std::vector<double>> effects_by_launch(const Evidence& evidence, const Pair& pair,
                                                   std::size_t problems) {
  std::vector<std::vector<double>> effects(sharpening_launches, std::vector<double>(problems));
  for (std::size_t problem = 0; problem < problems; ++problem) {
    for (const auto& [launch, effect] : evidence.effects(pair, problem).by_launch()) {
      effects[static_cast<std::size_t>(launch)][problem] = effect;
    }
  }
  return effects;
}

std::optional<SharpInterval> sharpen(const Crossing& bracket, std::uint64_t seed,
                                     SyntheticHost& host, TurnCounter& turns,
                                     const Method& method) {
  const std::vector<std::int64_t> sizes = sizes_inside(bracket);
  if (sizes.empty()) return std::nullopt;
  Plan plan = synthetic_plan(
      fmt::format("question = crossover\nvariants = candidate\nagainst = base\nsize = {}\n",
                  fmt::join(sizes, ", ")));
  plan.seed = ~seed;
  Runner runner(plan, world_of(host, turns));
  runner.check(0);
  runner.launch(0, sharpening_launches);
  const auto effects =
      effects_by_launch(runner.evidence(0), plan.sections[0].comparisons[0], sizes.size());
  return method.sharpen(sizes, effects, bracket);
}

bool contains(double low, double value, double high) { return low <= value && value <= high; }

void record_sharp(const std::optional<SharpInterval>& sharp, std::optional<double> root,
                  Record& record) {
  if (!sharp) return;
  record.flagged = sharp->flag.has_value();
  if (sharp->flag) return;
  const Interval& sizes = *sharp->sizes;
  record.half_width = std::log(sizes.high / sizes.low) / 2;
  if (root) record.sharp_covers = contains(sizes.low, *root, sizes.high);
}

Record crossover_record(const Plan& plan, const Runner& runner, const TimingModel& model,
                        SyntheticHost& host, TurnCounter& turns, const Method& method) {
  const SectionPlan& section = plan.sections[0];
  const auto points =
      curve_points(runner.evidence(0), section.comparisons[0], section.curves[0]);
  const CrossoverResult result = method.locate(points, section.protocol.looks.size(),
                                               section.protocol.equivalence_margin);
  Record record;
  record.outcome = result.outcome;
  record.brackets = result.crossings.size();
  if (!result.crossings.empty()) {
    record.signs_right =
        std::all_of(result.crossings.begin(), result.crossings.end(),
                    [&](const Crossing& bracket) { return has_true_signs(bracket, host); });
  }
  if (result.outcome == Outcome::crossing) {
    const Crossing& bracket = result.crossings.front();
    const auto from = static_cast<double>(bracket.from);
    const auto to = static_cast<double>(bracket.to);
    if (model.root) record.holds_smooth_root = contains(from, *model.root, to);
    record.half_width = std::log(to / from) / 2;
    record_sharp(sharpen(bracket, plan.seed, host, turns, method), model.root, record);
  }
  record.quartets = turns.quartets();
  return record;
}

}  // namespace

Plan synthetic_plan(const std::string& config) {
  // Time costs nothing here, so that no budget may end a run.
  return make_plan(parse_config("family = synthetic\nbudget = 10000h\n" + config, "synthetic", {}),
                   {synthetic_family()}, MachineLimits{});
}

Record simulate_once(const Plan& plan, const TimingModel& model, const Method& method) {
  const SectionPlan& section = plan.sections[0];
  const Pair& pair = section.comparisons[0];
  SyntheticHost host(model, plan.seed);
  TurnCounter turns(pair.variant);
  Runner runner(plan, world_of(host, turns));
  runner.check(0);
  runner.measure(0);
  if (section.question == Question::crossover) {
    return crossover_record(plan, runner, model, host, turns, method);
  }
  Record record;
  record.quartets = turns.quartets();
  const auto estimate = method.compare(runner.evidence(0).effects(pair, 0).primary(), 0.95);
  if (estimate) record.verdict = verdict(estimate->ci, section.protocol.equivalence_margin);
  return record;
}

}  // namespace crossover::harness
