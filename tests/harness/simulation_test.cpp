#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "harness/run/runner.h"
#include "harness/run/stopping.h"
#include "harness/simulation/report.h"
#include "harness/simulation/simulate.h"
#include "harness/simulation/synthetic_host.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

constexpr std::uint64_t seed = 20240507;
const double infinity = std::numeric_limits<double>::infinity();

Scenario scenario_of(const std::string& name) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.name == name) return scenario;
  }
  throw std::logic_error("no scenario " + name);
}

/// One record per value, for a property that reads the quartets.
std::vector<Record> records_of(const std::vector<double>& values) {
  std::vector<Record> records;
  for (const double value : values) {
    records.emplace_back();
    records.back().quartets = value;
  }
  return records;
}

Property quartets(Property::Kind kind, Target target) {
  return {"quartets", kind, target, [](const Record& record) -> std::optional<double> {
            return record.quartets < 0 ? std::nullopt : std::optional<double>(record.quartets);
          }};
}

std::vector<double> yes_and_no(std::size_t yes, std::size_t no) {
  std::vector<double> values(yes, 1.0);
  values.insert(values.end(), no, 0.0);
  return values;
}

Finding rate_of(std::size_t yes, std::size_t no, Target target) {
  return evaluate(quartets(Property::Kind::rate, target), records_of(yes_and_no(yes, no)));
}

TEST(Evaluate, RateWithClopperAndPearsonsInterval) {
  // scipy.stats.beta.ppf(0.025, k, n - k + 1) and (0.975, k + 1, n - k), scipy 1.10.1.
  const Finding most = rate_of(19, 1, {});
  EXPECT_DOUBLE_EQ(*most.value, 0.95);
  EXPECT_NEAR(most.ci->low, 0.7512672372279722, 1e-12);
  EXPECT_NEAR(most.ci->high, 0.9987349105020502, 1e-12);
  EXPECT_EQ(rate_of(0, 10, {}).ci->low, 0);
  EXPECT_NEAR(rate_of(0, 10, {}).ci->high, 0.3084971078187608, 1e-12);
  EXPECT_EQ(rate_of(10, 0, {}).ci->high, 1);
}

TEST(Evaluate, MetWhereTheIntervalReachesTheTargetOrLiesBeyond) {
  EXPECT_EQ(rate_of(1900, 100, {0.95, {}}).met, true);
  EXPECT_EQ(rate_of(1881, 119, {0.95, {}}).met, true) << "94.05% [92.9, 95.05] reaches it";
  EXPECT_EQ(rate_of(1870, 130, {0.95, {}}).met, false);
  EXPECT_EQ(rate_of(120, 1880, {{}, 0.05}).met, true);
  EXPECT_EQ(rate_of(130, 1870, {{}, 0.05}).met, false);
  EXPECT_EQ(rate_of(1990, 10, {0.93, 0.98}).met, false) << "too much is missed as well";
  EXPECT_EQ(rate_of(1900, 100, {0.93, 0.98}).met, true);
  EXPECT_EQ(rate_of(1900, 100, {}).met, std::nullopt);
}

TEST(Evaluate, WhatDoesNotAriseIsNotCounted) {
  const Finding some =
      evaluate(quartets(Property::Kind::rate, {0.5, {}}), records_of({1, -1, 0, -1}));
  EXPECT_EQ(some.count, 2u);
  EXPECT_DOUBLE_EQ(*some.value, 0.5);
  const Finding none = evaluate(quartets(Property::Kind::rate, {0.5, {}}), records_of({-1, -1}));
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.value, std::nullopt);
  EXPECT_EQ(none.met, std::nullopt);
}

TEST(Evaluate, MedianMayBeInfinite) {
  const Property median = quartets(Property::Kind::median, {{}, 600});
  const auto met = [&](const std::vector<double>& values) {
    return evaluate(median, records_of(values)).met;
  };
  EXPECT_EQ(met(std::vector<double>(20, 504.0)), true);
  EXPECT_EQ(met(std::vector<double>(20, 640.0)), false);
  EXPECT_EQ(met(std::vector<double>(20, infinity)), false);
  EXPECT_EQ(met({504, 504, 504}), std::nullopt) << "no interval for three values";
  EXPECT_EQ(evaluate(median, records_of({1, infinity, 2, 3, 4})).value, 3);
}

/// One pair on a few sizes, measured through the Runner in many launches.
struct SyntheticRun {
  Plan plan;
  TimingModel model;
  SyntheticHost host;
  FakeObserver observer;
  Runner runner;

  explicit SyntheticRun(const Noise& noise)
      : plan(synthetic_plan("question = compare\nvariants = candidate\nagainst = base\n"
                            "size = 64, 128\nlaunches = 400\n")),
        model{[](double size) { return size / 100; }, {}, noise},
        host(model, seed),
        runner(plan, {host, observer, [this] { return host.now(); }, 1e12, {synthetic_family()}}) {
    runner.check(0);
    runner.launch(0, 400);
  }

  std::vector<double> effects(std::size_t problem) const {
    return runner.evidence(0).effects(plan.sections[0].comparisons[0], problem).primary();
  }
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value / static_cast<double>(values.size());
  return sum;
}

double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_of(a)) * (b[i] - mean_of(b));
  return sum / static_cast<double>(a.size() - 1);
}

TEST(SyntheticHost, LaunchEffectsScatterAsTheModelSays) {
  const SyntheticRun run({.sample_sd = 0, .launch_sd = 0.02, .launch_share = 0.5});
  const std::vector<double> small = run.effects(0);
  const std::vector<double> large = run.effects(1);
  ASSERT_EQ(small.size(), 400u);
  // Tolerances of four standard errors at 400 launches.
  EXPECT_NEAR(mean_of(small), 0.64, 4 * 0.02 / 20);
  EXPECT_NEAR(mean_of(large), 1.28, 4 * 0.02 / 20);
  EXPECT_NEAR(std::sqrt(covariance(small, small)), 0.02, 4 * 0.02 / 28);
  EXPECT_NEAR(covariance(small, large) / covariance(small, small), 0.5, 4 * 0.05);
}

TEST(SyntheticHost, QuartetsScatterAsTheModelSays) {
  const SyntheticRun run({.sample_sd = 0.03, .launch_sd = 0});
  // Of four quartets, through the Hodges-Lehmann estimate: very near to their mean.
  EXPECT_NEAR(std::sqrt(covariance(run.effects(0), run.effects(0))), 0.015, 4 * 0.015 / 28);
  EXPECT_NEAR(mean_of(run.effects(0)), 0.64, 4 * 0.015 / 20);
}

TEST(SyntheticHost, JaggednessIsTheSameInEveryLaunch) {
  const SyntheticRun run({.sample_sd = 0, .launch_sd = 0, .size_sd = 0.03});
  EXPECT_NEAR(covariance(run.effects(0), run.effects(0)), 0, 1e-20);
  EXPECT_NEAR(mean_of(run.effects(0)), run.host.true_log_ratio(64), 1e-9);
  EXPECT_NE(run.host.true_log_ratio(64), 0.64);
  EXPECT_NE(run.host.true_log_ratio(64) - 0.64, run.host.true_log_ratio(128) - 1.28);
}

TEST(SyntheticHost, AFrequencyStepSlowsBothArms) {
  const SyntheticRun run(
      {.sample_sd = 0, .launch_sd = 0, .frequency_step = 0.1, .step_within = 2000});
  const auto seconds = run.runner.evidence(0).launch_medians(1, 0);
  EXPECT_NEAR(std::log(seconds.back() / seconds.front()), 0.1, 1e-9);
  EXPECT_NEAR(run.effects(0).back(), 0.64, 1e-9);
}

TEST(SyntheticHost, SpikesAreOneSided) {
  const SyntheticRun run({.sample_sd = 0, .launch_sd = 0, .spike_share = 0.25});
  std::size_t spikes = 0;
  double slowest = 0;
  for (const auto& event : run.observer.samples) {
    if (event.arm != 1) continue;
    EXPECT_GE(event.sample.seconds, 0.0019999);
    spikes += event.sample.seconds > 0.00200001;
    slowest = std::max(slowest, event.sample.seconds);
  }
  EXPECT_NEAR(static_cast<double>(spikes), 6400 * 0.25, 4 * std::sqrt(6400 * 0.1875));
  EXPECT_GT(slowest, 0.02) << "Pareto(1.5) exceeds ten times its minimum in 3% of its draws";
}

bool same(const Record& a, const Record& b) {
  return a.outcome == b.outcome && a.brackets == b.brackets && a.half_width == b.half_width &&
         a.quartets == b.quartets && a.sharp_covers == b.sharp_covers;
}

TEST(Simulate, DependsOnTheSeedAndNotOnTheThreads) {
  const Scenario scenario = scenario_of("jagged");
  const auto one = simulate(scenario, 12, seed, 1);
  const auto three = simulate(scenario, 12, seed, 3);
  const auto other = simulate(scenario, 12, seed + 1, 1);
  EXPECT_TRUE(std::equal(one.begin(), one.end(), three.begin(), same));
  EXPECT_FALSE(std::equal(one.begin(), one.end(), other.begin(), same));
  EXPECT_TRUE(
      std::equal(one.begin(), one.begin() + 5, simulate(scenario, 5, seed, 2).begin(), same))
      << "more repetitions keep the first ones";
  EXPECT_THROW(simulate(scenario, 1, seed, 0), std::invalid_argument);
}

TEST(Simulate, WhatTheMethodDoesIsPassedOn) {
  Method broken;
  broken.analyse = [](const SectionPlan&, const Evidence&, const Pair&,
                      std::size_t) -> CurveAnalysis { throw std::runtime_error("broken"); };
  EXPECT_THROW(simulate(scenario_of("slope 0.3"), 4, seed, 2, broken), std::runtime_error);
}

/// The scenario's findings in a reduced number of repetitions.
std::vector<Finding> findings_of(const std::string& name, const Method& method = {},
                                 std::size_t repetitions = 100) {
  const Scenario scenario = scenario_of(name);
  const auto records = simulate(scenario, repetitions, seed, 2, method);
  std::vector<Finding> findings;
  for (const Property& property : scenario.properties) {
    findings.push_back(evaluate(property, records));
  }
  return findings;
}

class ErrorRates : public testing::TestWithParam<std::string> {};

TEST_P(ErrorRates, TargetsAreMet) {
  for (const Finding& finding : findings_of(GetParam(), {}, 60)) {
    EXPECT_NE(finding.met, false) << finding.property << ": " << finding.value.value_or(NAN);
    EXPECT_GT(finding.count, 0u) << finding.property;
  }
}

std::vector<std::string> names_of_scenarios() {
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ErrorRates, testing::ValuesIn(names_of_scenarios()));

/// What the findings say of the property whose name begins so.
std::optional<bool> met(const std::vector<Finding>& findings, const std::string& property) {
  for (const Finding& finding : findings) {
    if (finding.property.starts_with(property)) return finding.met;
  }
  throw std::logic_error("no property " + property);
}

/// An analysis of launch effects that were changed beforehand, without sharpening.
Method with_points(const std::function<void(CurvePoint&)>& change) {
  Method method;
  method.analyse = [=](const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                       std::size_t curve) {
    auto points = curve_points(evidence, pair, section.curves[curve]);
    for (CurvePoint& point : points) change(point);
    CurveAnalysis analysis;
    analysis.located = locate_crossover(points, section.protocol.looks.size(),
                                        section.protocol.equivalence_margin);
    return analysis;
  };
  return method;
}

TEST(BrokenMethod, TakingDependentValuesForIndependentOnesIsCaught) {
  const Method pseudoreplicated = with_points([](CurvePoint& point) {
    const std::vector<double> once = point.launch_effects;
    for (int copy = 1; copy < 16; ++copy) {
      point.launch_effects.insert(point.launch_effects.end(), once.begin(), once.end());
    }
  });
  EXPECT_EQ(met(findings_of("flat, launch sd 3%", pseudoreplicated), "a crossing is named"), false);
}

TEST(BrokenMethod, AnExchangedSignIsCaught) {
  const Method exchanged = with_points([](CurvePoint& point) {
    for (double& effect : point.launch_effects) effect = -effect;
  });
  EXPECT_EQ(met(findings_of("slope 0.3", exchanged), "primary interval covers a true"), false);
  EXPECT_EQ(met(findings_of("root below", exchanged), "side right"), false);
}

TEST(BrokenMethod, ASharpIntervalOfHalfTheWidthIsCaught) {
  Method halved;
  halved.analyse = [](const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                      std::size_t curve) {
    CurveAnalysis analysis = analyse_curve(section, evidence, pair, curve);
    if (!analysis.sharp || !analysis.sharp->sizes) return analysis;
    Interval& sizes = *analysis.sharp->sizes;
    const double quarter = std::pow(sizes.high / sizes.low, 0.25);
    sizes = {sizes.low * quarter, sizes.high / quarter};
    return analysis;
  };
  EXPECT_EQ(met(findings_of("jagged, slope 1.4", halved), "sharp interval covers"), false);
}

TEST(BrokenMethod, ReportingTheBestLaunchesIsCaught) {
  Method best;
  best.verdict = [](const PairEffects& effects, double margin) {
    std::vector<double> sorted = effects.primary();
    std::sort(sorted.rbegin(), sorted.rend());
    sorted.resize(6);
    return verdict(median_interval(sorted)->ci, margin);
  };
  EXPECT_EQ(met(findings_of("identical, launch sd 3%", best), "called faster or slower"), false);
}

TEST(BrokenMethod, AMethodThatNeverDecidesIsCaught) {
  Method wide;
  wide.verdict = [](const PairEffects& effects, double margin) {
    return verdict(median_interval(effects.primary(), 0.99999)->ci, margin);
  };
  EXPECT_EQ(met(findings_of("3% effect, launch sd 2%", wide), "called faster"), false);
}

TEST(BrokenMethod, BelievingDisturbedBlocksIsCaught) {
  Method gullible;
  gullible.verdict = [](PairEffects effects, double margin) {
    effects.bounds.all = {PairEffects::values(effects.all), PairEffects::values(effects.all)};
    return pair_verdict(effects, margin);
  };
  const std::string scenario = "equal, every sample disturbed";
  EXPECT_EQ(met(findings_of(scenario, gullible), "called faster or slower"), false);
}

TEST(SimulationReport, TextMarkdownAndJson) {
  const std::vector<ScenarioFinding> findings{
      {"a", "first", rate_of(1900, 100, {0.93, 0.98})},
      {"a", "first", rate_of(1, 99, {0.95, {}})},
      {"b", "second",
       evaluate(quartets(Property::Kind::median, {}),
                records_of(std::vector<double>(9, infinity)))}};
  EXPECT_EQ(missed(findings), 1u);
  const Table table = simulation_table(findings, 2000, 7);
  EXPECT_EQ(table.rows[0][3], "93% to 98%");
  EXPECT_EQ(table.rows[0][4], "95.0% [94.0%, 95.9%]");
  EXPECT_EQ(table.rows[0].back(), "met");
  EXPECT_EQ(table.rows[1].back(), "MISSED");
  EXPECT_EQ(table.rows[2][4], "never [never, never]");
  EXPECT_NE(as_text(table).find("1 target missed."), std::string::npos);

  const Json json = simulation_json(findings, 2000, 7);
  EXPECT_EQ(json.at("repetitions"), 2000);
  EXPECT_EQ(json.at("seed"), 7);
  EXPECT_EQ(json.at("missed"), 1);
  EXPECT_EQ(json.at("findings")[0].at("value"), 0.95);
  EXPECT_EQ(json.at("findings")[0].at("met"), true);
  EXPECT_TRUE(json.at("findings")[1].at("target").at("at_most").is_null());
  EXPECT_TRUE(json.at("findings")[2].at("value").is_null()) << "infinity is no JSON";
  EXPECT_TRUE(json.at("findings")[2].at("met").is_null());
}

}  // namespace
}  // namespace crossover::harness
