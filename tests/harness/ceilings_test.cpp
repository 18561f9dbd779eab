#include "harness/results/ceilings.h"

#include <gtest/gtest.h>

namespace crossover::harness {
namespace {

Arm arm_of(int threads, const std::string& cache = "warm") {
  return {"f", "v", {{"threads", std::to_string(threads)}, {"cache", cache}}, 0};
}

/// One probe of arithmetic and one of memory, on one and two threads.
Json measured() {
  Json ceilings;
  for (const int threads : {1, 2}) {
    ceilings["fma_f32"].push_back({{"threads", threads}, {"flops_per_second", 1e9 * threads}});
    const auto add = [&](const Json& kib, double rate) {
      ceilings["stream_read"].push_back(
          {{"threads", threads}, {"kib", kib}, {"bytes_per_second", rate * threads}});
    };
    add(nullptr, 10);
    add(16, 400);
    add(256, 200);
    add(4096, 100);
  }
  return ceilings;
}

double rate(const std::string& probe, const Arm& arm, double bytes) {
  const auto ceiling = ceiling_of(measured(), probe, arm, {1, bytes});
  return ceiling ? ceiling->per_second : 0;
}

constexpr double kib = 1024;

TEST(Ceilings, OfWarmOperandsIsThatOfTheLargestMemoryThatIsNotLarger) {
  EXPECT_EQ(rate("stream_read", arm_of(1), 16 * kib), 400);
  EXPECT_EQ(rate("stream_read", arm_of(1), 256 * kib - 1), 400);
  EXPECT_EQ(rate("stream_read", arm_of(1), 256 * kib), 200);
  EXPECT_EQ(rate("stream_read", arm_of(1), 5000 * kib), 100);
  EXPECT_EQ(rate("stream_read", arm_of(1), 1e12), 100);
}

TEST(Ceilings, OfLittleMemoryIsThatOfTheLeastMeasured) {
  EXPECT_EQ(rate("stream_read", arm_of(1), 1), 400);
  EXPECT_EQ(rate("stream_read", arm_of(1), 0), 400);
}

TEST(Ceilings, OfColdOperandsIsThatOfMemory) {
  EXPECT_EQ(rate("stream_read", arm_of(1, "cold"), 16 * kib), 10);
  EXPECT_EQ(ceiling_of(measured(), "stream_read", arm_of(1, "cold"), {1, 1})->kib, std::nullopt);
}

TEST(Ceilings, BelongToATeamAndToItsShareOfTheOperands) {
  EXPECT_EQ(rate("stream_read", arm_of(2), 500 * kib), 2 * 400);
  EXPECT_EQ(rate("stream_read", arm_of(2), 512 * kib), 2 * 200);
  // More threads than were measured run on as many cores.
  EXPECT_EQ(rate("stream_read", arm_of(7), 512 * kib), 2 * 200);
  EXPECT_EQ(rate("fma_f32", arm_of(7), 0), 2e9);
}

TEST(Ceilings, ThatWereNotMeasuredAreNone) {
  EXPECT_EQ(rate("stream_copy", arm_of(1), 1), 0);
  EXPECT_EQ(rate("", arm_of(1), 1), 0);
  Json ceilings = measured();
  ceilings["stream_read"] = {ceilings["stream_read"][0]};
  EXPECT_FALSE(ceiling_of(ceilings, "stream_read", arm_of(1), {1, 1}));
  EXPECT_TRUE(ceiling_of(ceilings, "stream_read", arm_of(1, "cold"), {1, 1}));
  ceilings["stream_read"] = {measured()["stream_read"][1]};
  EXPECT_FALSE(ceiling_of(ceilings, "stream_read", arm_of(1, "cold"), {1, 1}));
}

TEST(Ceilings, SayWhatTheyAreOf) {
  EXPECT_EQ(
      to_json(ceiling_of(measured(), "stream_read", arm_of(1), {1, 300 * kib})),
      (Json{{"probe", "stream_read"}, {"threads", 1}, {"kib", 256}, {"bytes_per_second", 200.0}}));
  EXPECT_EQ(
      to_json(ceiling_of(measured(), "fma_f32", arm_of(1), {1, 0})),
      (Json{{"probe", "fma_f32"}, {"threads", 1}, {"kib", nullptr}, {"flops_per_second", 1e9}}));
  EXPECT_TRUE(to_json(std::optional<Ceiling>()).is_null());
}

}  // namespace
}  // namespace crossover::harness
