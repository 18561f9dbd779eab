#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/norm/reference.h"
#include "tests/kernels/norm_case.h"

namespace crossover::kernels::test {
namespace {

using norm::Args;
using norm::Kind;
using norm::Residual;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

class NormReference : public testing::TestWithParam<Kind> {
 protected:
  /// The verdict on a right result after `spoil` had its way with it.
  static std::optional<std::string> verdict(float mean,
                                            const std::function<void(const Args&)>& spoil) {
    NormOperands operands({.problem = {5, 70, Residual::fused}, .mean = mean});
    const norm::Family& family = GetParam() == Kind::rms ? norm::rms_norm : norm::layer_norm;
    run(*family.find("simd"), operands.args(), Residual::fused);
    spoil(operands.args());
    return norm::why_wrong(GetParam(), operands.args(), Residual::fused);
  }
};

TEST_P(NormReference, AcceptsWhatIsRight) {
  for (const float mean : {0.0F, 1e4F}) {
    const auto why = verdict(mean, [](const Args&) {});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
}

TEST_P(NormReference, CatchesOneElementThatIsSlightlyWrong) {
  for (Index j = 0; j < 70; ++j) {
    for (const bool in_h : {false, true}) {
      const auto why = verdict(1, [&](const Args& args) {
        float& value = (in_h ? args.h : args.y).row(j % 5)[j];
        value += in_h ? 1e-4F : 1e-3F;
      });
      EXPECT_TRUE(why &&
                  why->starts_with(fmt::format("{}, row {}, col {}:", in_h ? "h" : "y", j % 5, j)))
          << why.value_or("accepted");
    }
  }
}

TEST_P(NormReference, CatchesWhatIsNotDoneOrDoneOtherwise) {
  EXPECT_TRUE(verdict(0, [](const Args& args) { args.y.row(4)[69] = nan; }));
  EXPECT_TRUE(verdict(0, [](const Args& args) { args.h.row(4)[69] = nan; }));
  EXPECT_TRUE(verdict(0, [](const Args& args) {  // a mean over one element too few
    for (Index j = 0; j < 70; ++j) args.y.row(2)[j] *= std::sqrt(70.0F / 69);
  }));
  EXPECT_TRUE(verdict(3, [](const Args& args) {  // the other norm
    const norm::Family& other = GetParam() == Kind::rms ? norm::layer_norm : norm::rms_norm;
    run(*other.find("naive"), args, Residual::fused);
  }));
}

// mean of squares minus square of the mean, all in f32, where all digits cancel.
TEST(NormReferenceOfLayer, CatchesVarianceOfASinglePass) {
  NormOperands operands({.problem = {4, 768}, .has_bias = false, .mean = 1e4F});
  const Args args = operands.args();
  for (Index i = 0; i < 4; ++i) {
    float sum = 0;
    float squares = 0;
    for (Index j = 0; j < 768; ++j) {
      sum += args.x.row(i)[j];
      squares += args.x.row(i)[j] * args.x.row(i)[j];
    }
    const float mean = sum / 768;
    const float variance = std::abs(squares / 768 - mean * mean);
    for (Index j = 0; j < 768; ++j) {
      args.y.row(i)[j] =
          (args.x.row(i)[j] - mean) / std::sqrt(variance + args.epsilon) * args.weight[j];
    }
  }
  EXPECT_TRUE(norm::why_wrong(Kind::layer, args, Residual::none));
}

INSTANTIATE_TEST_SUITE_P(Kinds, NormReference, testing::Values(Kind::rms, Kind::layer),
                         [](const auto& instance) {
                           return instance.param == Kind::rms ? "rms" : "layer";
                         });

}  // namespace
}  // namespace crossover::kernels::test
