#include <gtest/gtest.h>

#include "experiments/families.h"
#include "experiments/qk_norm_rope_cases.h"
#include "experiments/rope_cases.h"
#include "experiments/rotation_settings.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {
namespace {

harness::Arm arm_of(const std::string& family, const std::string& variant) {
  return {family,
          variant,
          {{"threads", "2"},
           {"cache", "warm"},
           {"buffers", "preallocated"},
           {"isa", "auto"},
           {"pairing", "halves"},
           {"rotated", "all"},
           {"positions", "consecutive"}},
          0};
}

harness::Cell cell_of(const std::string& family, const std::string& variant) {
  harness::Cell cell{"test", arm_of(family, variant), {{"rows", 9}, {"heads", 3}}};
  if (family == "qk_norm_rope") cell.problem.emplace_back("kv_heads", 1);
  cell.problem.emplace_back("head_dim", 64);
  cell.problem.emplace_back("first_position", 100'000);
  return cell;
}

TEST(RotationCases, AreRightUnderEverySetting) {
  for (const harness::FamilyInfo& family : {rope_family(), qk_norm_rope_family()}) {
    for (const harness::VariantInfo& variant : family.variants) {
      for (const auto& [key, value] : {std::pair{"buffers", "per_call"},
                                       {"pairing", "interleaved"},
                                       {"rotated", "half"},
                                       {"positions", "packed"}}) {
        harness::Cell cell = cell_of(family.name, variant.name);
        cell.arm.settings[key] = value;
        const harness::Case the_case = make_case(cell);
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant.name << " " << key;
        for (int i = 0; i < 3; ++i) the_case.call();
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant.name << " " << key << ", again";
      }
    }
  }
}

// Each set of operands has a table of its own.
TEST(RotationCases, AreRightWithAColdCache) {
  for (const auto& [family, variant] :
       {std::pair{"rope", "simd"}, {"qk_norm_rope", "fused_simd"}}) {
    harness::Cell cell = cell_of(family, variant);
    cell.arm.settings["cache"] = "cold";
    const harness::Case the_case = make_case(cell);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant << i;
  }
}

TEST(RotationCases, SayWhatTheyDo) {
  const harness::Case turned = make_case(cell_of("rope", "simd"));
  EXPECT_DOUBLE_EQ(turned.work.bytes, 2.0 * 4 * 9 * 3 * 64);
  EXPECT_DOUBLE_EQ(turned.work.flops, 3.0 * 9 * 3 * 64);
  EXPECT_GT(turned.prepare_seconds, 0);
  const harness::Case fused = make_case(cell_of("qk_norm_rope", "fused_simd"));
  EXPECT_DOUBLE_EQ(fused.work.bytes, 2.0 * 4 * 9 * 4 * 64);
  EXPECT_EQ(make_case(cell_of("rope", "simd_parallel")).count().threads_used, 2u);
}

TEST(RotationCases, PackedPositionsRestart) {
  harness::Arm arm = arm_of("rope", "simd");
  EXPECT_TRUE(packed_positions(arm, 200).empty());
  EXPECT_EQ(position_range(arm, 7, 200).first, 7);
  EXPECT_EQ(position_range(arm, 7, 200).count, 200);
  arm.settings["positions"] = "packed";
  const std::vector<std::int32_t> positions = packed_positions(arm, 200);
  ASSERT_EQ(positions.size(), 200u);
  EXPECT_EQ(positions[127], 127);
  EXPECT_EQ(positions[128], 0);
  EXPECT_TRUE(position_range(arm, 7, 200).holds_all({0, positions}, 200));
}

TEST(RotationCases, HalfOfAHeadIsAnEvenNumberOfDimensions) {
  harness::Arm arm = arm_of("rope", "simd");
  EXPECT_EQ(rotation_of(arm, 80).rotary_dim, 80);
  arm.settings["rotated"] = "half";
  EXPECT_EQ(rotation_of(arm, 80).rotary_dim, 40);
  EXPECT_EQ(rotation_of(arm, 66).rotary_dim, 32);
}

TEST(ExperimentFiles, OfRotationsPlanOnAnyMachine) {
  for (const std::string name : {"rope.cfg", "qk_norm_fusion.cfg"}) {
    const std::string path = std::string(CROSSOVER_SOURCE_ROOT) + "/experiments/" + name;
    for (const int cores : {1, 2, 3, 64, 256}) {
      const harness::Plan plan =
          harness::make_plan(harness::read_config(path, {}), families(), {cores});
      EXPECT_EQ(plan.config.substr(0, plan.config.find('\n')).back(), '?') << name;
      double seconds = 0;
      for (const harness::SectionPlan& section : plan.sections) {
        seconds += section.protocol.budget_seconds;
      }
      EXPECT_LE(seconds, 90) << name;
    }
  }
}

}  // namespace
}  // namespace crossover::experiments
