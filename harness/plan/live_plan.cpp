#include "harness/plan/live_plan.h"

namespace crossover::harness {
namespace {

Arm of_build(Arm arm, const std::string& build) {
  arm.settings[program_setting] = build;
  return arm;
}

SectionPlan live_section(const SectionPlan& section) {
  SectionPlan live = section;
  live.question = Question::compare;
  live.axis.clear();
  live.curves.clear();
  live.arms.clear();
  live.comparisons.clear();
  live.aa_pairs.clear();
  live.varying.insert(live.varying.begin(), program_setting);

  std::vector<std::size_t> places(section.arms.size());  // of each arm as build=A
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    if (section.arms[arm].replica != 0) continue;
    places[arm] = live.arms.size();
    live.arms.push_back(of_build(section.arms[arm], build_a));
    live.arms.push_back(of_build(section.arms[arm], build_b));
    live.comparisons.push_back({places[arm] + 1, places[arm]});
  }
  for (const Pair& pair : section.aa_pairs) {
    live.arms.push_back(of_build(section.arms[pair.variant], build_a));
    live.aa_pairs.push_back({live.arms.size() - 1, places[pair.against]});
  }
  return live;
}

}  // namespace

Plan make_live_plan(const Plan& plan) {
  Plan live = plan;
  live.experiment = "live-" + plan.experiment;
  for (SectionPlan& section : live.sections) section = live_section(section);
  return live;
}

}  // namespace crossover::harness
