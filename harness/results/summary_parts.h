#pragma once

#include <functional>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/results/prediction.h"

namespace crossover::harness {

// The parts that summarise() puts together; results/README.md has their schema.

/// Appends one row per comparison and problem of the section that has evidence. Its p-values are
/// adjusted over the rows of the section: by Holm's rule where comparing is the question, since
/// each row is a claim, by Benjamini and Hochberg's where the rows make up a map.
void add_comparisons(const SectionPlan& section, const Evidence& evidence, Json& comparisons);

/// What the cost model says of one pair on one curve of the section.
using Predict = std::function<CrossoverPrediction(const Pair& pair, const Curve& curve)>;

/// Appends one row per pair and curve of the section.
void add_crossovers(const SectionPlan& section, const Evidence& evidence, const Predict& predict,
                    Json& crossovers);

/// Appends one row per arm and curve of a section that asks for costs: a line through the times of
/// each launch, and the medians of what the launches say.
void add_costs(const SectionPlan& section, const Evidence& evidence, Json& costs);

/// What names the two sides of a row.
Json pair_json(const SectionPlan& section, const Pair& pair);

Json interval_json(const Interval& interval);

/// exp() of a log ratio's interval; null where it is unbounded, below two launches.
Json ratio_json(const Interval& log_ratio);

}  // namespace crossover::harness
