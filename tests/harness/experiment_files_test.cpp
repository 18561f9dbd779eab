#include <filesystem>
#include <gtest/gtest.h>

#include "harness/plan/plan.h"
#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

/// The directory experiments/ of the sources, as the build says.
std::filesystem::path experiments() {
  return std::filesystem::path(CROSSOVER_SOURCE_ROOT) / "experiments";
}

/// With the variants and settings that only experiments name.
FamilyInfo matmul_of_the_experiments() {
  FamilyInfo family = fake_matmul();
  for (const std::string name : {"loop_order", "register_tile", "packed", "parallel_spawn",
                                 "prepacked", "onednn", "onednn_prepacked", "libxsmm"}) {
    VariantInfo variant;
    variant.name = name;
    variant.threaded =
        name == "parallel_spawn" || name == "prepacked" || name.starts_with("onednn");
    family.variants.push_back(variant);
  }
  family.settings.push_back({"layout", {"ab", "abt"}, {}});
  return family;
}

Plan plan_file(const std::string& name, const Overrides& overrides = {}, int cores = 2) {
  return make_plan(read_config((experiments() / name).string(), overrides),
                   {matmul_of_the_experiments()}, MachineLimits{cores});
}

double total_budget(const Plan& plan) {
  double seconds = 0;
  for (const SectionPlan& section : plan.sections) seconds += section.protocol.budget_seconds;
  return seconds;
}

TEST(ExperimentFiles, OfTheMatrixProductAllPlanOnAnyMachine) {
  for (const std::string name :
       {"quickstart.cfg", "matmul_square.cfg", "matmul_phase_10_8.cfg", "matmul_layers.cfg",
        "matmul_ladder.cfg", "matmul_peers.cfg", "oversubscribed.cfg", "gate.cfg"}) {
    for (const int cores : {1, 2, 3, 64, 256}) {
      const Plan plan = plan_file(name, {}, cores);
      EXPECT_TRUE(plan.config.starts_with("# ")) << name << ": the first line states the question";
      EXPECT_EQ(plan.config.substr(0, plan.config.find('\n')).back(), '?') << name;
      for (const SectionPlan& section : plan.sections) {
        EXPECT_EQ(section.curves.empty(), section.question != Question::crossover);
        EXPECT_FALSE(section.comparisons.empty() && cores > 1) << name << " " << section.name;
      }
    }
  }
}

TEST(ExperimentFiles, QuickstartIsQuickAndAsksTwoQuestions) {
  const Plan plan = plan_file("quickstart.cfg");
  EXPECT_LT(total_budget(plan), 180);
  ASSERT_EQ(plan.sections.size(), 2u);
  EXPECT_EQ(plan.sections[0].name, "overtake");
  EXPECT_EQ(plan.sections[0].axis, "size");
  EXPECT_EQ(plan.sections[0].problems.size(), 14u);
  EXPECT_EQ(plan.sections[1].comparisons.size(), 8u);
  EXPECT_EQ(plan.sections[1].problems.size(), 2u);
}

TEST(ExperimentFiles, Phase108AllocatesPerCall) {
  const Plan plan = plan_file("matmul_phase_10_8.cfg");
  ASSERT_EQ(plan.sections.size(), 4u);
  EXPECT_EQ(plan.sections[0].comparisons.size(), 4u);
  for (const Arm& arm : plan.sections[0].arms) EXPECT_EQ(arm.settings.at("buffers"), "per_call");
}

TEST(ExperimentFiles, LayersHaveOneCurvePerShape) {
  const Plan plan = plan_file("matmul_layers.cfg");
  ASSERT_EQ(plan.sections.size(), 4u);
  EXPECT_EQ(plan.sections[0].problems.size(), 6u * 4);
  EXPECT_EQ(plan.sections[1].curves.size(), 4u);
  EXPECT_EQ(plan.sections[3].curves.size(), 4u);
}

TEST(ExperimentFiles, OversubscriptionVariesThreadsAndWaiting) {
  const Plan plan = plan_file("oversubscribed.cfg");
  EXPECT_EQ(plan.sections[0].varying, (std::vector<std::string>{"threads", "env.OMP_WAIT_POLICY"}));
  EXPECT_EQ(plan.sections[0].comparisons.size(), 6u);
  EXPECT_EQ(plan.warnings.size(), 2u);
}

TEST(ExperimentFiles, TakeASizeFromTheCommandLine) {
  for (const std::string name : {"quickstart.cfg", "matmul_square.cfg", "matmul_phase_10_8.cfg",
                                 "matmul_layers.cfg", "oversubscribed.cfg"}) {
    for (const SectionPlan& section : plan_file(name, {{"size", "16, 32"}}).sections) {
      EXPECT_EQ(section.problems.size(), 2u) << name << " " << section.name;
    }
  }
}

}  // namespace
}  // namespace crossover::harness
