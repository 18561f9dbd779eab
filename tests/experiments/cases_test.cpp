#include <gtest/gtest.h>

#include "experiments/families.h"
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
            {"isa", "auto"}},
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

TEST(Cases, CountWhatExecuted) {
  const harness::ExecutionCounts serial = make_case(matmul_cell("simd", 1)).count();
  EXPECT_EQ(serial.parallel_regions, 0u);
  EXPECT_EQ(serial.threads_used, 1u);
  const harness::ExecutionCounts parallel = make_case(matmul_cell("simd_parallel", 2)).count();
  EXPECT_EQ(parallel.parallel_regions, 1u);
  EXPECT_EQ(parallel.threads_used, 2u);
  EXPECT_EQ(parallel.code_path, serial.code_path);
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

}  // namespace
}  // namespace crossover::experiments
