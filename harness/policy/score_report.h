#pragma once

#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/policy/policy.h"
#include "harness/policy/regret.h"
#include "harness/results/tables.h"

namespace crossover::harness {

/// What a policy is expected to reach on shapes that it was not fitted to.
constexpr double target_mean_regret = 0.02;
constexpr double target_p95_regret = 0.08;

/// A policy judged on held-out runs.
struct Score {
  std::string machine;
  std::string policy_made;
  std::map<std::string, std::string> condition;
  std::vector<int> threads;
  std::size_t shapes = 0;
  std::vector<Shape> dropped;  // also among the shapes that the policy was fitted to
  std::size_t incomplete = 0;  // not measured with every count of threads
  std::size_t launches = 0;    // of the shape with the fewest
  std::uint64_t seed = 1;
  std::size_t replicates = 0;
  std::vector<PolicySource> runs;
  std::vector<RegretFinding> findings;  // the first one is the policy
};

/// One target and whether it is met; nullopt where the interval does not say.
struct TargetVerdict {
  std::string target;
  std::string result;
  std::optional<bool> met;
};

/// Mean, 95th percentile, and less mean regret than every published rule.
std::vector<TargetVerdict> verdicts(const Score& score);

/// score.json; results/README.md has the schema.
Json score_json(const Score& score);

/// For as_text, as_markdown and as_csv: strategies by mean regret, and the verdicts as notes.
Table score_table(const Score& score);

/// The condition, the machine, every boundary over m x n and where it comes from.
std::string policy_text(const Policy& policy);

}  // namespace crossover::harness
