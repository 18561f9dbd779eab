#include "harness/run/narrowing.h"

#include <gtest/gtest.h>

namespace crossover::harness {
namespace {

const std::vector<std::int64_t> sizes{16, 22, 29, 39, 53, 72, 97, 131};

CrossoverPrediction prediction_of(double value, double low, double high) {
  return {value, Interval{low, high}, std::nullopt, std::nullopt};
}

TEST(NeededSizes, AreTheEndsAndTheOnesAroundThePrediction) {
  EXPECT_EQ(needed_sizes(sizes, prediction_of(42, 36, 50)),
            (std::vector<std::size_t>{0, 2, 3, 4, 7}));
  EXPECT_EQ(needed_sizes(sizes, prediction_of(45, 25, 100)), (std::vector<std::size_t>{0, 1, 3, 7}))
      << "45 is nearer to 39 than to 53 on the log scale";
}

TEST(NeededSizes, APredictionAtAnEndNeedsFewer) {
  EXPECT_EQ(needed_sizes(sizes, prediction_of(17, 16, 19)), (std::vector<std::size_t>{0, 1, 7}));
}

TEST(NeededSizes, AreAllWithoutAPrediction) {
  EXPECT_EQ(needed_sizes(sizes, {std::nullopt, std::nullopt, "p = 1", std::nullopt}).size(),
            sizes.size());
}

}  // namespace
}  // namespace crossover::harness
