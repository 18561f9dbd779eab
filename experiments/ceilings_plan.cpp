#include <algorithm>
#include <set>
#include <string>

#include "experiments/families.h"
#include "experiments/probe_cases.h"
#include "harness/results/manifest.h"
#include "harness/worker/machine.h"
#include "kernels/core/cpu_caches.h"

namespace crossover::experiments {
namespace {

const harness::FamilyInfo& family_called(const std::vector<harness::FamilyInfo>& all,
                                         const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const auto& info) { return info.name == name; });
}

/// Whether the arm forks OpenMP teams of ours. A vendor's library brings a pool of its own.
bool forks_our_team(const harness::FamilyInfo& family, const harness::Arm& arm) {
  const auto variant =
      std::find_if(family.variants.begin(), family.variants.end(),
                   [&](const auto& candidate) { return candidate.name == arm.variant; });
  return variant != family.variants.end() && !variant->unavailable && arm.replica == 0 &&
         harness::threads_of(arm) > 1 && variant->traits.at("threading") == "openmp" &&
         variant->traits.at("simd") != "vendor";
}

/// Whether the section is judged by the bandwidth: operands may come from memory.
bool reads_from_memory(const harness::SectionPlan& section, const harness::FamilyInfo& family) {
  const bool cold =
      std::any_of(section.arms.begin(), section.arms.end(), [](const harness::Arm& arm) {
        const auto cache = arm.settings.find("cache");
        return cache != arm.settings.end() && cache->second == "cold";
      });
  if (cold) return true;
  // An upper bound of the operands: a family also counts what it adds to them.
  constexpr double with_workspace_and_cold_sets = 4;
  const auto cache = static_cast<double>(kernels::cpu_caches().level3);
  return std::any_of(section.problems.begin(), section.problems.end(),
                     [&](const harness::Problem& problem) {
                       return family.memory_bytes(problem) > with_workspace_and_cold_sets * cache;
                     });
}

harness::Arm probe_arm(const std::string& variant, int threads) {
  return {"probe",
          variant,
          {{"threads", std::to_string(threads)}, {"pin", "cores"}, {"isa", "auto"}},
          0};
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

/// The probes of the other sections: the bandwidth as a roof, where that can limit them.
void add_roofs(const harness::SectionPlan& section, const harness::FamilyInfo& family, int cores,
               std::set<harness::Arm>& arms) {
  if (!reads_from_memory(section, family)) return;
  for (const harness::Arm& arm : section.arms) {
    arms.insert(probe_arm("stream_read", std::min(cores, harness::threads_of(arm))));
  }
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
  std::set<std::string> peaks{harness::default_peak};
  std::set<harness::Arm> beside_peaks;
  for (const harness::SectionPlan& section : plan.sections) {
    peaks.insert(section.peak);
    for (const harness::Arm& arm : section.arms) {
      counts.insert(std::min(cores, harness::threads_of(arm)));
    }
    if (section.question == harness::Question::crossover) {
      add_section(section, family_called(all, section.family), cores, beside_peaks);
    } else if (section.family != "probe") {
      add_roofs(section, family_called(all, section.family), cores, beside_peaks);
    }
  }
  harness::SectionPlan section;
  section.name = harness::ceilings_section;
  section.question = harness::Question::sweep;
  section.family = "probe";
  for (const std::string& peak : peaks) {
    for (const int threads : counts) section.arms.push_back(probe_arm(peak, threads));
  }
  section.arms.insert(section.arms.end(), beside_peaks.begin(), beside_peaks.end());
  section.problems = {{{"iterations", ceiling_iterations}, {"constructs", 1}}};
  section.varying = varying_settings(section.arms);
  section.protocol.looks = {launches_per_ceiling * static_cast<int>(plan.sections.size() + 1)};
  return section;
}

}  // namespace crossover::experiments
