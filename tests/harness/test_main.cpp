#include <cstdlib>
#include <gtest/gtest.h>
#include <string_view>

#include "harness/worker/worker_main.h"
#include "tests/harness/test_cases.h"

/// The tests' program is also the program of the workers that they start.
int main(int count, char** arguments) {
  if (count == 3 && std::string_view(arguments[1]) == "worker") {
    crossover::harness::worker_main(std::atoi(arguments[2]), crossover::harness::make_test_case);
    return 0;
  }
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
