#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <rapidcheck.h>
#include <set>
#include <stdexcept>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/instruction_set.h"
#include "kernels/core/module.h"
#include "kernels/core/partition.h"
#include "kernels/matmul/matmul.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

TEST(Partition, SharesCoverTheRangeEvenly) {
  EXPECT_TRUE(rc::check([] {
    const Index count = *rc::gen::inRange<Index>(0, 1000);
    const Index parts = *rc::gen::inRange<Index>(1, 140);
    const Index granule = *rc::gen::inRange<Index>(1, 40);
    Index next = 0;
    std::set<Index> granules;
    for (Index part = 0; part < parts; ++part) {
      const Range range = share(count, parts, part, granule);
      RC_ASSERT(range.begin == next);
      RC_ASSERT(range.end >= range.begin);
      RC_ASSERT(range.begin % granule == 0 || range.begin == count);
      granules.insert(ceil_div(range.size(), granule));
      next = range.end;
    }
    RC_ASSERT(next == count);
    RC_ASSERT(*granules.rbegin() - *granules.begin() <= 1);
  }));
}

TEST(InstructionSet, EveryListedOneCanBeForced) {
  ASSERT_FALSE(instruction_sets().empty());
  EXPECT_EQ(instruction_set(), instruction_sets().front());
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    EXPECT_EQ(instruction_set(), set);
  }
  EXPECT_EQ(instruction_set(), instruction_sets().front());
}

#if defined(__aarch64__)
TEST(InstructionSet, NeonIsTheBestOfAarch64) { EXPECT_EQ(instruction_sets().front(), "neon"); }
#endif

TEST(InstructionSet, UnknownNameIsRefusedWithTheLegalOnes) {
  try {
    force_instruction_set("mmx");
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("'mmx'"), std::string::npos) << message;
    for (const std::string& set : instruction_sets()) {
      EXPECT_NE(message.find(set), std::string::npos) << message;
    }
  }
}

TEST(InstructionSet, Avx512IsAnotherNameOfAvx3) {
  if (instruction_sets().front() != "avx3") GTEST_SKIP() << "this CPU has no AVX-512";
  const ForcedInstructionSet forced("avx512");
  EXPECT_EQ(instruction_set(), "avx3");
}

TEST(CpuCaches, GrowWithTheirLevel) {
  EXPECT_GE(cpu_caches().level1, 8U * 1024);
  EXPECT_GT(cpu_caches().level2, cpu_caches().level1);
  EXPECT_GE(cpu_caches().level3, cpu_caches().level2);
}

TEST(Module, MissingFileIsNamed) {
  EXPECT_EQ(module_file("none_such"), std::nullopt);
  try {
    load_module("none_such", "symbol");
    FAIL() << "loaded";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("libcrossover_none_such.so"), std::string::npos);
  }
}

std::string mapped_files() {
  std::ifstream maps("/proc/self/maps");
  return {std::istreambuf_iterator<char>(maps), {}};
}

TEST(Module, ListingLoadsNoVendorLibrary) {
  for (const matmul::Kernel& kernel : matmul::family()) kernel.why_unsupported({1, 8, 8, 8});
  EXPECT_EQ(mapped_files().find("libcrossover_"), std::string::npos);
  EXPECT_EQ(mapped_files().find("blas"), std::string::npos);
}

TEST(Kernel, TraitsHaveNames) {
  EXPECT_EQ(to_string(Threading::openmp), "openmp");
  EXPECT_EQ(to_string(Simd::highway), "highway");
  EXPECT_EQ(to_string(Packing::per_call), "per_call");
}

}  // namespace
}  // namespace crossover::kernels::test
