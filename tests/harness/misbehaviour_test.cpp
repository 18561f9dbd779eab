#include <chrono>
#include <gtest/gtest.h>

#include "harness/run/runner.h"
#include "harness/worker/worker_process.h"
#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

/// The cases of test_cases.h as a family: real processes, real crashes.
FamilyInfo misbehaving_family() {
  FamilyInfo family;
  family.name = "test";
  family.extents = {"n"};
  for (const char* name : {"good", "wrong", "throws", "throws_late", "crashes", "crashes_late",
                           "hangs", "unsupported"}) {
    VariantInfo variant;
    variant.name = name;
    family.variants.push_back(variant);
  }
  family.flops = [](const Problem& problem) { return static_cast<double>(extent(problem, "n")); };
  family.memory_bytes = [](const Arm&, const Problem&) { return 0.0; };
  family.rough_seconds = [](const Arm&, const Problem&) { return 1e-6; };
  return family;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// One sweep over all kinds of misbehaviour, shared by the tests below.
class Misbehaviour : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    plan_ = new Plan(make_plan(
        parse_config("family = test\nn = 1, 2\nlaunches = 6\nquartets = 2\ntimeout = 10s\n"
                     "variants = good, wrong, throws, throws_late, crashes, crashes_late, hangs, "
                     "unsupported\n",
                     "x.cfg", {}),
        {misbehaving_family()}, {2}));
    ProcessHost host({"/proc/self/exe", "worker"}, [](const Arm&) {
      return Placement{{}, false, {{"PATH", "/usr/bin:/bin"}}};
    });
    FakeObserver observer;
    Runner runner(*plan_, {host, observer, seconds_now, 1e12, {misbehaving_family()}});
    runner.check(0);
    runner.measure(0);
    evidence_ = new Evidence(runner.evidence(0));
  }
  static void TearDownTestSuite() {
    delete evidence_;
    delete plan_;
  }

  /// The facts of a variant at n = 1 or n = 2.
  static const CellFacts& facts(const std::string& variant, std::int64_t n) {
    return *evidence_->facts(arm(variant), static_cast<std::size_t>(n - 1));
  }

  static std::size_t launches(const std::string& variant, std::int64_t n) {
    return evidence_->launches(arm(variant), static_cast<std::size_t>(n - 1));
  }

  static std::size_t arm(const std::string& variant) {
    for (std::size_t i = 0; i < plan_->sections[0].arms.size(); ++i) {
      if (plan_->sections[0].arms[i].variant == variant) return i;
    }
    throw std::logic_error("no such arm");
  }

  static inline Plan* plan_ = nullptr;
  static inline Evidence* evidence_ = nullptr;
};

TEST_F(Misbehaviour, TheGoodKernelIsMeasuredEverywhere) {
  for (const std::int64_t n : {1, 2}) {
    EXPECT_EQ(facts("good", n).status, Status::measured);
    EXPECT_EQ(launches("good", n), 6u);
  }
}

TEST_F(Misbehaviour, EachFaultIsARowWithItsReasonAndIsNotTimed) {
  EXPECT_EQ(facts("wrong", 1).status, Status::wrong);
  EXPECT_EQ(facts("wrong", 1).reason, "row 3: 1.0, expected 2.0");
  EXPECT_EQ(facts("throws", 1).status, Status::failed);
  EXPECT_EQ(facts("throws", 1).reason, "prepared badly");
  EXPECT_EQ(facts("crashes", 2).status, Status::failed);
  EXPECT_NE(facts("crashes", 2).reason->find("signal 11"), std::string::npos);
  EXPECT_EQ(facts("hangs", 1).status, Status::failed);
  EXPECT_NE(facts("hangs", 1).reason->find("hung"), std::string::npos);
  EXPECT_EQ(facts("unsupported", 1).status, Status::unsupported);
  for (const char* variant : {"wrong", "throws", "crashes", "hangs", "unsupported"}) {
    EXPECT_EQ(launches(variant, 1), 0u) << variant;
  }
}

TEST_F(Misbehaviour, ACrashInMidRunCostsThatCellOnly) {
  EXPECT_EQ(facts("crashes_late", 1).status, Status::measured);
  EXPECT_EQ(launches("crashes_late", 1), 6u);
  EXPECT_EQ(facts("crashes_late", 2).status, Status::failed);
}

}  // namespace
}  // namespace crossover::harness
