#include "harness/worker/hardware_counters.h"

#include <functional>
#include <gtest/gtest.h>
#include <thread>

namespace crossover::harness {
namespace {

TEST(EventsBetween, IsTheDifferenceOfTheCounts) {
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, EventReading{350, 40, 40}), 250);
  EXPECT_EQ(events_between(EventReading{100, 10, 5}, EventReading{100, 40, 35}), 0)
      << "what happened before does not matter";
}

TEST(EventsBetween, IsNullWhereNotAllOfItWasCounted) {
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, EventReading{350, 40010, 39010}),
            std::nullopt);
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, EventReading{100, 40, 10}), std::nullopt);
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, EventReading{100, 10, 10}), std::nullopt);
  EXPECT_EQ(events_between(std::nullopt, EventReading{350, 40, 40}), std::nullopt);
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, std::nullopt), std::nullopt);
}

TEST(EventsBetween, ForgivesClocksThatAreNotReadAtOnce) {
  EXPECT_EQ(events_between(EventReading{100, 10, 10}, EventReading{350, 100'010, 99'950}), 250);
}

volatile double sink = 0;

void add(int times) {
  for (int i = 0; i < times; ++i) sink = sink + 1;
}

std::optional<std::int64_t> instructions_of(const std::function<void()>& work) {
  const HardwareCounters counters;
  const auto before = counters.read();
  work();
  return events_between(before.instructions, counters.read().instructions);
}

TEST(HardwareCounters, AreNullOrCountTheWork) {
  constexpr int additions = 1'000'000;
  const auto instructions = instructions_of([] { add(additions); });
  if (!instructions) GTEST_SKIP() << "this machine does not allow hardware counters";
  EXPECT_GT(*instructions, additions);
  EXPECT_LT(*instructions, 100 * additions);
}

TEST(HardwareCounters, CoverThreadsThatAreStartedLater) {
  constexpr int additions = 1'000'000;
  const auto instructions = instructions_of([&] { std::thread(add, additions).join(); });
  if (!instructions) GTEST_SKIP() << "this machine does not allow hardware counters";
  EXPECT_GT(*instructions, additions);
}

TEST(HardwareCounters, OfAMachineThatAllowsThemHaveCycles) {
  const HardwareCounters counters;
  const auto before = counters.read();
  if (!before.cycles) GTEST_SKIP() << "this machine does not allow hardware counters";
  add(1'000'000);
  const auto cycles = events_between(before.cycles, counters.read().cycles);
  ASSERT_TRUE(cycles.has_value());
  EXPECT_GT(*cycles, 0);
}

}  // namespace
}  // namespace crossover::harness
