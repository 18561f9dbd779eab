#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/cell.h"
#include "harness/family.h"
#include "harness/plan/config.h"

namespace crossover::harness {

/// cost: which part of the time is fixed, and how much is added by each unit of the axis.
enum class Question { sweep, compare, crossover, cost };

/// Whether that question looks along an axis.
constexpr bool has_axis(Question question) {
  return question == Question::crossover || question == Question::cost;
}

/// How the evidence of one section is collected (docs: README, "How it measures").
struct Protocol {
  std::vector<int> looks;  // launches after which stopping is considered; ascending
  int quartets = 4;        // blocks per launch
  double min_sample_seconds = 1e-3;
  double equivalence_margin = 0.02;  // delta: ratios within 1 +- delta are "equivalent"
  double target_half_width = 0.01;   // of the log ratio; reached means no more launches
  double budget_seconds = 600;       // for the whole section
  double timeout_seconds = 60;       // for one command to a worker, beyond its estimate
  bool predicted_grid = false;       // crossover: measure only sizes around the predicted one
  int sharp_launches = 10;           // on sizes inside a bracket, to sharpen it; 0: none
};

/// Two arms of a section to be compared on every problem that both run; indices into arms.
struct Pair {
  std::size_t variant = 0;
  std::size_t against = 0;

  auto operator<=>(const Pair&) const = default;
};

/// The problems that differ only along the axis of the question; indices into problems, ascending.
struct Curve {
  Problem fixed;  // the extents that stay
  std::vector<std::size_t> problems;
  std::vector<std::int64_t> axis_values;  // one per problem
};

/// Sizes inside the bracket of one crossing, chosen and added to the problems of their section when
/// the bracket was found.
struct Sharpening {
  Pair pair;
  std::size_t curve = 0;
  std::vector<std::size_t> problems;      // indices, in the order of axis_values; may be shared
  std::vector<std::int64_t> axis_values;  // ascending
};

/// One question over one set of problems.
struct SectionPlan {
  std::string name;
  Question question = Question::sweep;
  std::string family;
  std::string ceiling = "fma_f32";  // that of the family
  std::vector<Arm> arms;            // replica 0 in listed order, then the A/A replicas
  std::vector<Problem> problems;    // ascending in work; every arm of replica 0 runs all of them,
                                    // except for those of `sharpenings`, which stand at the end
  /// Where the arms with replica > 0 run: first, middle, last; all of them where the section
  /// compares arms with themselves.
  std::vector<std::size_t> aa_problems;
  std::vector<Pair> comparisons;  // variant versus base; never A/A, except where that was asked
  std::vector<Pair> aa_pairs;     // an arm and its replica
  std::string axis;               // where the question has one: the key that varies, "size" or "m"
  std::vector<Curve> curves;      // along it
  std::vector<Sharpening> sharpenings;  // crossover only; empty until a bracket was found
  std::vector<std::string> varying;     // setting keys on which arms differ; for labels
  Protocol protocol;
};

/// A whole experiment, fully resolved: nothing of it depends on the clock or on measurements.
struct Plan {
  std::string experiment;                                      // the config's file stem
  std::string source;                                          // its path
  std::string config;                                          // its text, verbatim
  std::vector<std::pair<std::string, std::string>> overrides;  // command-line key, value
  std::uint64_t seed = 1;
  std::vector<SectionPlan> sections;
  std::vector<std::string> warnings;  // e.g. more threads than cores
};

/// What the planner must know of the machine.
struct MachineLimits {
  int cores = 1;  // CPUs this process may use: the value of the symbol `cores`
};

/// Whether that arm of the section is measured on that problem.
bool runs(const SectionPlan& section, std::size_t arm, std::size_t problem);

/// Whether the problem was added to sharpen a bracket.
bool is_sharpening(const SectionPlan& section, std::size_t problem);

/// All pairs of arms that are looked at: comparisons and A/A pairs.
std::vector<Pair> pairs_of(const SectionPlan& section);

/// Expands a config into a plan: the cross product of the axes per section, variants without
/// threading once and not per thread count, A/A replicas of the base arm and of the first threaded
/// arm on the first, middle and last problem. Throws ConfigError.
Plan make_plan(const Config& config, const std::vector<FamilyInfo>& families,
               const MachineLimits& limits);

}  // namespace crossover::harness
