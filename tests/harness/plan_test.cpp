#include "harness/plan/plan.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

/// The arms as they are labelled when everything varies that can.
Words arm_labels(const SectionPlan& section) {
  Words labels;
  for (const Arm& arm : section.arms) labels.push_back(label(arm, section.varying));
  return labels;
}

Words comparison_labels(const SectionPlan& section, const std::vector<Pair>& pairs) {
  Words labels;
  for (const Pair& pair : pairs) {
    labels.push_back(label(section.arms[pair.variant], section.varying) + " / " +
                     label(section.arms[pair.against], section.varying));
  }
  return labels;
}

Words comparison_labels(const SectionPlan& section) {
  return comparison_labels(section, section.comparisons);
}

std::size_t cells(const SectionPlan& section) {
  std::size_t count = 0;
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      count += runs(section, arm, problem) ? 1 : 0;
    }
  }
  return count;
}

// -- arms -----------------------------------------------------------------------------------------

TEST(Arms, AreVariantsTimesSettingsAndSerialOnesRunOnce) {
  const SectionPlan section =
      section_of("variants=simd,eigen\nthreads=1,2\ncache=warm,cold\nsize=4\n");
  EXPECT_EQ(arm_labels(section),
            (Words{"simd", "simd[cache=cold]", "eigen", "eigen[cache=cold]", "eigen[threads=2]",
                   "eigen[threads=2,cache=cold]", "simd#1", "eigen[threads=2]#1"}));
  EXPECT_EQ(section.varying, (Words{"threads", "cache"}));
}

TEST(Arms, CountAsTheProductOfTheirAxes) {
  const SectionPlan section = section_of(
      "variants=eigen,openblas\nthreads=1,2,4\nisa=auto,avx2\ncache=warm,cold\n"
      "buffers=preallocated,per_call\npin=cores,none\nenv.A=x,y\nenv.B=1,2,3\nsize=4\n");
  const std::size_t originals = 2 * 3 * 2 * 2 * 2 * 2 * 2 * 3;
  EXPECT_EQ(section.arms.size(), originals + 2);
  EXPECT_EQ(std::set<Arm>(section.arms.begin(), section.arms.end()).size(), section.arms.size());
  // The base is eigen on one thread at every point of the other axes.
  EXPECT_EQ(section.comparisons.size(), originals - originals / 6);
}

TEST(Arms, HoldEverySettingWithItsDefault) {
  const Settings expected = {{"threads", "1"}, {"cache", "warm"},
                             {"isa", "auto"},  {"buffers", "preallocated"},
                             {"pin", "cores"}, {"env.A", "x"}};
  EXPECT_EQ(section_of("variants=simd\nsize=4\nenv.A=x\n").arms.front().settings, expected);
}

TEST(Arms, AreAllAvailableVariantsUnlessNamed) {
  const SectionPlan section = section_of("size=4\n");
  EXPECT_EQ(section.arms.size(), 7u + 1);
  for (const Arm& arm : section.arms) EXPECT_NE(arm.variant, "blis");
  EXPECT_EQ(section_of("variants=simd,blis\nsize=4\n").arms[1].variant, "blis");
}

TEST(Arms, FollowTheirBracketsBeforeTheAxes) {
  const SectionPlan section =
      section_of("variants=eigen[threads=2*cores, isa=avx2],eigen\nthreads=1,2\nsize=4\n");
  EXPECT_EQ(arm_labels(section),
            (Words{"eigen[threads=4,isa=avx2]", "eigen[isa=auto]", "eigen[threads=2,isa=auto]",
                   "eigen[threads=4,isa=avx2]#1", "eigen[threads=2,isa=auto]#1"}));
}

TEST(Arms, HaveEnvironmentVariablesOfTheirOwn) {
  const SectionPlan section = section_of("variants=eigen, eigen[env.A=x]\nagainst=naive\nsize=4\n");
  EXPECT_EQ(arm_labels(section),
            (Words{"eigen", "eigen[env.A=x]", "naive", "naive[env.A=x]", "naive#1"}));
  EXPECT_EQ(section.arms[0].settings.count("env.A"), 0u);
}

TEST(Arms, MergeWhenTheyAreTheSame) {
  const SectionPlan section =
      section_of("variants=eigen,eigen[threads=cores],simd,simd[isa=auto]\nsize=4\n", {}, 1);
  EXPECT_EQ(arm_labels(section), (Words{"eigen", "simd", "eigen#1"}));
}

TEST(Arms, TakeThreadsOneForASerialVariantThatAsksForIt) {
  EXPECT_EQ(arm_labels(section_of("variants=naive[threads=1]\nsize=4\n"))[0], "naive");
}

TEST(Arms, ObeyTheCommandLineBeforeTheFilesBrackets) {
  const std::string text = "variants=eigen[threads=cores]\nagainst=eigen[threads=1]\nsize=4\n";
  EXPECT_EQ(comparison_labels(section_of(text, {{"threads", "3"}})),
            (Words{"eigen[threads=3] / eigen"}));
  EXPECT_EQ(comparison_labels(
                section_of(text, {{"threads", "3"}, {"variants", "simd_parallel[threads=5]"}})),
            (Words{"simd_parallel[threads=5] / eigen"}));
}

// -- comparisons ----------------------------------------------------------------------------------

TEST(Comparisons, AreWithTheFirstVariantUnlessSaid) {
  EXPECT_EQ(comparison_labels(section_of("variants=naive,simd,eigen\nthreads=1,2\nsize=4\n")),
            (Words{"simd / naive", "eigen / naive", "eigen[threads=2] / naive"}));
  EXPECT_EQ(comparison_labels(section_of("variants=eigen,openblas\nthreads=2,4\nsize=4\n")),
            (Words{"eigen[threads=4] / eigen[threads=2]", "openblas[threads=2] / eigen[threads=2]",
                   "openblas[threads=4] / eigen[threads=2]"}));
}

TEST(Comparisons, OfEachWithEachHaveEveryPairOnce) {
  const SectionPlan section = section_of(
      "question=crossover\nvariants=naive,simd,eigen[threads=2]\nagainst=each\nsize=4,8\n");
  EXPECT_EQ(comparison_labels(section),
            (Words{"simd / naive", "eigen[threads=2] / naive", "eigen[threads=2] / simd"}));
  EXPECT_EQ(section.arms.size(), 3u + section.aa_pairs.size());
  EXPECT_EQ(comparison_labels(section, section.aa_pairs).size(), 2u);
}

TEST(Comparisons, PairLikeWithLike) {
  const SectionPlan section =
      section_of("variants=eigen\nagainst=simd\nthreads=2\ncache=warm,cold\nenv.A=x,y\nsize=4\n");
  EXPECT_EQ(
      comparison_labels(section),
      (Words{"eigen[threads=2,env.A=x] / simd[env.A=x]", "eigen[threads=2,env.A=y] / simd[env.A=y]",
             "eigen[threads=2,cache=cold,env.A=x] / simd[cache=cold,env.A=x]",
             "eigen[threads=2,cache=cold,env.A=y] / simd[cache=cold,env.A=y]"}));
}

TEST(Comparisons, TakeTheBasesThreadsFromItsBracketElseOne) {
  EXPECT_EQ(
      comparison_labels(section_of("variants=eigen\nagainst=openblas\nthreads=2,4\nsize=4\n")),
      (Words{"eigen[threads=2] / openblas", "eigen[threads=4] / openblas"}));
  EXPECT_EQ(comparison_labels(
                section_of("variants=eigen\nagainst=openblas[threads=4]\nthreads=2\nsize=4\n")),
            (Words{"eigen[threads=2] / openblas[threads=4]"}));
}

TEST(Comparisons, PutABracketAgainstTheSectionsValueWithinOneVariant) {
  EXPECT_EQ(comparison_labels(section_of("variants=simd[isa=avx2]\nagainst=simd\nsize=4\n")),
            (Words{"simd[isa=avx2] / simd[isa=auto]"}));
  EXPECT_EQ(comparison_labels(section_of("variants=simd[isa=avx2]\nagainst=naive\nsize=4\n")),
            (Words{"simd / naive"}));
}

TEST(Comparisons, AreWithTheFirstArmWhereAllAreOneVariant) {
  EXPECT_EQ(
      comparison_labels(section_of("question=compare\nvariants=simd\nisa=avx2,avx3\nsize=4\n")),
      (Words{"simd[isa=avx3] / simd[isa=avx2]"}));
}

TEST(Comparisons, OfAnArmWithItselfAreWithItsReplicaEverywhere) {
  for (const std::string question : {"sweep", "compare", "crossover"}) {
    const Plan plan = plan_of("family=matmul\nquestion=" + question +
                              "\nvariants=simd\nagainst=simd\ncache=warm,cold\nsize=1,2,4,8,16\n");
    const SectionPlan& section = plan.sections.front();
    EXPECT_EQ(comparison_labels(section),
              (Words{"simd#1 / simd", "simd[cache=cold]#1 / simd[cache=cold]"}));
    EXPECT_EQ(section.aa_pairs, (std::vector<Pair>{section.comparisons.front()}));
    EXPECT_EQ(cells(section), 4u * 5);
    EXPECT_EQ(plan.warnings, (Words{"section [x] compares simd with itself (A/A)"}));
  }
}

TEST(Comparisons, AreNoneInASweepOfOneArm) {
  const SectionPlan section = section_of("variants=simd\nsize=4\n");
  EXPECT_TRUE(section.comparisons.empty());
  EXPECT_EQ(comparison_labels(section, section.aa_pairs), (Words{"simd#1 / simd"}));
}

// -- A/A arms -------------------------------------------------------------------------------------

TEST(NoiseFloor, IsTakenFromTheBaseAndTheFirstThreadedArm) {
  const SectionPlan section =
      section_of("variants=naive,eigen,openblas\nthreads=1,2\nsize=1,2,3,4,5,6,7\n");
  EXPECT_EQ(comparison_labels(section, section.aa_pairs),
            (Words{"naive#1 / naive", "eigen[threads=2]#1 / eigen[threads=2]"}));
  EXPECT_EQ(section.aa_problems, (std::vector<std::size_t>{0, 3, 6}));
  EXPECT_EQ(cells(section), 5u * 7 + 2 * 3);
  EXPECT_TRUE(runs(section, 5, 3));
  EXPECT_FALSE(runs(section, 5, 2));
  EXPECT_TRUE(runs(section, 4, 2));
}

TEST(NoiseFloor, UsesEveryProblemOfAFew) {
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(section_of("variants=simd\nsize=1\n").aa_problems, (Places{0}));
  EXPECT_EQ(section_of("variants=simd\nsize=1,2\n").aa_problems, (Places{0, 1}));
  EXPECT_EQ(section_of("variants=simd\nsize=1,2,3\n").aa_problems, (Places{0, 1, 2}));
}

TEST(NoiseFloor, LeavesOutWhatCannotRun) {
  const SectionPlan section = section_of("variants=simd,blis,eigen\nthreads=2\nsize=1\n");
  EXPECT_EQ(comparison_labels(section, section.aa_pairs),
            (Words{"simd#1 / simd", "eigen[threads=2]#1 / eigen[threads=2]"}));
  EXPECT_TRUE(section_of("variants=blis,simd\nsize=1\n").aa_pairs.empty());
}

// -- the rest -------------------------------------------------------------------------------------

TEST(Protocol, HasDefaultsByQuestionAndReadsKeys) {
  EXPECT_EQ(section_of("size=4\n").protocol.looks, (std::vector<int>{8, 10, 15, 20}));
  EXPECT_EQ(section_of("question=crossover\nagainst=simd\nsize=1,2\n").protocol.looks,
            (std::vector<int>{6, 10, 15, 20}));
  const Protocol protocol =
      section_of(
          "size=4\nlaunches=3,5\nquartets=2\ndelta=3%\nhalf_width=0.005\nmin_sample=200us\n"
          "budget=2min\ntimeout=1.5h\n")
          .protocol;
  EXPECT_EQ(protocol.looks, (std::vector<int>{3, 5}));
  EXPECT_EQ(protocol.quartets, 2);
  EXPECT_DOUBLE_EQ(protocol.equivalence_margin, 0.03);
  EXPECT_DOUBLE_EQ(protocol.target_half_width, 0.005);
  EXPECT_DOUBLE_EQ(protocol.min_sample_seconds, 2e-4);
  EXPECT_DOUBLE_EQ(protocol.budget_seconds, 120);
  EXPECT_DOUBLE_EQ(protocol.timeout_seconds, 5400);
}

TEST(MakePlan, KeepsWhatItWasMadeFrom) {
  const std::string text = "family=matmul\nseed=7\n[a]\nsize=1\n[b]\nsize=2\n";
  const Plan plan = plan_of(text, {{"a.size", "3"}});
  EXPECT_EQ(plan.experiment, "x");
  EXPECT_EQ(plan.source, "x.cfg");
  EXPECT_EQ(plan.config, text);
  EXPECT_EQ(plan.overrides, (Overrides{{"a.size", "3"}}));
  EXPECT_EQ(plan.seed, 7u);
  EXPECT_EQ(plan_of(text, {{"seed", "18446744073709551615"}}).seed, 18446744073709551615u);
  EXPECT_EQ(plan_of("family=matmul\nsize=1\n").seed, 1u);
  EXPECT_EQ(plan.sections[1].name, "b");
  EXPECT_EQ(plan.sections[1].family, "matmul");
}

TEST(Warnings, NameMoreThreadsThanCpusOnceEach) {
  const Plan plan = plan_of(
      "family=matmul\nsize=1\nvariants=eigen,openblas\n[a]\nthreads=1,3\n[b]\nthreads=3,4*cores\n");
  EXPECT_EQ(plan.warnings, (Words{"threads = 3 is more than the 2 CPUs of this process",
                                  "threads = 8 is more than the 2 CPUs of this process"}));
}

TEST(Warnings, NameThreadsThatNothingUses) {
  EXPECT_EQ(plan_of("family=matmul\nsize=1\nvariants=simd,naive\nthreads=2\n").warnings,
            (Words{"x.cfg:4: threads = 2 applies to no arm of section [x]"}));
}

TEST(Families, IgnoreWhatIsMeantForAnother) {
  const std::string text =
      "isa=avx2\nexponential=fast\n[a]\nfamily=matmul\nsize=4\n[b]\nfamily=softmax\nrows=1\n"
      "columns=2\n";
  const Plan plan = plan_of(text, {{"size", "8"}});
  EXPECT_EQ(plan.sections[0].arms[0].settings.at("isa"), "avx2");
  EXPECT_EQ(plan.sections[1].arms[0].settings.at("exponential"), "fast");
  EXPECT_EQ(plan.sections[1].arms[0].settings.count("isa"), 0u);
  EXPECT_EQ(plan.warnings,
            (Words{"--size does not apply to section [b]: family softmax has no size"}));
  EXPECT_TRUE(error_of([&] {
                plan_of(text, {{"b.isa", "auto"}});
              }).starts_with("--b.isa: unknown key 'isa' of family softmax; legal: rows, "));
}

TEST(MakePlan, ExpandsManyCells) {
  const SectionPlan section = section_of(
      "variants=eigen,openblas,parallel,simd_parallel\nthreads=1..25+1\nenv.A=a,b,c,d,e,f,g,h,i,j\n"
      "size=1..100+1\n");
  EXPECT_EQ(section.arms.size(), 1000u + 2);
  EXPECT_EQ(cells(section), 100'000u + 2 * 3);
  EXPECT_EQ(section.comparisons.size(), 1000u - 10);
}

TEST(MakePlan, ExpandsManyArmsAndManySections) {
  EXPECT_EQ(section_of("variants=eigen\nthreads=1..1000+1\nenv.A=a,b,c,d,e,f,g,h,i,j\n"
                       "env.B=a,b,c,d,e,f,g,h,i\nsize=4\n")
                .comparisons.size(),
            90'000u - 90);
  std::string text = "family=matmul\nsize=1..100*1.5\n";
  for (int i = 0; i < 2000; ++i) text += "[s" + std::to_string(i) + "]\nthreads=1,2\n";
  EXPECT_EQ(plan_of(text).sections.size(), 2000u);
}

}  // namespace
}  // namespace crossover::harness
