#include "harness/plan/live_plan.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

SectionPlan live_section(const std::string& text) {
  return make_live_plan(plan_of("family=matmul\n" + text)).sections.front();
}

Words labels_of(const SectionPlan& section) {
  Words labels;
  for (const Arm& arm : section.arms) labels.push_back(label(arm, section.varying));
  return labels;
}

TEST(LivePlan, HasEveryArmOncePerBuild) {
  const SectionPlan section = live_section("variants=simd,eigen\nthreads=1,2\nsize=4,8\n");
  EXPECT_EQ(labels_of(section),
            (Words{"simd[build=A]", "simd[build=B]", "eigen[build=A]", "eigen[build=B]",
                   "eigen[build=A,threads=2]", "eigen[build=B,threads=2]", "simd[build=A]#1",
                   "eigen[build=A,threads=2]#1"}));
  EXPECT_EQ(std::set<Arm>(section.arms.begin(), section.arms.end()).size(), section.arms.size());
}

TEST(LivePlan, ComparesEachArmWithItselfInTheOtherBuild) {
  const SectionPlan section = live_section("variants=simd,eigen,openblas\nsize=4\n");
  ASSERT_EQ(section.comparisons.size(), 3u);
  for (const Pair& pair : section.comparisons) {
    Arm b = section.arms[pair.variant];
    Arm a = section.arms[pair.against];
    EXPECT_EQ(b.settings[program_setting], build_b);
    EXPECT_EQ(a.settings[program_setting], build_a);
    b.settings.erase(program_setting);
    a.settings.erase(program_setting);
    EXPECT_EQ(a, b);
  }
}

TEST(LivePlan, KeepsTheReplicasOfTheFirstBuild) {
  const SectionPlan section = live_section("variants=simd,eigen\nsize=4\n");
  ASSERT_EQ(section.aa_pairs.size(), 1u);
  Arm replica = section.arms[section.aa_pairs[0].variant];
  EXPECT_EQ(replica.replica, 1);
  replica.replica = 0;
  EXPECT_EQ(replica, section.arms[section.aa_pairs[0].against]);
}

TEST(LivePlan, MakesAComparisonOfEveryQuestion) {
  const SectionPlan section =
      live_section("question=crossover\nvariants=eigen[threads=2]\nagainst=simd\nsize=4,8,16\n");
  EXPECT_EQ(section.question, Question::compare);
  EXPECT_TRUE(section.axis.empty());
  EXPECT_TRUE(section.curves.empty());
  EXPECT_EQ(section.comparisons.size(), 2u) << "eigen and simd, each with itself";
}

TEST(LivePlan, OfAnArmComparedWithItselfHasItOncePerBuild) {
  const SectionPlan section =
      live_section("question=compare\nvariants=simd\nagainst=simd\nsize=4\n");
  EXPECT_EQ(labels_of(section), (Words{"simd[build=A]", "simd[build=B]", "simd[build=A]#1"}));
  EXPECT_EQ(section.comparisons, (std::vector<Pair>{{1, 0}}));
  EXPECT_EQ(section.aa_pairs, (std::vector<Pair>{{2, 0}}));
}

TEST(LivePlan, NamesItselfAndKeepsTheRest) {
  const Plan plan = plan_of("family=matmul\nsize=4\nseed=7\n");
  const Plan live = make_live_plan(plan);
  EXPECT_EQ(live.experiment, "live-" + plan.experiment);
  EXPECT_EQ(live.seed, 7u);
  EXPECT_EQ(live.sections.front().problems, plan.sections.front().problems);
  EXPECT_EQ(live.sections.front().protocol.looks, plan.sections.front().protocol.looks);
}

}  // namespace
}  // namespace crossover::harness
