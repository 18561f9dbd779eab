#include "model/transformer/text_queue.h"

#include <gtest/gtest.h>
#include <numeric>
#include <thread>

namespace crossover::model::test {
namespace {

using kernels::Index;

std::vector<std::size_t> all_of(TextQueue& queue, int team) {
  std::vector<std::size_t> texts;
  while (const auto text = queue.next(team)) texts.push_back(*text);
  return texts;
}

TEST(TextQueue, FixedGivesEqualNumbersInOrder) {
  TextQueue queue(Schedule::fixed, std::vector<Index>{9, 1, 1, 1, 1}, 2);
  EXPECT_EQ(all_of(queue, 1), (std::vector<std::size_t>{3, 4}));
  EXPECT_EQ(all_of(queue, 0), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(TextQueue, DynamicGivesTheLongestFirst) {
  TextQueue queue(Schedule::dynamic, std::vector<Index>{3, 9, 5, 9}, 2);
  EXPECT_EQ(all_of(queue, 0), (std::vector<std::size_t>{1, 3, 2, 0}));
  EXPECT_TRUE(all_of(queue, 1).empty());
}

TEST(TextQueue, StealingTakesTheLastTextsOfOthers) {
  TextQueue queue(Schedule::stealing, std::vector<Index>(6, 1), 2);
  EXPECT_EQ(all_of(queue, 1), (std::vector<std::size_t>{3, 4, 5, 2, 1, 0}));
}

TEST(TextQueue, RestartsAsItBegan) {
  for (const Schedule schedule : {Schedule::fixed, Schedule::dynamic, Schedule::stealing}) {
    TextQueue queue(schedule, std::vector<Index>{4, 2, 8}, 1);
    const std::vector<std::size_t> first = all_of(queue, 0);
    EXPECT_EQ(first.size(), 3U);
    queue.restart();
    EXPECT_EQ(all_of(queue, 0), first);
  }
}

TEST(TextQueue, EveryTextIsDealtOnceWhoeverRaces) {
  for (const Schedule schedule : {Schedule::fixed, Schedule::dynamic, Schedule::stealing}) {
    constexpr int teams = 4;
    constexpr std::size_t texts = 1000;
    TextQueue queue(schedule, std::vector<Index>(texts, 1), teams);
    for (int repetition = 0; repetition < 20; ++repetition) {
      std::vector<std::vector<std::size_t>> taken(teams);
      {
        std::vector<std::jthread> threads;
        for (int team = 0; team < teams; ++team) {
          threads.emplace_back([&, team] { taken[team] = all_of(queue, team); });
        }
      }
      std::vector<int> times(texts, 0);
      for (const auto& of_team : taken) {
        for (const std::size_t text : of_team) ++times[text];
      }
      EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<long>(texts));
      queue.restart();
    }
  }
}

}  // namespace
}  // namespace crossover::model::test
