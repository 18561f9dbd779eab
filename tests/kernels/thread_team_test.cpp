#include "kernels/core/thread_team.h"

#include <atomic>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/core/parallel.h"

namespace crossover::kernels::test {
namespace {

/// Two teams side by side in one region, several pieces of work each, and all of that twice.
TEST(ThreadTeam, EveryMemberRunsEveryPieceOnce) {
  for (const int size : {1, 2, 3}) {
    constexpr int pieces = 100;
    ThreadTeam first(size);
    ThreadTeam second(size);
    ThreadTeam* const teams[] = {&first, &second};
    for (int repetition = 0; repetition < 2; ++repetition) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(2 * size * pieces));
      parallel_region({2 * size}, [&](int thread, int threads) {
        ASSERT_EQ(threads, 2 * size);
        const int number = thread / size;
        ThreadTeam& team = *teams[number];
        if (thread % size > 0) return team.serve(thread % size);
        for (int piece = 0; piece < pieces; ++piece) {
          team.run([&](int member, int members) {
            EXPECT_EQ(members, size);
            ++runs[static_cast<std::size_t>((number * pieces + piece) * size + member)];
          });
        }
        if (size > 1) team.dismiss();
      });
      for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadTeam, TheLeaderSeesWhatMembersWrote) {
  ThreadTeam team(2);
  parallel_region({2}, [&](int thread, int) {
    if (thread == 1) return team.serve(1);
    for (int i = 0; i < 10'000; ++i) {
      int written[2] = {-1, -1};
      team.run([&](int member, int) { written[member] = i; });
      EXPECT_EQ(written[0], i);
      EXPECT_EQ(written[1], i);
    }
    team.dismiss();
  });
}

class CountingObserver : public RegionObserver {
 public:
  void began() override { ++begins; }
  void arrived(int thread) override { arrivals |= 1U << thread; }
  void ended() override { ++ends; }
  int begins = 0;
  std::atomic<unsigned> arrivals = 0;
  int ends = 0;
};

TEST(ParallelRegion, RunsOnATeamAndTellsItsObserver) {
  ThreadTeam team(2);
  CountingObserver observer;
  reset_execution_counters();
  parallel_region({2}, [&](int thread, int) {
    if (thread == 1) return team.serve(1);
    const ParallelPolicy policy{2, &team, &observer};
    parallel_region(policy, [](int, int) {});
    parallel_region(policy.with_threads(1), [](int, int) {});  // on the leader alone
    team.dismiss();
  });
  EXPECT_EQ(observer.begins, 1);
  EXPECT_EQ(observer.ends, 1);
  EXPECT_EQ(observer.arrivals, 3U);
  EXPECT_EQ(read_execution_counters().parallel_regions, 2U);
  EXPECT_EQ(read_execution_counters().tasks, 5U);
}

}  // namespace
}  // namespace crossover::kernels::test
