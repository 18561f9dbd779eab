#include "harness/worker/machine.h"

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

#include "harness/duration.h"
#include "harness/worker/cpu_time.h"
#include "harness/worker/measurement.h"

namespace crossover::harness {
namespace {

TEST(PlacementOrder, TakesOneThreadPerCoreFirstAndTheLowestCoreLast) {
  EXPECT_EQ(placement_order({{0}, {1}}), (std::vector<int>{1, 0}));
  EXPECT_EQ(placement_order({{0, 4}, {1, 5}, {2, 6}, {3, 7}}),
            (std::vector<int>{1, 2, 3, 0, 5, 6, 7, 4}));
  EXPECT_EQ(placement_order({{3}}), (std::vector<int>{3}));
  EXPECT_TRUE(placement_order({}).empty());
}

TEST(Machine, KnowsItself) {
  const Machine machine = read_machine();
  EXPECT_GE(machine.cores, 1);
  EXPECT_EQ(machine.cpus.size(), static_cast<std::size_t>(machine.cores));
  EXPECT_GT(machine.memory_bytes, 1e8);
  EXPECT_GT(machine.available_bytes, 0);
  EXPECT_LE(machine.available_bytes, machine.memory_bytes);
}

TEST(Machine, IsNamedByMoreThanWhatAHypervisorCallsIt) {
  Machine machine;
  machine.cpu = "AMD EPYC";
  EXPECT_EQ(machine.name(), "AMD EPYC (1 CPU)");
  machine.cpu_model = "family 26 model 2";
  machine.cores = 2;
  EXPECT_EQ(machine.name(), "AMD EPYC, family 26 model 2 (2 CPUs)");
}

TEST(Duration, HasThreeDigitsAndAUnit) {
  EXPECT_EQ(duration_text(8.5e-7), "850 ns");
  EXPECT_EQ(duration_text(9.9996e-7), "1.00 us");
  EXPECT_EQ(duration_text(1.2344e-5), "12.3 us");
  EXPECT_EQ(duration_text(0.0031), "3.10 ms");
  EXPECT_EQ(duration_text(2.54), "2.5 s");
  EXPECT_EQ(duration_text(260), "4 min 20 s");
  EXPECT_EQ(duration_text(3900), "1 h 05 min");
}

/// Calls that last 10 us, and 20 ms where `is_disturbed` says so of their number.
Case short_calls(const std::function<bool(int)>& is_disturbed) {
  const auto calls = std::make_shared<int>(0);
  Case made;
  made.call = [=] {
    const auto wait = std::chrono::microseconds(is_disturbed((*calls)++) ? 20'000 : 10);
    const auto end = std::chrono::steady_clock::now() + wait;
    while (std::chrono::steady_clock::now() < end) {
    }
  };
  made.count = [] { return ExecutionCounts{}; };
  return made;
}

TEST(Calibration, MakesSamplesOfTheLengthThatWasAskedFor) {
  const CellFacts facts = characterise(short_calls([](int) { return false; }), 1e-3);
  EXPECT_GE(facts.iterations * *facts.call_seconds, 1e-3);
  EXPECT_LE(facts.iterations, 100);
  EXPECT_GT(facts.iterations, 20);
}

TEST(Calibration, IsNotMisledByADisturbedCall) {
  for (const int disturbed : {0, 1, 2, 10, 60}) {
    const CellFacts facts =
        characterise(short_calls([=](int call) { return call == disturbed; }), 1e-3);
    EXPECT_GT(facts.iterations, 20) << "call " << disturbed << " took 20 ms";
  }
}

TEST(Measurement, CallsExactlyAsOftenAsAsked) {
  int calls = 0;
  Case counted;
  counted.call = [&] { ++calls; };
  const Sample sample = measure(counted, 1234, allowed_cpus(), HardwareCounters());
  EXPECT_EQ(calls, 1234);
  EXPECT_EQ(sample.iterations, 1234);
  EXPECT_GT(sample.seconds, 0);
}

TEST(Texts, OfBytesHaveTheirUnit) {
  EXPECT_EQ(bytes_text(100), "100 B");
  EXPECT_EQ(bytes_text(32768), "32 KiB");
  EXPECT_EQ(bytes_text(23.4 * 1024 * 1024 * 1024), "23.4 GiB");
  EXPECT_EQ(bytes_text(3 * 1024.0 * 1024 * 1024 * 1024), "3 TiB");
}

TEST(Measurement, WarmsUpAtLeastOnceAndAtLeastThatLong) {
  int calls = 0;
  Case counted;
  counted.call = [&] { ++calls; };
  warm_up(counted, 0);
  EXPECT_EQ(calls, 1);
  warm_up(counted, 1e-3);
  EXPECT_GT(calls, 10);
}

/// A call that takes no time and leaves what takes long to give back.
TEST(Measurement, GivingBackIsNoPartOfTheTime) {
  constexpr double long_seconds = 0.02;
  int calls = 0;
  bool left = false;
  Case heavy;
  heavy.call = [&] {
    EXPECT_FALSE(left) << "call " << calls;
    left = true;
    ++calls;
  };
  heavy.give_back = [&] {
    if (left) std::this_thread::sleep_for(std::chrono::duration<double>(long_seconds));
    left = false;
  };
  heavy.count = [] { return ExecutionCounts{}; };
  heavy.call();
  const CellFacts facts = characterise(heavy, 1e-9);
  EXPECT_LT(*facts.call_seconds, long_seconds / 4);
  warm_up(heavy, 0);
  const int before = calls;
  EXPECT_LT(measure(heavy, 4, allowed_cpus(), HardwareCounters()).seconds, long_seconds / 4);
  EXPECT_EQ(calls - before, 4);
}

TEST(Measurement, CalibratesToTheWantedLength) {
  volatile double sink = 0;
  Case busy;
  busy.call = [&] {
    for (int i = 0; i < 5000; ++i) sink = sink + 1;
  };
  busy.count = [] { return ExecutionCounts{}; };
  const CellFacts facts = characterise(busy, 1e-3);
  EXPECT_GE(static_cast<double>(facts.iterations) * *facts.call_seconds, 1e-3);
  EXPECT_FALSE(facts.counts.execution.tasks) << "missing is not zero";
}

}  // namespace
}  // namespace crossover::harness
