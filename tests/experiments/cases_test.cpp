#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>

#include "experiments/activation_cases.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/norm_cases.h"
#include "experiments/probe_cases.h"
#include "experiments/softmax_cases.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"
#include "harness/results/manifest.h"
#include "harness/worker/cpu_time.h"
#include "harness/worker/machine.h"

namespace crossover::experiments {
namespace {

harness::Cell matmul_cell(const std::string& variant, int threads,
                          const std::string& cache = "warm",
                          const std::string& buffers = "preallocated") {
  return {"test",
          {"matmul",
           variant,
           {{"threads", std::to_string(threads)},
            {"cache", cache},
            {"buffers", buffers},
            {"isa", "auto"},
            {"layout", "ab"},
            {"other_pool", "none"}},
           0},
          {{"batch", 2}, {"m", 65}, {"n", 33}, {"k", 47}}};
}

harness::VariantInfo variant_called(const std::string& name) {
  for (const harness::FamilyInfo& family : families()) {
    for (const harness::VariantInfo& variant : family.variants) {
      if (variant.name == name) return variant;
    }
  }
  throw std::invalid_argument(name);
}

TEST(VendorThreads, NoOtherPoolSpinsBesideOpenblas) {
  // Operands that an OpenMP team had filled would leave that team spinning on OpenBLAS's cores.
  if (variant_called("openblas").unavailable) GTEST_SKIP() << "OpenBLAS was not found";
  const harness::Case the_case = make_case(matmul_cell("openblas", 2));
  the_case.call();
  EXPECT_LE(harness::thread_count(), 2u);
}

TEST(VendorThreadsOfOpenmp, PeersShareTheOneTeam) {
  for (const std::string variant : {"eigen", "blis", "onednn", "onednn_prepacked"}) {
    if (variant_called(variant).unavailable) continue;
    const harness::Case the_case = make_case(matmul_cell(variant, 2));
    EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant;
    the_case.call();
    EXPECT_EQ(harness::thread_count(), 2u) << variant;
  }
}

TEST(VendorThreadsOfNobody, LibxsmmStartsNone) {
  if (variant_called("libxsmm").unavailable) GTEST_SKIP() << "libxsmm was not found";
  EXPECT_FALSE(variant_called("libxsmm").threaded);
  const harness::Case the_case = make_case(matmul_cell("libxsmm", 1));
  EXPECT_EQ(the_case.why_wrong(), std::nullopt);
  EXPECT_EQ(harness::thread_count(), 1u);
}

TEST(VendorThreadsBesideOthers, AnotherPoolStaysInTheProcess) {
  if (variant_called("openblas").unavailable) GTEST_SKIP() << "OpenBLAS was not found";
  harness::Cell cell = matmul_cell("openblas", 2);
  cell.arm.settings["other_pool"] = "openmp";
  const harness::Case the_case = make_case(cell);
  the_case.call();
  EXPECT_EQ(harness::thread_count(), 3u);
}

void expect_right(const std::string& variant, const std::string& cache,
                  const std::string& buffers) {
  const harness::Case the_case = make_case(matmul_cell(variant, 2, cache, buffers));
  EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant << cache << buffers;
  for (int i = 0; i < 3; ++i) the_case.call();
  EXPECT_DOUBLE_EQ(the_case.work.flops, 2.0 * 2 * 65 * 33 * 47);
}

TEST(Cases, OfOurOwnVariantsAreRightInEveryCacheAndBufferSetting) {
  for (const std::string variant : {"naive", "simd", "simd_parallel"}) {
    for (const std::string buffers : {"preallocated", "per_call"}) {
      expect_right(variant, "warm", buffers);
    }
  }
  // Operands of twice the last-level cache take seconds to fill; the variants share the code.
  expect_right("simd", "cold", "per_call");
  expect_right("simd_parallel", "cold", "preallocated");
}

TEST(Cases, CountWhatExecuted) {
  const harness::ExecutionCounts serial = make_case(matmul_cell("simd", 1)).count();
  EXPECT_EQ(serial.parallel_regions, 0u);
  EXPECT_EQ(serial.threads_used, 1u);
  const harness::ExecutionCounts parallel = make_case(matmul_cell("simd_parallel", 2)).count();
  EXPECT_EQ(parallel.parallel_regions, 1u);
  EXPECT_EQ(parallel.threads_used, 2u);
  EXPECT_EQ(parallel.code_path, serial.code_path);
}

TEST(Cases, CountThreadsThatLiveForOneCall) {
  const harness::ExecutionCounts counts = make_case(matmul_cell("parallel_spawn", 2)).count();
  EXPECT_EQ(counts.parallel_regions, 1u);
  EXPECT_EQ(counts.tasks, 2u);
  EXPECT_EQ(counts.threads_used, 2u);
  EXPECT_EQ(counts.threads_started, 1u);
  EXPECT_EQ(make_case(matmul_cell("parallel", 2)).count().threads_started, 0u);
}

TEST(Cases, ThreadsThatLiveForOneCallAreNotPinnedToTheCpuOfTheOneThatStartsThem) {
  const harness::Placement pooled = place(matmul_cell("parallel", 2).arm);
  const harness::Placement spawned = place(matmul_cell("parallel_spawn", 2).arm);
  EXPECT_TRUE(pooled.pin_threads);
  EXPECT_FALSE(spawned.pin_threads);
  EXPECT_EQ(spawned.cpus, pooled.cpus);
}

TEST(Cases, InstructionSetsThatAreNotThereAreUnsupported) {
  harness::Cell cell = matmul_cell("simd", 1);
#if defined(__x86_64__)
  cell.arm.settings["isa"] = "neon";
#else
  cell.arm.settings["isa"] = "avx2";
#endif
  EXPECT_THROW(make_case(cell), harness::Unsupported);
}

/// A cell of a family of rows, with the settings that it has beside the usual ones.
harness::Cell row_cell(const std::string& family, const std::string& variant,
                       const harness::Settings& settings) {
  harness::Cell cell{
      "test",
      {family,
       variant,
       {{"threads", "2"}, {"cache", "warm"}, {"buffers", "preallocated"}, {"isa", "auto"}},
       0},
      {{"rows", 5}, {"cols", 100}}};
  for (const auto& [key, value] : settings) cell.arm.settings[key] = value;
  return cell;
}

/// Every choice of the family's own settings.
std::vector<harness::Settings> own_settings(const harness::FamilyInfo& family) {
  std::vector<harness::Settings> all{{}};
  for (const harness::SettingInfo& setting : family.settings) {
    if (setting.name == "isa") continue;
    std::vector<harness::Settings> longer;
    for (const harness::Settings& chosen : all) {
      for (const std::string& value : setting.values) {
        longer.push_back(chosen);
        longer.back()[setting.name] = value;
      }
    }
    all = longer;
  }
  return all;
}

TEST(RowCases, AreRightInEverySetting) {
  int cases = 0;
  for (const harness::FamilyInfo& family :
       {softmax_family(), rms_norm_family(), layer_norm_family(), activation_family()}) {
    for (const harness::VariantInfo& variant : family.variants) {
      for (harness::Settings settings : own_settings(family)) {
        for (const std::string cache : {"warm", "cold"}) {
          settings["cache"] = cache;
          settings["buffers"] = cache == "cold" ? "per_call" : "preallocated";
          const harness::Case the_case = make_case(row_cell(family.name, variant.name, settings));
          the_case.call();
          EXPECT_EQ(the_case.why_wrong(), std::nullopt) << family.name << " " << variant.name;
          ++cases;
        }
      }
    }
  }
  EXPECT_EQ(cases, 2 * (5 + 4 * 3 + 4 * 3 + 4 * 3 * 2));  // softmax, two norms, activation
}

TEST(RowCases, CountTheirTrafficOnce) {
  const auto bytes = [](const std::string& family, const harness::Settings& settings) {
    return make_case(row_cell(family, "simd", settings)).work.bytes;
  };
  EXPECT_DOUBLE_EQ(bytes("softmax", {}), 8 * 500);
  EXPECT_DOUBLE_EQ(bytes("rms_norm", {{"residual", "none"}}), 8 * 500 + 4 * 100);
  EXPECT_DOUBLE_EQ(bytes("layer_norm", {{"residual", "separate"}}), 16 * 500 + 8 * 100);
  EXPECT_DOUBLE_EQ(bytes("activation", {{"function", "silu"}, {"gated", "mul"}}), 12 * 500);
}

TEST(RowCases, AResidualOfItsOwnIsAnotherRegion) {
  const auto regions = [](const std::string& residual) {
    const harness::Cell cell = row_cell("rms_norm", "simd_parallel", {{"residual", residual}});
    return make_case(cell).count().parallel_regions;
  };
  EXPECT_EQ(regions("none"), 1u);
  EXPECT_EQ(regions("fused"), 1u);
  EXPECT_EQ(regions("separate"), 2u);
}

harness::Cell probe_cell(const std::string& variant, int threads) {
  return {"test",
          {"probe", variant, {{"threads", std::to_string(threads)}, {"isa", "auto"}}, 0},
          {{"iterations", 1000}, {"constructs", 10}}};
}

TEST(Probes, AreRightAndSayWhatTheyDo) {
  for (const harness::VariantInfo& variant : probe_family().variants) {
    const harness::Case the_case = make_case(probe_cell(variant.name, variant.threaded ? 2 : 1));
    EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant.name;
    EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant.name << ", again";
  }
  EXPECT_DOUBLE_EQ(make_case(probe_cell("fma_f32", 2)).work.flops, 2.0 * 2 * 768 * 1000);
  EXPECT_DOUBLE_EQ(make_case(probe_cell("stream_read", 2)).work.bytes, 2.0 * 256 * 1000);
  EXPECT_EQ(make_case(probe_cell("parallel_region", 2)).count().parallel_regions, 10u);
  EXPECT_EQ(make_case(probe_cell("empty", 1)).count().tasks, 0u);
}

harness::Plan plan_of(const std::string& text, int cores) {
  return harness::make_plan(harness::parse_config(text, "x.cfg", {}), families(), {cores});
}

/// "parallel_region threads=2 env.OMP_WAIT_POLICY=passive pin=cores", without isa.
std::vector<std::string> ceilings_of(const std::string& text) {
  std::vector<std::string> arms;
  for (const harness::Arm& arm : ceilings_plan(plan_of(text, 2)).arms) {
    std::string name = arm.variant;
    for (const auto& [key, value] : arm.settings) {
      if (key != "isa") name += " " + key + "=" + value;
    }
    arms.push_back(name);
  }
  return arms;
}

using Words = std::vector<std::string>;

TEST(Ceilings, HoldTheRegionOfEveryTeamOfACrossover) {
  const std::string head = "family = matmul\nagainst = simd\nsize = 16, 32\n";
  EXPECT_EQ(ceilings_of(head + "question = sweep\nvariants = simd_parallel[threads=4]\n").size(),
            ceilings_of(head + "question = sweep\nvariants = openblas[threads=4]\n").size());
  EXPECT_EQ(
      ceilings_of(head + "question = crossover\nvariants = simd_parallel[threads=5], parallel\n"
                         "threads = 5\nenv.OMP_WAIT_POLICY = active, passive\n")
          .back(),
      "parallel_region env.OMP_WAIT_POLICY=passive pin=cores threads=5");
  const Words vendor = ceilings_of(head + "question = crossover\nvariants = openblas[threads=2]\n");
  EXPECT_TRUE(vendor.back().starts_with("fma_f32")) << vendor.back();
}

TEST(Ceilings, HoldTheBandwidthOnlyWhereOperandsComeFromMemory) {
  const std::string head =
      "family = matmul\nagainst = simd\nquestion = crossover\n"
      "variants = simd_parallel[threads=2]\nsize = 16, 32\n";
  const auto reads = [](const Words& arms) {
    return std::count_if(arms.begin(), arms.end(),
                         [](const std::string& arm) { return arm.starts_with("stream_read"); });
  };
  EXPECT_EQ(reads(ceilings_of(head)), 0);
  EXPECT_EQ(reads(ceilings_of(head + "cache = cold\n")), 1);
  const std::string sweep = "family = matmul\nquestion = sweep\nvariants = simd\nsize = 16\n";
  EXPECT_EQ(reads(ceilings_of(sweep)), 0);
  EXPECT_EQ(reads(ceilings_of(sweep + "cache = cold\n")), 1);
}

/// A plan whose sections are bounded by that probe.
harness::Plan bounded_plan(const std::string& probe, const std::string& more) {
  harness::Plan plan = plan_of(
      "family = matmul\nquestion = sweep\nvariants = simd, simd_parallel[threads=4]\n" + more, 2);
  for (harness::SectionPlan& section : plan.sections) section.ceiling = probe;
  return plan;
}

TEST(Ceilings, MeasureTheCachesWithTheProbeThatBoundsAFamily) {
  const harness::Plan plan = bounded_plan("stream_copy", "size = 16\n");
  const auto bandwidth = bandwidth_plan(plan);
  ASSERT_TRUE(bandwidth);
  ASSERT_EQ(bandwidth->arms.size(), 2u);
  for (const harness::Arm& arm : bandwidth->arms) EXPECT_EQ(arm.variant, "stream_copy");
  EXPECT_EQ(harness::threads_of(bandwidth->arms.back()),
            std::min(4, harness::read_machine().cores));
  ASSERT_FALSE(bandwidth->problems.empty());
  EXPECT_EQ(harness::extent(bandwidth->problems.front(), "kib"), 16);
  for (std::size_t i = 1; i < bandwidth->problems.size(); ++i) {
    EXPECT_GT(harness::extent(bandwidth->problems[i], "kib"),
              harness::extent(bandwidth->problems[i - 1], "kib"));
  }
}

TEST(Ceilings, MeasureNoCachesForArithmeticOrColdOperands) {
  EXPECT_FALSE(bandwidth_plan(bounded_plan("fma_f32", "size = 16\n")));
  EXPECT_FALSE(bandwidth_plan(bounded_plan("", "size = 16\n")));
  const harness::Plan cold = bounded_plan("stream_copy", "size = 16\ncache = cold\n");
  EXPECT_FALSE(bandwidth_plan(cold));
  const auto has = [](const harness::SectionPlan& section, const std::string& variant) {
    return std::any_of(section.arms.begin(), section.arms.end(),
                       [&](const harness::Arm& arm) { return arm.variant == variant; });
  };
  EXPECT_TRUE(has(ceilings_plan(cold), "stream_copy"));
  EXPECT_TRUE(has(ceilings_plan(bounded_plan("int8_dot", "size = 16\n")), "int8_dot"));
  EXPECT_FALSE(has(ceilings_plan(bounded_plan("fma_f32", "size = 16\n")), "int8_dot"));
}

TEST(Ceilings, StandBeforeTheSectionsOfThePlan) {
  harness::Plan plan = bounded_plan("stream_copy", "[one]\nsize = 16\n[two]\nsize = 17\n");
  add_ceilings(plan);
  ASSERT_EQ(plan.sections.size(), 4u);
  EXPECT_EQ(plan.sections[0].name, "(ceilings)");
  EXPECT_EQ(plan.sections[1].name, "(bandwidth)");
  EXPECT_TRUE(harness::measures_machine(plan.sections[1].name));
  EXPECT_FALSE(harness::measures_machine(plan.sections[2].name));
  EXPECT_EQ(plan.sections[1].protocol.looks, std::vector<int>{2 * launches_per_ceiling});
}

TEST(ExperimentFiles, PlanWithTheRealFamiliesOnAnyMachine) {
  const std::filesystem::path folder = std::string(CROSSOVER_SOURCE_ROOT) + "/experiments";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".cfg") continue;
    const std::string path = entry.path().string();
    for (const int cores : {1, 2, 3, 64, 256}) {
      harness::Plan plan = harness::make_plan(harness::read_config(path, {}), families(), {cores});
      add_ceilings(plan);
      EXPECT_EQ(plan.sections.front().name, "(ceilings)") << path;
      EXPECT_TRUE(plan.config.starts_with("# ")) << path;
      EXPECT_EQ(plan.config.substr(0, plan.config.find('\n')).back(), '?') << path;
    }
  }
}

}  // namespace
}  // namespace crossover::experiments
