// A build of the program in which one variant takes longer: what a regression looks like to
// compare --live. Only --version and worker work.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "experiments/families.h"
#include "harness/worker/worker_main.h"

namespace crossover::experiments {
namespace {

constexpr std::string_view slow_variant = "simd";
constexpr double extra = 1;  // times each call: more than a busy machine can hide

harness::Case slow_case(const harness::Cell& cell) {
  harness::Case made = make_case(cell);
  if (cell.arm.variant != slow_variant) return made;
  made.call = [call = made.call] {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    call();
    const auto took = Clock::now() - start;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(extra * took);
    while (Clock::now() < end) {
    }
  };
  return made;
}

}  // namespace
}  // namespace crossover::experiments

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--version") {
    std::cout << "crossover 0.0.0 (slow)\n";
    return 0;
  }
  if (count != 3 || std::string_view(arguments[1]) != "worker") return 2;
  crossover::harness::worker_main(std::atoi(arguments[2]), crossover::experiments::slow_case);
  return 0;
}
