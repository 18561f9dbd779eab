#include <algorithm>
#include <gtest/gtest.h>

#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/probe_cases.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"
#include "harness/worker/cpu_time.h"

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

TEST(Cases, OfOurOwnVariantsAreRightInEveryCacheAndBufferSetting) {
  for (const std::string variant : {"naive", "simd", "simd_parallel"}) {
    for (const std::string cache : {"warm", "cold"}) {
      for (const std::string buffers : {"preallocated", "per_call"}) {
        const harness::Case the_case = make_case(matmul_cell(variant, 2, cache, buffers));
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant << cache << buffers;
        for (int i = 0; i < 3; ++i) the_case.call();
        EXPECT_DOUBLE_EQ(the_case.work.flops, 2.0 * 2 * 65 * 33 * 47);
      }
    }
  }
}

harness::Cell q8_cell(const std::string& variant, int threads, const std::string& product,
                      const std::string& cache = "warm",
                      const std::string& buffers = "preallocated") {
  return {"test",
          {"matmul_q8",
           variant,
           {{"threads", std::to_string(threads)},
            {"cache", cache},
            {"buffers", buffers},
            {"isa", "auto"},
            {"product", product}},
           0},
          {{"m", 9}, {"n", 65}, {"k", 96}}};
}

TEST(Cases, OfQuantisedWeightsAreRightInEveryCacheAndBufferSetting) {
  for (const std::string variant : {"naive", "dequantise_first", "dequantise_first_simd", "simd",
                                    "simd_parallel", "prepacked", "prepacked_parallel"}) {
    for (const std::string cache : {"warm", "cold"}) {
      for (const std::string buffers : {"preallocated", "per_call"}) {
        const harness::Case the_case = make_case(q8_cell(variant, 2, "simd", cache, buffers));
        EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant << cache << buffers;
        for (int i = 0; i < 3; ++i) the_case.call();
        EXPECT_DOUBLE_EQ(the_case.work.flops, 2.0 * 9 * 65 * 96);
        EXPECT_DOUBLE_EQ(the_case.work.bytes, 4.0 * (9 * 96 + 9 * 65) + 34.0 * 65 * 3);
      }
    }
  }
}

TEST(Cases, OfQuantisedWeightsThatNeedAProductAreUnsupportedWithoutOne) {
  EXPECT_THROW(make_case(q8_cell("dequantise_first_simd", 1, "none")), harness::Unsupported);
  harness::Cell cell = q8_cell("simd", 1, "none");
  cell.problem = {{"m", 1}, {"n", 1}, {"k", 40}};
  EXPECT_THROW(make_case(cell), harness::Unsupported);
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

TEST(Ceilings, HoldThePeakOfEveryFamily) {
  const std::string rest = "question = sweep\nvariants = simd\nsize = 32\n";
  const auto holds = [](const Words& arms, const std::string& probe) {
    return std::any_of(arms.begin(), arms.end(),
                       [&](const std::string& arm) { return arm.starts_with(probe); });
  };
  const Words floats = ceilings_of("family = matmul\n" + rest);
  EXPECT_TRUE(holds(floats, "fma_f32"));
  EXPECT_FALSE(holds(floats, "int8_dot"));
  EXPECT_TRUE(holds(ceilings_of("family = matmul_q8\n" + rest), "int8_dot"));
  EXPECT_EQ(plan_of("family = matmul_q8\n" + rest, 2).sections.front().peak, "int8_dot");
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

TEST(ExperimentFiles, OfProbesPoolsAndQuantisedWeightsPlanOnAnyMachine) {
  for (const std::string name :
       {"ceilings.cfg", "harness_overhead.cfg", "pool_interference.cfg", "matmul_q8.cfg"}) {
    const std::string path = std::string(CROSSOVER_SOURCE_ROOT) + "/experiments/" + name;
    for (const int cores : {1, 2, 3, 64, 256}) {
      const harness::Plan plan =
          harness::make_plan(harness::read_config(path, {}), families(), {cores});
      EXPECT_TRUE(plan.config.starts_with("# ")) << name;
      EXPECT_EQ(plan.config.substr(0, plan.config.find('\n')).back(), '?') << name;
    }
  }
}

}  // namespace
}  // namespace crossover::experiments
