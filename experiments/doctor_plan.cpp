#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "experiments/doctor.h"
#include "experiments/families.h"
#include "harness/plan/config.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {
namespace {

/// The instruction sets of this CPU that are worth a ceiling, as values of the setting isa. Without
/// vectors of 256 bits there may be only one.
std::vector<std::string> instruction_sets() {
  constexpr std::array worthy{"avx3", "avx2", "neon"};
  std::vector<std::string> sets;
  for (const std::string& name : kernels::instruction_sets()) {
    if (std::find(worthy.begin(), worthy.end(), name) != worthy.end()) sets.push_back(name);
  }
  if (sets.empty()) sets.emplace_back("auto");
  return sets;
}

std::string config_text(int cores, bool quick) {
  const int launches = quick ? 6 : 12;
  const int noise_launches = quick ? 10 : 20;  // 20: what a comparison takes at most by default
  std::string text = fmt::format("family = probe\nlaunches = {}\nbudget = 2min\n", launches);
  text += fmt::format("[fma_f32]\nvariants = fma_f32\nthreads = 1..cores*2\nisa = {}\n",
                      fmt::join(instruction_sets(), ", "));
  // Less of it than usual: without special instructions it takes a hundred times as long.
  text += fmt::format(
      "[int8_dot]\nvariants = int8_dot\nthreads = 1..cores*2\nisa = {}\niterations = 20000\n",
      fmt::join(instruction_sets(), ", "));
  text += "[stream_read]\nvariants = stream_read\nthreads = 1..cores*2\n";
  if (cores > 1) {
    text +=
        "[parallel_region]\nvariants = parallel_region\nthreads = 2..cores*2\n"
        "env.OMP_WAIT_POLICY = active, passive\n";
  }
  text += "[per_call]\nvariants = empty\n[per_sample]\nvariants = empty\nmin_sample = 0.001us\n";
  text += fmt::format(
      "[noise]\nfamily = matmul\nquestion = compare\nvariants = simd\nagainst = simd\n"
      "size = 16, 128, {}\nlaunches = {}\n",
      quick ? 384 : 512, noise_launches);  // beyond, a quick look is not quick
  return text;
}

/// Only [noise] asks how an arm compares with itself.
void drop_replicas(harness::SectionPlan& section) {
  std::erase_if(section.arms, [](const harness::Arm& arm) { return arm.replica != 0; });
  section.aa_pairs.clear();
}

}  // namespace

harness::Plan doctor_plan(int cores, bool quick) {
  harness::Plan plan = harness::make_plan(
      harness::parse_config(config_text(cores, quick), "doctor", {}), families(), {cores});
  plan.experiment = "doctor";
  for (harness::SectionPlan& section : plan.sections) {
    if (section.name != "noise") drop_replicas(section);
  }
  plan.warnings.clear();  // that it compares an arm with itself is meant
  return plan;
}

}  // namespace crossover::experiments
