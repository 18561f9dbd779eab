#pragma once

#include <optional>

#include "harness/family.h"
#include "harness/plan/plan.h"
#include "harness/policy/policy.h"
#include "kernels/matmul/dispatch_policy.h"

namespace crossover::experiments {

/// The setting `policy` of family matmul: none, or the file of a policy for the variant `auto`,
/// from the working directory, else from the project's folder.
harness::SettingInfo policy_setting();

/// The setting `policy_from`: none, or `anywhere` to use a policy of another machine.
harness::SettingInfo policy_from_setting();

/// The policy as the kernels take it.
kernels::matmul::DispatchPolicy dispatch_policy(const harness::Policy& policy);

/// The policy that an arm names, or nullopt for none. Throws StorageError where it cannot be read.
std::optional<kernels::matmul::DispatchPolicy> dispatch_policy_of(const harness::Arm& arm);

/// Throws UsageError where an arm of `auto` has a policy of another machine or of more or fewer
/// threads than this one has, unless its `policy_from` allows it; StorageError where one cannot be
/// read. Before anything is measured.
void check_policies(const harness::Plan& plan);

}  // namespace crossover::experiments
