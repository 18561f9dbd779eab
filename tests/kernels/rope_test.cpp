#include "kernels/rope/rope.h"

#include <array>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <numbers>
#include <rapidcheck.h>
#include <set>

#include "tests/kernels/rope_case.h"

namespace crossover::kernels::test {
namespace {

using rope::Kernel;

constexpr std::array pairings = {Pairing::halves, Pairing::interleaved};

// Every variant, found through the list: a new one is tested without a change here.
class RopeConformance : public testing::TestWithParam<const Kernel*> {
 protected:
  static const Kernel& kernel() { return *GetParam(); }

  static std::vector<std::string> instruction_sets_to_test() {
    if (kernel().traits.simd == Simd::none) return {instruction_sets().front()};
    return instruction_sets();
  }

  static std::vector<int> thread_counts() {
    if (kernel().traits.threading == Threading::none) return {1};
    return {1, 2, 3, 5};
  }

  static void expect_right(const RopeCase& c, int threads) {
    const auto why = why_wrong(kernel(), c, {threads});
    EXPECT_EQ(why, std::nullopt) << *why;
  }

  /// y of one row of one head at a position.
  static std::vector<float> turned(std::vector<float> x, const Rotation& rotation, Index position) {
    const auto dim = static_cast<Index>(x.size());
    std::vector<float> y(x.size());
    const rope::Problem problem{1, 1, dim, rotation, {position, 1}};
    run(kernel(), problem,
        {dense<const float>(x.data(), 1, 1, dim),
         dense(y.data(), 1, 1, dim),
         1,
         {position, {}},
         rotation},
        {1});
    return y;
  }
};

// Around the vectors of all instruction sets, in whole and in part turned.
TEST_P(RopeConformance, EdgesOfVectorsAndGroupsOfHeads) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Pairing pairing : pairings) {
      for (const Index head_dim :
           {0, 1, 2, 6, 8, 10, 14, 16, 18, 30, 32, 34, 62, 64, 66, 80, 257}) {
        for (const Index rotary_dim : {Index{0}, head_dim / 4 * 2, head_dim / 2 * 2}) {
          for (const Index heads : {0, 1, 2, 3, 4, 5, 9}) {
            const rope::Problem problem = rope_problem(2, heads, head_dim, rotary_dim, pairing, 3);
            expect_right({.problem = problem}, 1);
            expect_right({.problem = problem, .layout = {3, 0, 17}, .in_place = true}, 1);
          }
        }
      }
    }
  }
}

TEST_P(RopeConformance, RowsThreadsAndPackedPositions) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Index rows : {0, 1, 2, 3, 7, 33}) {
        for (const Pairing pairing : pairings) {
          RopeCase c = {.problem = rope_problem(rows, 3, 48, 40, pairing, 9), .layout = {5, 0, 1}};
          expect_right(c, threads);
          c.in_place = true;
          expect_right(c, threads);
          for (Index row = 0; row < rows; ++row) {
            c.each.push_back(static_cast<std::int32_t>(9 + row * 5 % 7));
          }
          c.problem.positions = {9, 7};
          expect_right(c, threads);
        }
      }
    }
  }
}

TEST_P(RopeConformance, LongHeadsAndManyOfThem) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const int threads : thread_counts()) {
      for (const Pairing pairing : pairings) {
        expect_right({.problem = rope_problem(40, 3, 256, 256, pairing)}, threads);
        expect_right({.problem = rope_problem(9, 32, 128, 128, pairing)}, threads);
      }
    }
  }
}

// Where an angle in f32 would be off by a thousand times the bound, and at the last position.
TEST_P(RopeConformance, PositionsFarOut) {
  for (const std::string& set : instruction_sets_to_test()) {
    const ForcedInstructionSet forced(set);
    for (const Index position : {Index{39'001}, Index{100'000}, Index{1'000'003},
                                 Index{std::numeric_limits<std::int32_t>::max()} - 3}) {
      for (const Pairing pairing : pairings) {
        RopeCase c = {.problem = rope_problem(3, 2, 128, 128, pairing, position)};
        for (const double base : {1.0, 10'000.0, 1e6}) {
          c.problem.rotation.base = base;
          expect_right(c, 1);
        }
        c.problem.rotation.scale = 0.125;
        expect_right(c, 1);
      }
    }
  }
}

TEST_P(RopeConformance, SixthOfATurnByHand) {
  // With base 1 every pair turns by position * scale, here 60 degrees.
  for (const Pairing pairing : pairings) {
    const Rotation rotation = {4, pairing, 1, std::numbers::pi / 6};
    const float cosine = 0.5F;
    const float sine = std::sqrt(0.75F);
    // The pairs are (1, 0) and (0, 1), whichever way they lie.
    const std::vector<float> x = {1, 0, 0, 1, 7};
    const std::vector<float> expected = pairing == Pairing::halves
                                            ? std::vector<float>{cosine, -sine, sine, cosine, 7}
                                            : std::vector<float>{cosine, sine, -sine, cosine, 7};
    const std::vector<float> y = turned(x, rotation, 2);
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 3e-7F) << i;
  }
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> values(count);
  for (float& v : values) v = value(random);
  return values;
}

TEST_P(RopeConformance, PositionZeroIsTheIdentity) {
  for (const Pairing pairing : pairings) {
    const std::vector<float> x = random_values(70, 1);
    EXPECT_EQ(turned(x, {66, pairing}, 0), x);
  }
}

TEST_P(RopeConformance, KeepsNormsAndAddsUp) {
  for (const Pairing pairing : pairings) {
    const Rotation rotation = {64, pairing};
    const std::vector<float> x = random_values(64, 2);
    const std::vector<float> once = turned(x, rotation, 1000);
    const std::vector<float> twice = turned(once, rotation, 234);
    const std::vector<float> direct = turned(x, rotation, 1234);
    double before = 0;
    double after = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      before += static_cast<double>(x[i]) * x[i];
      after += static_cast<double>(once[i]) * once[i];
      EXPECT_NEAR(twice[i], direct[i], 3e-6) << i;
    }
    EXPECT_NEAR(after, before, 1e-6 * before);
    EXPECT_GT(std::abs(once[0] - x[0]), 0.01);  // it did turn
  }
}

// Products of turned vectors depend on the distance of their positions alone: what RoPE is for.
TEST_P(RopeConformance, ProductsDependOnDistancesAlone) {
  for (const Pairing pairing : pairings) {
    const Rotation rotation = {64, pairing};
    const std::vector<float> q = random_values(64, 3);
    const std::vector<float> k = random_values(64, 4);
    const auto product = [&](Index q_position, Index k_position) {
      const std::vector<float> a = turned(q, rotation, q_position);
      const std::vector<float> b = turned(k, rotation, k_position);
      double sum = 0;
      for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
      return sum;
    };
    EXPECT_NEAR(product(17, 5), product(50'017, 50'005), 2e-5);
    EXPECT_GT(std::abs(product(17, 5) - product(17, 6)), 1e-3);
  }
}

TEST_P(RopeConformance, SharedTableGivesTheSameBits) {
  const rope::Problem problem = rope_problem(6, 3, 50, 48, Pairing::halves, 10);
  const RopeTable table(problem.rotation, {0, 100});
  GuardedMatrix x(1, 6, 150, {});
  x.fill_random(5);
  std::vector<float> own(900);
  std::vector<float> shared(900);
  rope::Args args = {x.view(), dense(own.data(), 1, 6, 150), 3, {10, {}}, problem.rotation};
  run(kernel(), problem, args, {1});
  args.y = dense(shared.data(), 1, 6, 150);
  run(kernel(), problem, args, {1}, &table);
  EXPECT_EQ(own, shared);
}

TEST_P(RopeConformance, DeclinesWhatCannotTurn) {
  const auto why = [](Index head_dim, const Rotation& rotation) {
    return kernel().why_unsupported({1, 1, head_dim, rotation, {0, 1}}).value_or("");
  };
  EXPECT_EQ(why(8, {8}), "");
  EXPECT_NE(why(8, {7}).find("rotary_dim = 7"), std::string::npos);
  EXPECT_NE(why(8, {10}).find("head_dim = 8"), std::string::npos);
  EXPECT_NE(why(8, {8, Pairing::halves, 0.5}).find("base = 0.5"), std::string::npos);
  EXPECT_NE(why(8, {8, Pairing::halves, 1e4, 2}).find("scale = 2"), std::string::npos);
}

TEST_P(RopeConformance, AnyShapeLayoutAndThreadCount) {
  const std::vector<std::string> sets = instruction_sets_to_test();
  const std::vector<int> threads = thread_counts();
  EXPECT_TRUE(rc::check([&] {
    const ForcedInstructionSet forced(*rc::gen::elementOf(sets));
    const Index head_dim = *rc::gen::inRange<Index>(0, 150);
    RopeCase c = {
        .problem = rope_problem(*rc::gen::inRange<Index>(0, 12), *rc::gen::inRange<Index>(0, 9),
                                head_dim, *rc::gen::inRange<Index>(0, head_dim / 2 + 1) * 2,
                                *rc::gen::element(Pairing::halves, Pairing::interleaved),
                                *rc::gen::inRange<Index>(0, 200'000)),
        .layout = {*rc::gen::inRange<Index>(0, 20), 0, *rc::gen::inRange<Index>(0, 20)},
        .in_place = *rc::gen::arbitrary<bool>(),
    };
    c.problem.rotation.base = *rc::gen::element(10.0, 10'000.0, 1'000'000.0);
    c.problem.rotation.scale = *rc::gen::element(1.0, 0.125);
    const auto why = why_wrong(kernel(), c, {*rc::gen::elementOf(threads)});
    if (why) RC_FAIL(*why);
  }));
}

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : rope::family()) kernels.push_back(&kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Family, RopeConformance, testing::ValuesIn(all_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(RopeFamily, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Kernel& kernel : rope::family()) {
    EXPECT_EQ(rope::find(kernel.name), &kernel);
    EXPECT_FALSE(kernel.source.empty());
    names.insert(kernel.name);
  }
  EXPECT_EQ(names.size(), rope::family().size());
  EXPECT_EQ(rope::find("none such"), nullptr);
}

TEST(RopeFamily, CodePathNamesTheForcedInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    for (const char* name : {"simd", "simd_computed", "simd_parallel"}) {
      const rope::Problem problem = rope_problem(1, 1, 8, 8, Pairing::interleaved);
      EXPECT_EQ(rope::find(name)->prepare(problem, {}, {})->code_path(), set + " interleaved");
    }
  }
}

/// The verdict on a right rotation after `spoil` had its way with it.
std::optional<std::string> verdict(const std::function<void(const rope::Args&)>& spoil,
                                   Pairing pairing = Pairing::halves) {
  const rope::Problem problem = rope_problem(5, 3, 20, 16, pairing, 100);
  GuardedMatrix x(1, 5, 60, {3, 0, 1});
  GuardedMatrix y(1, 5, 60, {3, 0, 1});
  x.fill_random(1);
  const rope::Args args = {x.view(), y.view(), 3, {100, {}}, problem.rotation};
  run(*rope::find("simd"), problem, args, {1});
  spoil(args);
  return rope::why_wrong(args);
}

TEST(RopeReference, AcceptsWhatIsRight) {
  for (const Pairing pairing : pairings) {
    EXPECT_EQ(verdict([](const rope::Args&) {}, pairing), std::nullopt);
  }
}

TEST(RopeReference, CatchesOneElementThatIsSlightlyWrong) {
  const auto why = verdict([](const rope::Args& args) { args.y.row(0, 3)[20 + 7] += 2e-6F; });
  EXPECT_TRUE(why.value_or("").starts_with("row 3, head 1, dim 7: value")) << why.value_or("");
}

TEST(RopeReference, CatchesPoisonAndChangedRests) {
  for (const float poison :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_NE(verdict([&](const rope::Args& args) { args.y.row(0, 4)[59] = poison; }),
              std::nullopt);
  }
  const auto why = verdict([](const rope::Args& args) {
    float& last = args.y.row(0, 0)[19];
    last = std::nextafter(last, 2.0F);
  });
  EXPECT_TRUE(why.value_or("").starts_with("row 0, head 0, dim 19:")) << why.value_or("");
}

TEST(RopeReference, CatchesAnotherPairingAnglesOfTheNextRowAndNoRotation) {
  const rope::Problem problem = rope_problem(5, 3, 20, 16, Pairing::halves, 100);
  const auto spoil_with = [&](const Rotation& rotation, Index first) {
    return verdict([&](const rope::Args& args) {
      rope::Args wrong = args;
      wrong.rotation = rotation;
      wrong.positions.first = first;
      run(*rope::find("cached"), {5, 3, 20, rotation, {first, 5}}, wrong, {1});
    });
  };
  Rotation interleaved = problem.rotation;
  interleaved.pairing = Pairing::interleaved;
  EXPECT_NE(spoil_with(interleaved, 100), std::nullopt);
  EXPECT_NE(spoil_with(problem.rotation, 101), std::nullopt);
  EXPECT_NE(spoil_with({0}, 100), std::nullopt);
  EXPECT_EQ(spoil_with(problem.rotation, 100), std::nullopt);
}

// An angle that was computed in f32 is off by up to 0.004 at position 100,000.
TEST(RopeReference, CatchesAnglesInSinglePrecision) {
  constexpr Index dim = 64;
  const rope::Problem problem = rope_problem(1, 1, dim, dim, Pairing::interleaved, 99'999);
  GuardedMatrix x(1, 1, dim, {});
  GuardedMatrix y(1, 1, dim, {});
  x.fill_random(1);
  const rope::Args args = {x.view(), y.view(), 1, {99'999, {}}, problem.rotation};
  for (Index pair = 0; pair < dim / 2; ++pair) {
    const float angle = 99'999.0F * std::pow(10'000.0F, -2.0F * static_cast<float>(pair) / dim);
    const float a = x.view().data[2 * pair];
    const float b = x.view().data[2 * pair + 1];
    y.view().data[2 * pair] = a * std::cos(angle) - b * std::sin(angle);
    y.view().data[2 * pair + 1] = a * std::sin(angle) + b * std::cos(angle);
  }
  EXPECT_NE(rope::why_wrong(args), std::nullopt);
}

}  // namespace
}  // namespace crossover::kernels::test
