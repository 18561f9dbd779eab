#include "experiments/run_estimate.h"

#include <gtest/gtest.h>

#include "experiments/families.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {
namespace {

SecondsRange estimate_of(const std::string& experiment) {
  const std::vector<harness::FamilyInfo> all = families();
  const std::string path =
      std::string(CROSSOVER_SOURCE_ROOT) + "/experiments/" + experiment + ".cfg";
  constexpr int cores = 2;  // as many as the stored runs had
  const harness::Plan plan = harness::make_plan(harness::read_config(path, {}), all, {cores});
  SecondsRange seconds = estimate_beside_sections(plan, all);
  for (const harness::SectionPlan& section : plan.sections) {
    const SecondsRange one = estimate(section, harness::family_called(all, section.family));
    EXPECT_LE(one.least, one.most) << section.name;
    EXPECT_LE(one.most, section.protocol.budget_seconds) << section.name;
    seconds += one;
  }
  return seconds;
}

TEST(RunEstimate, HoldsWhatStoredRunsTook) {
  // From started to finished in results/reference/*/*/manifest.json.
  for (const auto& [experiment, seconds] :
       {std::pair("rope", 111), std::pair("activation", 72), std::pair("softmax", 62),
        std::pair("policy_end_to_end", 142), std::pair("claim_granularity", 1123),
        std::pair("matmul_peers", 3356), std::pair("quickstart", 36)}) {
    const SecondsRange range = estimate_of(experiment);
    constexpr double factor = 2;  // as --dry-run says; other machines have other caches
    EXPECT_LT(range.least, factor * seconds) << experiment;
    EXPECT_GT(range.most, seconds / factor) << experiment;
  }
}

}  // namespace
}  // namespace crossover::experiments
