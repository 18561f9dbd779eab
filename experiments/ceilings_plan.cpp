#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>

#include "experiments/families.h"
#include "experiments/probe_cases.h"
#include "harness/results/ceilings.h"
#include "harness/results/manifest.h"
#include "harness/worker/machine.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/probe/probe.h"

namespace crossover::experiments {
namespace {

/// Whether the arm forks OpenMP teams of ours. A vendor's library brings a pool of its own.
bool forks_our_team(const harness::FamilyInfo& family, const harness::Arm& arm) {
  const auto variant =
      std::find_if(family.variants.begin(), family.variants.end(),
                   [&](const auto& candidate) { return candidate.name == arm.variant; });
  return variant != family.variants.end() && !variant->unavailable && arm.replica == 0 &&
         harness::threads_of(arm) > 1 && trait_of(*variant, "threading") == "openmp" &&
         trait_of(*variant, "simd") != "vendor";
}

/// What the largest worker of the section allocates.
double most_bytes(const harness::SectionPlan& section, const harness::FamilyInfo& family) {
  double most = 0;
  for (const harness::Arm& arm : section.arms) {
    for (const harness::Problem& problem : section.problems) {
      most = std::max(most, family.memory_bytes(arm, problem));
    }
  }
  return most;
}

/// Whether the section is judged by the bandwidth: operands may come from memory.
bool reads_from_memory(const harness::SectionPlan& section, const harness::FamilyInfo& family) {
  if (std::any_of(section.arms.begin(), section.arms.end(), harness::is_cold)) return true;
  // An upper bound of the operands: a family also counts what it adds to them.
  constexpr double with_workspace_and_cold_sets = 4;
  const auto cache = static_cast<double>(kernels::cpu_caches().level3);
  return most_bytes(section, family) > with_workspace_and_cold_sets * cache;
}

harness::Arm probe_arm(const std::string& variant, int threads) {
  return {"probe",
          variant,
          {{"threads", std::to_string(threads)}, {"pin", "cores"}, {"isa", "auto"}},
          0};
}

harness::Problem probe_problem(std::int64_t kib) {
  return {{"iterations", ceiling_iterations}, {"constructs", 1}, {"kib", kib}};
}

/// The probes of one crossover section: the region of every team of ours, and where that matters
/// the bandwidth of its threads.
void add_section(const harness::SectionPlan& section, const harness::FamilyInfo& family, int cores,
                 std::set<harness::Arm>& arms) {
  const bool memory = reads_from_memory(section, family);
  for (const harness::Arm& arm : section.arms) {
    if (!forks_our_team(family, arm)) continue;
    harness::Arm region = probe_arm("parallel_region", harness::threads_of(arm));
    for (const auto& [key, value] : arm.settings) {
      if (key == "pin" || key.starts_with("env.")) region.settings[key] = value;
    }
    arms.insert(region);
    if (memory) {
      arms.insert(probe_arm("stream_read", std::min(cores, harness::threads_of(arm))));
    }
  }
}

/// That probe at every thread count of the section.
void add_probe(const std::string& variant, const harness::SectionPlan& section, int cores,
               std::set<harness::Arm>& arms) {
  for (const harness::Arm& arm : section.arms) {
    arms.insert(probe_arm(variant, std::min(cores, harness::threads_of(arm))));
  }
}

/// Whether a section is bounded by a probe of memory.
bool bounded_by_memory(const harness::SectionPlan& section) {
  const kernels::probe::Variant* probe = kernels::probe::find(section.ceiling);
  return section.family != "probe" && probe != nullptr && probe->bytes_per_step > 0;
}

/// Beside the FMA peak: what bounds the section's family, if that is another probe, and the
/// bandwidth as a roof, where that can limit it.
void add_roofs(const harness::SectionPlan& section, const harness::FamilyInfo& family, int cores,
               std::set<harness::Arm>& arms) {
  if (section.family == "probe") return;
  const bool memory = reads_from_memory(section, family);
  if (memory && section.question != harness::Question::crossover) {
    add_probe("stream_read", section, cores, arms);
  }
  const bool wanted = bounded_by_memory(section) ? memory : section.ceiling != "fma_f32";
  if (wanted && !section.ceiling.empty()) add_probe(section.ceiling, section, cores, arms);
}

/// The working sets at which the bandwidth of the caches is measured, from a part of level 1 to
/// more than a core's share of any level 3, as far as operands of the section may need.
std::set<std::int64_t> levels_of(const harness::SectionPlan& section,
                                 const harness::FamilyInfo& family) {
  constexpr double bytes_per_kib = 1024;
  const double largest = most_bytes(section, family);
  std::set<std::int64_t> levels;
  for (const std::int64_t kib : {16, 64, 256, 1024, 4096, 16384, 65536}) {
    if (levels.empty() || static_cast<double>(kib) * bytes_per_kib <= largest) levels.insert(kib);
  }
  return levels;
}

/// Sections of ceilings differ in these alone.
harness::SectionPlan machine_section(const std::string& name, std::size_t visits) {
  harness::SectionPlan section;
  section.name = name;
  section.question = harness::Question::sweep;
  section.family = "probe";
  section.protocol.looks = {launches_per_ceiling * static_cast<int>(visits)};
  return section;
}

/// The settings beside the thread count on which the arms differ.
std::vector<std::string> varying_settings(const std::vector<harness::Arm>& arms) {
  std::set<std::string> keys;
  for (const harness::Arm& arm : arms) {
    for (const auto& [key, value] : arm.settings) {
      if (key.starts_with("env.") || (key == "pin" && value != "cores")) keys.insert(key);
    }
  }
  std::vector<std::string> varying{"threads"};
  varying.insert(varying.end(), keys.begin(), keys.end());
  return varying;
}

}  // namespace

harness::SectionPlan ceilings_plan(const harness::Plan& plan) {
  const std::vector<harness::FamilyInfo> all = families();
  const int cores = harness::read_machine().cores;
  std::set<int> counts{1};
  std::set<harness::Arm> beside_peaks;
  for (const harness::SectionPlan& section : plan.sections) {
    for (const harness::Arm& arm : section.arms) {
      counts.insert(std::min(cores, harness::threads_of(arm)));
    }
    if (section.question == harness::Question::crossover) {
      add_section(section, harness::family_called(all, section.family), cores, beside_peaks);
    }
    add_roofs(section, harness::family_called(all, section.family), cores, beside_peaks);
  }
  harness::SectionPlan section =
      machine_section(harness::ceilings_section, plan.sections.size() + 1);
  for (const int threads : counts) section.arms.push_back(probe_arm("fma_f32", threads));
  section.arms.insert(section.arms.end(), beside_peaks.begin(), beside_peaks.end());
  section.problems = {probe_problem(0)};
  section.varying = varying_settings(section.arms);
  return section;
}

std::optional<harness::SectionPlan> bandwidth_plan(const harness::Plan& plan) {
  const std::vector<harness::FamilyInfo> all = families();
  const int cores = harness::read_machine().cores;
  std::set<harness::Arm> arms;
  std::set<std::int64_t> levels;
  for (const harness::SectionPlan& section : plan.sections) {
    const bool warm = !std::all_of(section.arms.begin(), section.arms.end(), harness::is_cold);
    if (!bounded_by_memory(section) || !warm) continue;
    add_probe(section.ceiling, section, cores, arms);
    levels.merge(levels_of(section, harness::family_called(all, section.family)));
  }
  if (arms.empty()) return std::nullopt;
  harness::SectionPlan section = machine_section(harness::bandwidth_section, 2);
  section.arms.assign(arms.begin(), arms.end());
  for (const std::int64_t kib : levels) section.problems.push_back(probe_problem(kib));
  section.varying = varying_settings(section.arms);
  return section;
}

void add_ceilings(harness::Plan& plan) {
  std::vector<harness::SectionPlan> measured{ceilings_plan(plan)};
  if (auto bandwidth = bandwidth_plan(plan)) measured.push_back(std::move(*bandwidth));
  plan.sections.insert(plan.sections.begin(), std::make_move_iterator(measured.begin()),
                       std::make_move_iterator(measured.end()));
}

}  // namespace crossover::experiments
