#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

#include "harness/plan/plan.h"
#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

Words problem_labels(const SectionPlan& section) {
  Words labels;
  for (const Problem& problem : section.problems) labels.push_back(label(problem));
  return labels;
}

// -- problems -------------------------------------------------------------------------------------

TEST(Problems, AreTheCrossProductAscendingInWorkWithoutDuplicates) {
  const SectionPlan section = section_of("m = 4, 1\nn = 2, 8\nk = 1\nbatch = 3\n");
  EXPECT_EQ(problem_labels(section), (Words{"batch=3 m=1 n=2 k=1", "batch=3 m=1 n=8 k=1",
                                            "batch=3 m=4 n=2 k=1", "batch=3 m=4 n=8 k=1"}));
  EXPECT_EQ(section_of("m=1,2\nn=3,4,5\nk=6,7\n").problems.size(), 12u);
  EXPECT_EQ(section_of("m=1\nnk=3x4,5x6,3x4\n").problems.size(), 2u);
}

TEST(Problems, OfAnAliasHaveEqualExtents) {
  const SectionPlan section = section_of("size = 64, 16\n");
  EXPECT_EQ(problem_labels(section), (Words{"batch=1 m=16 n=16 k=16", "batch=1 m=64 n=64 k=64"}));
}

TEST(Problems, OfTuplesVaryTogether) {
  const SectionPlan section = section_of("m = 1\nnk = 5x7, 2x3\n");
  EXPECT_EQ(problem_labels(section), (Words{"batch=1 m=1 n=2 k=3", "batch=1 m=1 n=5 k=7"}));
}

TEST(Problems, ComeFromAFileOfShapesBesideTheConfig) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("crossover_plan_test_" + std::to_string(getpid()));
  std::filesystem::create_directory(directory);
  std::ofstream(directory / "layers.txt") << "# m n k\n\n4 5 6   # a layer\r\n1,2, 3\n4 5 6\n";
  std::ofstream(directory / "bad.txt") << "1 2 3\n1 2\n";
  std::ofstream(directory / "zero.txt") << "1 0 3\n";
  std::ofstream(directory / "empty.txt") << "# nothing\n";
  const auto plan = [&](const std::string& file) {
    const std::string text = "family = matmul\nbatch = 2\nshapes = " + file + "\n";
    return make_plan(parse_config(text, (directory / "x.cfg").string(), {}), {fake_matmul()}, {2});
  };
  EXPECT_EQ(problem_labels(plan("layers.txt").sections[0]),
            (Words{"batch=2 m=1 n=2 k=3", "batch=2 m=4 n=5 k=6"}));
  const std::string typed = std::filesystem::relative(directory / "layers.txt").string();
  const Config elsewhere =
      parse_config("family = matmul\nsize = 4\n", "/nowhere/x.cfg", {{"shapes", typed}});
  EXPECT_EQ(make_plan(elsewhere, {fake_matmul()}, {2}).sections[0].problems.size(), 2u)
      << "on the command line a file is relative to where it is typed";
  const std::string place = directory.string();
  EXPECT_EQ(error_of([&] { plan("bad.txt"); }),
            place + "/bad.txt:2: shape '1 2'; expected m n k as 3 positive integers");
  EXPECT_EQ(error_of([&] { plan("zero.txt"); }),
            place +
                "/zero.txt:1: n = 0; expected positive integers: 64, cores, 2*cores, "
                "16..1024*1.5 or 1..8+1");
  EXPECT_EQ(error_of([&] { plan("empty.txt"); }),
            place + "/x.cfg:3: shapes = empty.txt; " + place + "/empty.txt has no shapes");
  EXPECT_EQ(error_of([&] { plan("none.txt"); }),
            place + "/x.cfg:3: shapes = none.txt; cannot read " + place + "/none.txt");
  std::filesystem::remove_all(directory);
}

// -- which key sets an extent ---------------------------------------------------------------------

TEST(Extents, OfTheCommandLineReplaceTheFilesKeysForTheSameThing) {
  EXPECT_EQ(problem_labels(section_of("m=1\nnk=2x3\n", {{"size", "8"}})),
            (Words{"batch=1 m=8 n=8 k=8"}));
  EXPECT_EQ(problem_labels(section_of("size=8\n", {{"m", "1"}, {"nk", "2x3"}})),
            (Words{"batch=1 m=1 n=2 k=3"}));
  EXPECT_EQ(problem_labels(section_of("shapes=none.txt\n", {{"size", "8"}})),
            (Words{"batch=1 m=8 n=8 k=8"}));
}

TEST(Extents, OfASectionReplaceTheDefaultsForTheSameThing) {
  const Plan plan = plan_of("family=matmul\nsize=8\n[a]\nm=1\nn=2\nk=3\n[b]\n");
  EXPECT_EQ(problem_labels(plan.sections[0]), (Words{"batch=1 m=1 n=2 k=3"}));
  EXPECT_EQ(problem_labels(plan.sections[1]), (Words{"batch=1 m=8 n=8 k=8"}));
}

TEST(Extents, OfOneSectionsOptionWinOverThoseOfAll) {
  const Plan plan = plan_of("family=matmul\n[a]\nsize=8\n[b]\nsize=8\n",
                            {{"a.m", "1"}, {"a.nk", "2x3"}, {"size", "4"}});
  EXPECT_EQ(problem_labels(plan.sections[0]), (Words{"batch=1 m=1 n=2 k=3"}));
  EXPECT_EQ(problem_labels(plan.sections[1]), (Words{"batch=1 m=4 n=4 k=4"}));
}

// -- curves ---------------------------------------------------------------------------------------

const std::string crossover = "question=crossover\nvariants=eigen[threads=2]\nagainst=simd\n";

TEST(Curves, GroupByWhatTheAxisDoesNotSet) {
  const SectionPlan section = section_of(crossover + "axis=m\nm=4,1,2\nnk=2x3,8x8\nbatch=1,2\n");
  EXPECT_EQ(section.axis, "m");
  ASSERT_EQ(section.curves.size(), 4u);
  std::set<std::string> fixed;
  std::set<std::size_t> places;
  for (const Curve& curve : section.curves) {
    fixed.insert(label(curve.fixed));
    EXPECT_EQ(curve.axis_values, (std::vector<std::int64_t>{1, 2, 4}));
    for (std::size_t i = 0; i < curve.problems.size(); ++i) {
      EXPECT_EQ(extent(section.problems[curve.problems[i]], "m"), curve.axis_values[i]);
      places.insert(curve.problems[i]);
    }
  }
  EXPECT_EQ(fixed, (std::set<std::string>{"batch=1 n=2 k=3", "batch=1 n=8 k=8", "batch=2 n=2 k=3",
                                          "batch=2 n=8 k=8"}));
  EXPECT_EQ(places.size(), 12u);
}

TEST(Curves, TakeTheOnlyAxisThatVaries) {
  EXPECT_EQ(section_of(crossover + "size=1,2\n").axis, "size");
  EXPECT_EQ(section_of(crossover + "m=1\nn=2\nk=1..8*2\n").axis, "k");
  EXPECT_EQ(section_of(crossover + "m=1,2\nnk=2x3,4x5\n").axis, "m");
  EXPECT_EQ(section_of(crossover + "size=4\nbatch=1,2\n").axis, "batch");
}

TEST(Curves, AlongAnAliasNeedEqualExtents) {
  const SectionPlan section =
      section_of(crossover + "axis=size\nnk=4x4,2x2\nm=2\n", {{"size", "1,3"}});
  EXPECT_EQ(section.axis, "size");
  EXPECT_EQ(error_of([] { section_of(crossover + "axis=size\nm=2,4\nnk=4x4\n"); }),
            "x.cfg: section [x] has axis = size, which does not describe the problem batch=1 m=2 "
            "n=4 k=4");
}

TEST(Curves, AscendInTheAxisWhateverTheWork) {
  FamilyInfo family = fake_matmul();
  family.flops = [](const Problem& problem) { return 1.0 / extent(problem, "m"); };
  const Config config = parse_config("family=matmul\n" + crossover + "size=1,4,2\n", "x.cfg", {});
  const SectionPlan section = make_plan(config, {family}, {2}).sections.front();
  EXPECT_EQ(label(section.problems.front()), "batch=1 m=4 n=4 k=4");
  EXPECT_EQ(section.curves.front().axis_values, (std::vector<std::int64_t>{1, 2, 4}));
  EXPECT_EQ(section.curves.front().problems, (std::vector<std::size_t>{2, 1, 0}));
}

TEST(Curves, KeepTheirAxisWhenTheCommandLineGivesTuples) {
  EXPECT_EQ(section_of(crossover + "axis=n\nm=1\nnk=2x3,4x3\n", {{"nk", "1x1,5x1"}}).axis, "n");
}

TEST(Curves, FollowTheCommandLineToAnotherAxis) {
  const std::string layers = crossover + "axis=m\nm=1,2\nnk=2x3,4x5\n";
  EXPECT_EQ(section_of(layers, {{"size", "1,2"}}).axis, "size");
  EXPECT_EQ(section_of(layers, {{"m", "1,2,3"}}).axis, "m");
  EXPECT_EQ(section_of(layers, {{"nk", "1x1"}}).axis, "m");
  EXPECT_EQ(section_of(layers, {{"axis", "n"}, {"nk", "1x1,2x1"}}).axis, "n");
}

}  // namespace
}  // namespace crossover::harness
