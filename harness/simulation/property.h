#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "harness/simulation/repetition.h"

namespace crossover::harness {

/// The values that are good enough; nullopt where there is no such end.
struct Target {
  std::optional<double> at_least;
  std::optional<double> at_most;
};

/// Something to be counted over repetitions: a rate of yes, or a median.
struct Property {
  enum class Kind { rate, median };

  std::string name;
  Kind kind = Kind::rate;
  Target target;  // neither end: the value is only reported
  /// The value of one repetition; rates count 1 against 0. Nullopt where the question does not
  /// arise. May be infinite where the kind is median.
  std::function<std::optional<double>(const Record&)> value;
};

/// What came out. `ci` holds the true value with 95% over the repetitions: Clopper and Pearson's
/// interval for a rate, order statistics for a median.
struct Finding {
  std::string property;
  Property::Kind kind = Property::Kind::rate;
  Target target;
  std::optional<double> value;  // nullopt where the question never arose
  std::optional<Interval> ci;   // nullopt for a median of fewer than 6 values
  std::size_t count = 0;        // repetitions where the question arose
  /// Whether the interval reaches the target or lies beyond it on the good side. Nullopt without a
  /// target or an interval.
  std::optional<bool> met;
};

/// Source of the interval: Clopper & Pearson, Biometrika 26 (1934).
Finding evaluate(const Property& property, std::span<const Record> records);

// The properties of question = crossover.

/// Every bracket that the result names has the true signs at its two ends, so that a true change of
/// sign lies in it. Single sizes count with their jaggedness: that is what a user of those sizes
/// gets. Of the repetitions that name a bracket.
Property bracket_ends_right();
/// The bracket holds the root of the smooth trend. Of the repetitions with one crossing.
Property bracket_holds_trend_root();
Property sharp_holds_root();
/// It stands, not flagged, and misses; of all repetitions with a sharp interval. Also where the set
/// is seldom bounded, so that what is left unflagged is a chance selection, this stays a small
/// rate.
Property sharp_misleads();
Property sharp_flagged();
/// The outcome is one of those; of all repetitions.
Property outcome_is(const std::string& name, std::vector<Outcome> outcomes, Target target);
Property names_a_bracket();
/// Median over all repetitions of the quartets spent; one whose interval stays wider than +-5% in
/// size counts as infinitely many.
Property quartets_to_five_percent();

// The properties of question = compare.

Property verdict_is(const std::string& name, std::vector<Verdict> verdicts, Target target);
Property quartets_spent();

}  // namespace crossover::harness
