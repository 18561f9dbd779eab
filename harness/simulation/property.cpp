#include "harness/simulation/property.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace crossover::harness {
namespace {

constexpr double tail = 0.025;
const double five_percent = std::log1p(0.05);

std::optional<double> as_value(const std::optional<bool>& flag) {
  return flag ? std::optional<double>(*flag ? 1 : 0) : std::nullopt;
}

template <class T>
bool is_among(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Interval clopper_pearson(double count, double successes) {
  using boost::math::binomial;
  return {binomial::find_lower_bound_on_p(count, successes, tail),
          binomial::find_upper_bound_on_p(count, successes, tail)};
}

/// Values may be infinite, which median_interval refuses; their order is all that matters here.
void find_median(std::vector<double> values, Finding& finding) {
  std::sort(values.begin(), values.end());
  finding.value = values[(values.size() - 1) / 2];
  if (const auto ranks = median_ranks(values.size())) {
    finding.ci = Interval{values[ranks->outside], values[values.size() - 1 - ranks->outside]};
  }
}

}  // namespace

Finding evaluate(const Property& property, std::span<const Record> records) {
  Finding finding{property.name, property.kind, property.target, {}, {}, 0, {}};
  std::vector<double> values;
  for (const Record& record : records) {
    if (const auto value = property.value(record)) values.push_back(*value);
  }
  finding.count = values.size();
  if (values.empty()) return finding;
  if (property.kind == Property::Kind::median) {
    find_median(std::move(values), finding);
  } else {
    const double count = static_cast<double>(values.size());
    double successes = 0;
    for (const double value : values) successes += value;
    finding.value = successes / count;
    finding.ci = clopper_pearson(count, successes);
  }
  const Target& target = property.target;
  if (finding.ci && (target.at_least || target.at_most)) {
    finding.met = (!target.at_least || finding.ci->high >= *target.at_least) &&
                  (!target.at_most || finding.ci->low <= *target.at_most);
  }
  return finding;
}

Property bracket_ends_right() {
  return {"primary interval covers a true change of sign",
          Property::Kind::rate,
          {0.95, {}},
          [](const Record& record) { return as_value(record.signs_right); }};
}

Property bracket_holds_trend_root() {
  return {"primary interval covers the root of the trend",
          Property::Kind::rate,
          {},
          [](const Record& record) { return as_value(record.holds_smooth_root); }};
}

Property sharp_holds_root() {
  return {"sharp interval covers, where not flagged",
          Property::Kind::rate,
          {0.93, 0.98},
          [](const Record& record) { return as_value(record.sharp_covers); }};
}

Property sharp_misleads() {
  return {"sharp interval stands and misses",
          Property::Kind::rate,
          {{}, 0.07},
          [](const Record& record) -> std::optional<double> {
            if (!record.flagged) return std::nullopt;
            return record.sharp_covers == false ? 1 : 0;
          }};
}

Property sharp_flagged() {
  return {"sharp interval is flagged", Property::Kind::rate, {}, [](const Record& record) {
            return as_value(record.flagged);
          }};
}

Property outcome_is(const std::string& name, std::vector<Outcome> outcomes, Target target) {
  return {name, Property::Kind::rate, target,
          [outcomes = std::move(outcomes)](const Record& record) {
            return as_value(is_among(outcomes, record.outcome));
          }};
}

Property names_a_bracket() {
  return {"a crossing is named", Property::Kind::rate, {{}, 0.05}, [](const Record& record) {
            return as_value(record.brackets > 0);
          }};
}

Property quartets_to_five_percent() {
  return {"median quartets to +-5% in size",
          Property::Kind::median,
          {{}, 600},
          [](const Record& record) -> std::optional<double> {
            if (record.half_width && *record.half_width <= five_percent) return record.quartets;
            return std::numeric_limits<double>::infinity();
          }};
}

Property verdict_is(const std::string& name, std::vector<Verdict> verdicts, Target target) {
  return {name, Property::Kind::rate, target,
          [verdicts = std::move(verdicts)](const Record& record) {
            return as_value(record.verdict ? is_among(verdicts, *record.verdict) : false);
          }};
}

Property quartets_spent() {
  return {"median quartets", Property::Kind::median, {}, [](const Record& record) {
            return std::optional<double>(record.quartets);
          }};
}

}  // namespace crossover::harness
