#include "experiments/row_cases.h"

#include "experiments/instruction_set_setting.h"
#include "kernels/core/cpu_caches.h"

namespace crossover::experiments {
namespace {

double elements_of(const harness::Problem& problem) {
  return static_cast<double>(harness::extent(problem, "rows")) *
         static_cast<double>(harness::extent(problem, "cols"));
}

/// Far too rough to conclude anything from; good enough to tell minutes from hours.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem,
                     double scalar_seconds_per_element) {
  constexpr double simd_gain = 10;
  constexpr double fork_seconds = 1e-6;
  const bool is_simd = arm.variant.starts_with("simd");
  const int threads = harness::threads_of(arm);
  return elements_of(problem) * scalar_seconds_per_element / (is_simd ? simd_gain : 1) / threads +
         (threads > 1 ? fork_seconds : 0);
}

}  // namespace

harness::FamilyInfo row_family(const std::string& name, double bytes_per_element,
                               double scalar_seconds_per_element) {
  harness::FamilyInfo family;
  family.name = name;
  family.ceiling = "stream_copy";
  family.extents = {"rows", "cols"};
  family.tuples = {{"shape", {"rows", "cols"}}};
  family.settings = {instruction_set_setting()};
  family.check_values = {{"rows", "1, 2, 5, 33"}, {"cols", "1, 7, 16, 100, 769, 9001"}};
  family.bench_problems = {{{"rows", 1}, {"cols", 768}},
                           {{"rows", 128}, {"cols", 768}},
                           {{"rows", 1}, {"cols", 262'144}}};
  family.flops = elements_of;
  family.memory_bytes = [bytes_per_element](const harness::Arm&, const harness::Problem& problem) {
    constexpr double cold_sets = 2;  // an upper bound for what a worker adds
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return cold_sets * (bytes_per_element * elements_of(problem) + cache);
  };
  family.rough_seconds = [scalar_seconds_per_element](const harness::Arm& arm,
                                                      const harness::Problem& problem) {
    return rough_seconds(arm, problem, scalar_seconds_per_element);
  };
  return family;
}

harness::Work row_work(const harness::Problem& problem, double bytes_per_element) {
  return {0, bytes_per_element * elements_of(problem)};
}

}  // namespace crossover::experiments
