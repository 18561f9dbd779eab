#pragma once

#include <string>
#include <vector>

#include "harness/cell.h"
#include "harness/plan/section_keys.h"

namespace crossover::harness {

/// A setting with the values that the section gives to it, or its default.
struct SettingAxis {
  std::string key;
  std::vector<std::string> values;
};

/// `VARIANT[key=value,...]` as the config says it, symbols resolved.
struct ArmSpec {
  const VariantInfo* variant = nullptr;
  Settings bracket;
};

/// Every setting that has a default, in the order in which labels name them.
std::vector<std::string> setting_names(const FamilyInfo& family);

/// The settings of the section: those with a default first, then env.NAME. Throws ConfigError.
std::vector<SettingAxis> setting_axes(const SectionInput& input);

/// The key `variants`, or every variant that is available. A setting that the command line gives
/// replaces the file's brackets for it. Throws ConfigError: an unknown variant
/// or setting, a bracket that is malformed or gives threads to a variant without threading.
std::vector<ArmSpec> listed_specs(const SectionInput& input);

/// The key `against`. Throws ConfigError as above, and where it is a list.
ArmSpec against_spec(const SectionInput& input, const ConfigValue& value);

}  // namespace crossover::harness
