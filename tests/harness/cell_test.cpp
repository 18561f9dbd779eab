#include "harness/cell.h"

#include <functional>
#include <gtest/gtest.h>
#include <set>

namespace crossover::harness {
namespace {

Cell example() {
  return {"table",
          {"matmul", "simd", {{"threads", "1"}, {"cache", "warm"}}, 0},
          {{"batch", 1}, {"m", 64}, {"n", 64}, {"k", 64}}};
}

// Computed by a separate program from the definition of FNV-1a. Whoever changes this value makes
// every stored run impossible to resume.
TEST(CellId, IsStable) { EXPECT_EQ(cell_id(example()), "69899464cfa7298d"); }

TEST(CellId, ChangesWithEveryPart) {
  const std::vector<std::function<void(Cell&)>> changes = {
      [](Cell& c) { c.section = "tables"; },
      [](Cell& c) { c.arm.family = "softmax"; },
      [](Cell& c) { c.arm.variant = "simd_parallel"; },
      [](Cell& c) { c.arm.replica = 1; },
      [](Cell& c) { c.arm.settings["threads"] = "2"; },
      [](Cell& c) { c.arm.settings["isa"] = "auto"; },
      [](Cell& c) { c.arm.settings.erase("cache"); },
      [](Cell& c) { c.problem[1].second = 65; },
      [](Cell& c) { c.problem[1].second = 6; },
      [](Cell& c) { c.problem[0].first = "m2"; },
      [](Cell& c) { c.problem.pop_back(); },
      [](Cell& c) { std::swap(c.problem[1].second, c.problem[0].second); }};
  std::set<std::string> ids{cell_id(example())};
  for (const auto& change : changes) {
    Cell cell = example();
    change(cell);
    ids.insert(cell_id(cell));
  }
  EXPECT_EQ(ids.size(), changes.size() + 1);
}

TEST(CellId, DoesNotDependOnTheOrderOfTheExtents) {
  Cell cell = example();
  std::swap(cell.problem.front(), cell.problem.back());
  EXPECT_EQ(cell_id(cell), cell_id(example()));
}

TEST(CellId, KeepsNeighbouringFieldsApart) {
  Cell one = example();
  one.section = "ab";
  one.arm.family = "c";
  Cell other = example();
  other.section = "a";
  other.arm.family = "bc";
  EXPECT_NE(cell_id(one), cell_id(other));
}

TEST(CellId, DoesNotTakeASettingForAnExtent) {
  Cell setting = example();
  setting.arm.settings = {{"m", "1"}};
  setting.problem = {};
  Cell problem = example();
  problem.arm.settings = {};
  problem.problem = {{"m", 1}};
  EXPECT_NE(cell_id(setting), cell_id(problem));
}

TEST(ThreadsOf, IsTheSettingOrOne) {
  EXPECT_EQ(threads_of({"f", "v", {{"threads", "12"}}, 0}), 12);
  EXPECT_EQ(threads_of({"f", "v", {}, 0}), 1);
  EXPECT_EQ(threads_of({"f", "v", {{"threads", "two"}}, 0}), 1);
  EXPECT_EQ(threads_of({"f", "v", {{"threads", "-2"}}, 0}), 1);
}

TEST(Label, NamesWhatVariesAndIsNotUsual) {
  const Arm arm{"matmul",
                "simd",
                {{"threads", "2"}, {"cache", "cold"}, {"isa", "avx2"}, {"env.A", "active"}},
                0};
  EXPECT_EQ(label(arm, {}), "simd");
  EXPECT_EQ(label(arm, {"threads"}), "simd[threads=2]");
  EXPECT_EQ(label(arm, {"threads", "isa", "cache", "env.A"}),
            "simd[threads=2,isa=avx2,cache=cold,env.A=active]");
  EXPECT_EQ(label(arm, {"env.B"}), "simd");
}

TEST(Label, NeverNamesTheUsual) {
  const Settings usual{
      {"threads", "1"}, {"cache", "warm"}, {"buffers", "preallocated"}, {"pin", "cores"}};
  EXPECT_EQ(label(Arm{"matmul", "simd", usual, 0}, {"threads", "cache", "buffers", "pin"}), "simd");
}

TEST(Label, NumbersAReplica) {
  EXPECT_EQ(label(Arm{"matmul", "simd", {{"threads", "2"}}, 1}, {"threads"}), "simd[threads=2]#1");
}

TEST(Label, ListsTheExtents) {
  EXPECT_EQ(label(Problem{{"m", 64}, {"n", 128}}), "m=64 n=128");
  EXPECT_EQ(label(Problem{}), "");
}

TEST(Extent, IsZeroWhereTheProblemHasNone) {
  EXPECT_EQ(extent(example().problem, "m"), 64);
  EXPECT_EQ(extent(example().problem, "rows"), 0);
}

TEST(CellId, ASwitchThatIsOffIsTheSameCellAsBeforeThereWasOne) {
  Cell cell{"section", {"matmul", "simd", {{"threads", "1"}}, 0}, {{"m", 64}}};
  const std::string before = cell_id(cell);
  cell.arm.settings["other_pool"] = "none";
  EXPECT_EQ(cell_id(cell), before);
  cell.arm.settings["other_pool"] = "openmp";
  EXPECT_NE(cell_id(cell), before);
}

}  // namespace
}  // namespace crossover::harness
