#include "experiments/probe_cases.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "experiments/variant_info.h"
#include "harness/results/manifest.h"
#include "harness/worker/machine.h"
#include "kernels/probe/fma_f32.h"

namespace crossover::experiments {
namespace {

namespace probe = kernels::probe;

// 1.5e8 operations per thread: more than a millisecond on any current core.
constexpr std::int64_t ceiling_iterations = 100'000;

probe::FmaProblem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "iterations")};
}

/// The probe and what its threads report.
struct Peak {
  const probe::FmaKernel& kernel = probe::fma_f32();
  probe::FmaProblem problem;
  kernels::ParallelPolicy policy;
  std::unique_ptr<kernels::Prepared> prepared;
  std::vector<double> gained;

  Peak(const probe::FmaProblem& the_problem, int threads)
      : problem(the_problem),
        policy{threads},
        prepared(kernel.prepare(problem, policy)),
        gained(static_cast<std::size_t>(threads)) {}

  probe::FmaArgs args() { return {1, 1, gained}; }
  void call() { kernel.run(args(), *prepared, {}, policy); }
};

}  // namespace

harness::FamilyInfo probe_family() {
  harness::FamilyInfo family;
  family.name = "probe";
  family.extents = {"iterations"};
  family.variants = {variant_info(probe::fma_f32())};
  family.flops = [](const harness::Problem& p) { return probe::fma_flops(problem_of(p), {1}); };
  family.memory_bytes = [](const harness::Problem&) { return 0.0; };
  family.rough_seconds = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double flops_per_core = 50e9;
    return probe::fma_flops(problem_of(problem), {1}) / flops_per_core;
  };
  return family;
}

harness::Case probe_case(const harness::Cell& cell) {
  const probe::FmaProblem problem = problem_of(cell.problem);
  if (const auto reason = probe::fma_f32().why_unsupported(problem)) {
    throw harness::Unsupported(*reason);
  }
  const auto peak = std::make_shared<Peak>(problem, harness::threads_of(cell.arm));
  harness::Case result;
  result.work.flops = probe::fma_flops(problem, peak->policy);
  result.call = [peak] { peak->call(); };
  result.why_wrong = [peak] {
    peak->call();
    return probe::why_fma_wrong(peak->problem, peak->args());
  };
  result.count = [peak] {
    kernels::reset_execution_counters();
    peak->call();
    const kernels::ExecutionCounters counted = kernels::read_execution_counters();
    return harness::ExecutionCounts{counted.parallel_regions, counted.tasks, counted.threads_used,
                                    peak->prepared->code_path()};
  };
  return result;
}

harness::SectionPlan ceilings_plan(const harness::Plan& plan) {
  const int cores = harness::read_machine().cores;
  std::set<int> counts{1};
  for (const harness::SectionPlan& section : plan.sections) {
    for (const harness::Arm& arm : section.arms) {
      counts.insert(std::min(cores, harness::threads_of(arm)));
    }
  }
  harness::SectionPlan section;
  section.name = harness::ceilings_section;
  section.question = harness::Question::sweep;
  section.family = "probe";
  for (const int threads : counts) {
    section.arms.push_back(
        {"probe", "fma_f32", {{"threads", std::to_string(threads)}, {"pin", "cores"}}, 0});
  }
  section.problems = {{{"iterations", ceiling_iterations}}};
  section.varying = {"threads"};
  section.protocol.looks = {launches_per_ceiling * static_cast<int>(plan.sections.size() + 1)};
  return section;
}

}  // namespace crossover::experiments
