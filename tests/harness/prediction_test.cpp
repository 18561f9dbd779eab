#include "harness/results/prediction.h"

#include <cmath>
#include <gtest/gtest.h>

namespace crossover::harness {
namespace {

constexpr double rate = 1e-11;  // seconds per n^3

Arm arm(const std::string& family, const std::string& variant, const std::string& threads,
        const Settings& more = {}) {
  Arm made{family, variant, {{"threads", threads}, {"pin", "cores"}, {"cache", "warm"}}, 0};
  for (const auto& [key, value] : more) made.settings[key] = value;
  return made;
}

/// A ceilings section and a crossover section, with evidence that is as the model has it.
struct World {
  SectionPlan ceilings;
  Evidence ceilings_evidence;
  SectionPlan section;
  Evidence evidence;
  ModelMachine machine{2, 32e6};

  World() {
    ceilings.problems = {{{"iterations", 100'000}, {"constructs", 1}}};
    section.problems.clear();
    Curve curve;
    for (const std::int64_t size : {16, 32, 64, 128, 256}) {
      curve.problems.push_back(section.problems.size());
      curve.axis_values.push_back(size);
      section.problems.push_back({{"m", size}});
    }
    section.axis = "size";
    section.curves = {curve};
  }

  void add_ceiling(const Arm& probe, const std::vector<double>& seconds, double bytes = 0) {
    const std::size_t place = ceilings.arms.size();
    ceilings.arms.push_back(probe);
    CellFacts facts;
    facts.work.bytes = bytes;
    ceilings_evidence.set_facts(place, 0, facts);
    for (std::size_t launch = 0; launch < seconds.size(); ++launch) {
      Sample sample;
      sample.launch = static_cast<int>(100 * place + launch);  // of this arm alone
      sample.iterations = 1;
      sample.seconds = seconds[launch];
      ceilings_evidence.add(place, 0, sample);
      ceilings_evidence.close();
    }
  }

  /// Calibrated at `factor` of the common rate.
  void add_arm(const Arm& one, double factor, std::optional<std::uint64_t> regions,
               std::optional<std::uint64_t> tasks) {
    const std::size_t place = section.arms.size();
    section.arms.push_back(one);
    for (std::size_t i = 0; i < section.problems.size(); ++i) {
      const double size = static_cast<double>(section.curves[0].axis_values[i]);
      CellFacts facts;
      facts.call_seconds = factor * rate * std::pow(size, 3);
      facts.work.bytes = 12 * size * size;
      facts.counts.execution.parallel_regions = regions;
      facts.counts.execution.tasks = tasks;
      evidence.set_facts(place, i, facts);
    }
  }

  CrossoverPrediction predicted(const Pair& pair = {1, 0}) const {
    return predict(ceilings, ceilings_evidence, section, evidence, pair, section.curves[0],
                   machine);
  }
};

constexpr double crossing = 50;
const double cost = rate * crossing * crossing * crossing / 2;

World usual_world(const Settings& team = {}) {
  World world;
  world.add_ceiling(arm("probe", "fma_f32", "2"), {1, 1, 1});
  world.add_ceiling(arm("probe", "parallel_region", "2", team), {cost * 0.9, cost, cost * 1.1});
  world.add_arm(arm("matmul", "simd", "1"), 1, 0, 1);
  world.add_arm(arm("matmul", "simd_parallel", "2", team), 0.6, 1, 2);
  return world;
}

TEST(Prediction, ComesFromTheRateOfTheBaseAndTheCostOfARegion) {
  const CrossoverPrediction prediction = usual_world().predicted();
  ASSERT_TRUE(prediction.value) << prediction.reason.value_or("");
  EXPECT_NEAR(*prediction.value, crossing, 0.01);
  EXPECT_FALSE(prediction.reason);
  ASSERT_TRUE(prediction.band);
  EXPECT_LT(prediction.band->low, 49);
  EXPECT_GT(prediction.band->high, 51);
  EXPECT_EQ(prediction.assumption, "the kernel of simd_parallel is as fast on one thread as simd");
}

// A run that is resumed predicts again, and must come to the grid that it had.
TEST(Prediction, IsTheSameOnceItHasLeftSizesOut) {
  World world = usual_world();
  const CrossoverPrediction before = world.predicted();
  for (std::size_t problem = 1; problem + 1 < world.section.problems.size(); ++problem) {
    for (const std::size_t arm : {0, 1}) {
      CellFacts facts = *world.evidence.facts(arm, problem);
      facts.status = Status::skipped;
      world.evidence.set_facts(arm, problem, facts);
    }
  }
  const CrossoverPrediction after = world.predicted();
  ASSERT_TRUE(after.value);
  EXPECT_EQ(after.value, before.value);
  EXPECT_EQ(after.band->low, before.band->low);
  EXPECT_EQ(after.band->high, before.band->high);
}

TEST(Prediction, TakesTheVariantsOwnKernelWhereTheSectionHasIt) {
  World world = usual_world();
  world.add_arm(arm("matmul", "simd_parallel", "1"), 1.5, 0, 1);
  // T = 1.5 T / 2 + o: the crossing is where a quarter of the base's time pays a region.
  const CrossoverPrediction prediction = world.predicted();
  ASSERT_TRUE(prediction.value);
  EXPECT_NEAR(*prediction.value, std::cbrt(cost / rate / 0.25), 0.01);
  EXPECT_FALSE(prediction.assumption);
}

TEST(Prediction, NeedsTheCostForTheVeryEnvironmentOfTheArm) {
  World world = usual_world({{"env.OMP_WAIT_POLICY", "passive"}});
  EXPECT_TRUE(world.predicted().value);
  world.section.arms[1].settings["env.OMP_WAIT_POLICY"] = "active";
  EXPECT_FALSE(world.predicted().value);
  EXPECT_TRUE(world.predicted().reason->find("was not measured") != std::string::npos);
  world.section.arms[1].settings["env.OMP_WAIT_POLICY"] = "passive";
  world.section.arms[1].settings["pin"] = "none";
  EXPECT_FALSE(world.predicted().value);
}

TEST(Prediction, IsRefusedForAVendorsPool) {
  World world = usual_world();
  world.add_arm(arm("matmul", "openblas", "2"), 0.6, std::nullopt, std::nullopt);
  const CrossoverPrediction prediction = world.predicted({2, 0});
  EXPECT_FALSE(prediction.value);
  EXPECT_EQ(prediction.reason,
            "openblas brings its own threads, whose fork and join cost is not known");
}

TEST(Prediction, IsRefusedForThreadsThatEveryCallStarts) {
  World world = usual_world();
  ASSERT_TRUE(world.predicted().value);
  for (std::size_t i = 0; i < world.section.problems.size(); ++i) {
    CellFacts facts = *world.evidence.facts(1, i);
    facts.counts.execution.threads_started = 1;
    world.evidence.set_facts(1, i, facts);
  }
  EXPECT_FALSE(world.predicted().value);
  EXPECT_NE(world.predicted().reason->find("brings its own threads"), std::string::npos);
}

TEST(Prediction, IsRefusedWhereNothingForksOrTheBaseIsNotSerial) {
  World world = usual_world();
  EXPECT_EQ(world.predicted({0, 1}).reason, "the variant runs on one thread");
  world.add_arm(arm("matmul", "parallel", "2"), 0.7, 1, 2);
  EXPECT_EQ(world.predicted({2, 1}).reason, "the base is not serial");
}

TEST(Prediction, SaysWhenTheModelSeesNoCrossing) {
  World world = usual_world();
  world.ceilings_evidence = Evidence();
  world.ceilings.arms.clear();
  world.add_ceiling(arm("probe", "parallel_region", "2"), {1e3, 1e3, 1e3});
  EXPECT_FALSE(world.predicted().value);
  EXPECT_EQ(world.predicted().reason, "the model has it win at no size up to 256");
}

TEST(Prediction, UsesTheBandwidthWhereOperandsComeFromMemory) {
  World world = usual_world();
  world.section.arms[1].settings["cache"] = "cold";
  EXPECT_TRUE(world.predicted().value);
  // So slow that it never pays; a larger team than the arm's does not count.
  world.add_ceiling(arm("probe", "stream_read", "2"), {1, 1, 1}, 1e6);
  world.add_ceiling(arm("probe", "stream_read", "4"), {1, 1, 1}, 1e15);
  EXPECT_EQ(world.predicted().reason, "the model has it win at no size up to 256");
  world.section.arms[1].settings["cache"] = "warm";
  EXPECT_TRUE(world.predicted().value);
  world.machine.last_level_cache_bytes = 100;
  EXPECT_FALSE(world.predicted().value);
}

TEST(Prediction, LeavesOutSizesThatDoNotRunHere) {
  World world = usual_world();
  world.evidence.set_facts(1, 4, refused(Status::skipped, "would take too long"));
  EXPECT_TRUE(world.predicted().value);
  for (const std::size_t problem : {0, 1, 2}) {
    world.evidence.set_facts(0, problem, refused(Status::failed, "crashed"));
  }
  EXPECT_EQ(world.predicted().reason, "fewer than two sizes ran on both sides");
}

TEST(Prediction, KnowsTheMachineFromItsFactsAndFromAManifest) {
  Machine machine;
  machine.cores = 4;
  machine.caches = {{1, "Data", 32768, 1}, {3, "Unified", 1 << 25, 4}, {2, "Unified", 1 << 20, 1}};
  EXPECT_EQ(model_machine(machine).last_level_cache_bytes, 1 << 25);
  Json caches = Json::array();
  caches.push_back({{"level", 2}, {"type", "Unified"}, {"bytes", 1024}, {"shared_by", 1}});
  const ModelMachine read = model_machine(Json{{"cores", 3}, {"caches", caches}});
  EXPECT_EQ(read.cores, 3);
  EXPECT_EQ(read.last_level_cache_bytes, 1024);
}

}  // namespace
}  // namespace crossover::harness
