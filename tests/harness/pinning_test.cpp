#include "harness/worker/pinning.h"

#include <gtest/gtest.h>

#include "harness/worker/cpu_time.h"

namespace crossover::harness {
namespace {

Placement on(std::vector<int> cpus) { return {std::move(cpus), true, {}}; }

using Cpus = std::vector<int>;

TEST(SpareCpus, AreThoseThatNoArmOccupies) {
  EXPECT_EQ(spare_cpus({1, 2, 3, 0}, {on({1}), on({1, 2})}), (Cpus{3, 0}));
  EXPECT_EQ(spare_cpus({1, 0}, {on({1})}), Cpus{0});
  EXPECT_EQ(spare_cpus({1, 0}, {}), (Cpus{1, 0}));
}

TEST(SpareCpus, AreNoneWhereTheArmsTakeAll) {
  EXPECT_EQ(spare_cpus({1, 0}, {on({1}), on({0, 1})}), Cpus{});
  EXPECT_EQ(spare_cpus({0}, {on({0})}), Cpus{});
  EXPECT_EQ(spare_cpus({}, {on({0})}), Cpus{});
}

TEST(SpareCpus, AreNoneWhereAnArmRunsAnywhere) {
  EXPECT_EQ(spare_cpus({0, 1, 2}, {on({1}), on({})}), Cpus{});
}

TEST(OwnAffinity, HoldsAsLongAsItLives) {
  const Cpus before = allowed_cpus();
  {
    const OwnAffinity affinity({before.back()});
    EXPECT_EQ(allowed_cpus(), Cpus{before.back()});
  }
  EXPECT_EQ(allowed_cpus(), before);
}

TEST(OwnAffinity, OfNoCpusChangesNothing) {
  const Cpus before = allowed_cpus();
  const OwnAffinity affinity({});
  EXPECT_EQ(allowed_cpus(), before);
}

TEST(OwnAffinity, ThatTheKernelRefusesChangesNothing) {
  const Cpus before = allowed_cpus();
  {
    const OwnAffinity affinity({CPU_SETSIZE - 1});
    EXPECT_EQ(allowed_cpus(), before);
  }
  EXPECT_EQ(allowed_cpus(), before);
}

}  // namespace
}  // namespace crossover::harness
