#include "experiments/policy_setting.h"

#include <filesystem>
#include <fmt/format.h>

#include "build_info.h"
#include "experiments/command.h"
#include "harness/policy/policy_file.h"
#include "harness/worker/machine.h"

namespace crossover::experiments {
namespace {

/// The file that the arm's setting names; empty for none.
std::filesystem::path policy_file_of(const harness::Arm& arm) {
  const auto found = arm.settings.find("policy");
  if (found == arm.settings.end() || found->second == "none") return {};
  std::filesystem::path file = found->second;
  if (std::filesystem::exists(file)) return file;
  std::filesystem::path shipped = std::filesystem::path(source_root) / file;
  return std::filesystem::exists(shipped) ? shipped : file;
}

void check_policy(const harness::Arm& arm, const harness::Machine& machine) {
  const std::filesystem::path file = policy_file_of(arm);
  if (file.empty()) return;
  if (!std::filesystem::exists(file)) {
    throw UsageError(fmt::format("policy = {}: no such file", file.string()));
  }
  const harness::Policy policy = harness::read_policy(file);
  const auto from = arm.settings.find("policy_from");
  const bool anywhere = from != arm.settings.end() && from->second == "anywhere";
  // Runs stored before the model was known have none.
  const bool same_model = !policy.cpu_model || policy.cpu_model == machine.cpu_model;
  const bool here =
      policy.cpu == machine.cpu && same_model && policy.threads.back() == machine.cores;
  if (here || anywhere) return;
  throw UsageError(fmt::format(
      "{}: refused: made on {} with {} threads; this is {}; policy_from = anywhere allows it",
      file.string(), policy.machine, policy.threads.back(), machine.name()));
}

}  // namespace

harness::SettingInfo policy_setting() { return {"policy", {"none"}, true}; }

harness::SettingInfo policy_from_setting() { return {"policy_from", {"none", "anywhere"}, false}; }

kernels::matmul::DispatchPolicy dispatch_policy(const harness::Policy& policy) {
  kernels::matmul::DispatchPolicy dispatch;
  dispatch.first_log2_m = policy.grid.first_log2_m;
  dispatch.first_log2_n = policy.grid.first_log2_n;
  dispatch.rows = policy.grid.rows;
  dispatch.columns = policy.grid.columns;
  for (const harness::Boundary& boundary : policy.boundaries) {
    dispatch.boundaries.push_back({boundary.threads, boundary.log2_k});
  }
  return dispatch;
}

std::optional<kernels::matmul::DispatchPolicy> dispatch_policy_of(const harness::Arm& arm) {
  const std::filesystem::path file = policy_file_of(arm);
  if (file.empty()) return std::nullopt;
  return dispatch_policy(harness::read_policy(file));
}

void check_policies(const harness::Plan& plan) {
  const harness::Machine machine = harness::read_machine();
  for (const harness::SectionPlan& section : plan.sections) {
    for (const harness::Arm& arm : section.arms) {
      if (arm.variant == "auto") check_policy(arm, machine);
    }
  }
}

}  // namespace crossover::experiments
