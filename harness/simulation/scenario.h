#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/simulation/property.h"
#include "harness/simulation/timing_model.h"

namespace crossover::harness {

/// A kind of experiment whose truth is known, and what must hold in it.
struct Scenario {
  std::string name;         // for the command line: "slope 0.3"
  std::string description;  // what is true, in words
  Plan plan;
  /// The truth of one repetition. What an experimenter could not choose, such as where the root
  /// lies between the sizes of the grid, is drawn anew every time.
  std::function<TimingModel(std::mt19937_64&)> draw;
  std::vector<Property> properties;
};

/// All scenarios, in the order in which they are reported.
std::vector<Scenario> scenarios();

}  // namespace crossover::harness
