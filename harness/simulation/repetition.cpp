#include "harness/simulation/repetition.h"

#include <algorithm>
#include <cmath>

#include "harness/plan/config.h"
#include "harness/run/runner.h"
#include "harness/simulation/synthetic_host.h"

namespace crossover::harness {
namespace {

/// Counts the turns of one arm; shows and stores nothing.
class TurnCounter : public RunObserver {
 public:
  explicit TurnCounter(std::size_t arm) : arm_(arm) {}

  void on_cell(std::size_t, std::size_t, std::size_t, const CellFacts&) override {}
  void on_sample(std::size_t, std::size_t arm, std::size_t, const Sample&) override {
    turns_ += arm == arm_;
  }
  void on_flush() override {}
  void on_closed(std::size_t, std::size_t, int, double) override {}
  void on_plan_changed() override {}
  void on_progress(std::size_t, const std::string&, std::optional<double>) override {}

  /// An arm takes two turns in a quartet.
  double quartets() const { return static_cast<double>(turns_) / 2; }

 private:
  std::size_t arm_;
  std::int64_t turns_ = 0;
};

bool has_true_signs(const Crossing& bracket, const SyntheticHost& host) {
  const double up = bracket.variant_wins_above ? 1 : -1;
  return up * host.true_log_ratio(bracket.from) < 0 && up * host.true_log_ratio(bracket.to) > 0;
}

bool contains(double low, double value, double high) { return low <= value && value <= high; }

void record_crossing(const CurveAnalysis& analysis, std::optional<double> root, Record& record) {
  const Crossing& bracket = analysis.located.crossings.front();
  const auto from = static_cast<double>(bracket.from);
  const auto to = static_cast<double>(bracket.to);
  if (root) record.holds_smooth_root = contains(from, *root, to);
  record.half_width = std::log(to / from) / 2;
  if (!analysis.sharp) return;
  record.flagged = analysis.sharp->flag.has_value();
  if (*record.flagged) return;
  const Interval& sizes = *analysis.sharp->sizes;
  record.half_width = std::log(sizes.high / sizes.low) / 2;
  if (root) record.sharp_covers = contains(sizes.low, *root, sizes.high);
}

void record_curve(const CurveAnalysis& analysis, const SyntheticHost& host,
                  std::optional<double> root, Record& record) {
  const std::vector<Crossing>& brackets = analysis.located.crossings;
  record.outcome = analysis.located.outcome;
  record.brackets = brackets.size();
  if (!brackets.empty()) {
    record.signs_right =
        std::all_of(brackets.begin(), brackets.end(),
                    [&](const Crossing& bracket) { return has_true_signs(bracket, host); });
  }
  if (record.outcome == Outcome::crossing) record_crossing(analysis, root, record);
}

}  // namespace

Plan synthetic_plan(const std::string& config) {
  return make_plan(
      parse_config("family = synthetic\nbudget = 1000h\n" + config, "synthetic.cfg", {}),
      {synthetic_family()}, MachineLimits{});
}

Record simulate_once(Plan plan, const TimingModel& model, const Method& method) {
  const Pair pair = plan.sections[0].comparisons[0];
  SyntheticHost host(model, plan.seed);
  TurnCounter turns(pair.variant);
  constexpr double memory_bytes = 1e12;
  Runner runner(plan,
                {host, turns, [&host] { return host.now(); }, memory_bytes, {synthetic_family()}});
  runner.check(0);
  runner.measure(0);

  const SectionPlan& section = plan.sections[0];
  const Evidence& evidence = runner.evidence(0);
  Record record;
  record.quartets = turns.quartets();
  if (section.question == Question::crossover) {
    record_curve(method.analyse(section, evidence, pair, 0), host, model.root, record);
  } else if (evidence.launches(pair.variant, 0) > 0) {
    record.verdict = method.verdict(evidence.effects(pair, 0), section.protocol.equivalence_margin);
  }
  return record;
}

}  // namespace crossover::harness
