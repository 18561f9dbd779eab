#pragma once

#include <string>
#include <vector>

#include "harness/family.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"

namespace crossover::harness {

/// What the parts of the planner need of one section.
struct SectionInput {
  const ConfigSection& section;
  const FamilyInfo& family;
  std::string directory;  // of the config file; its shapes = FILE are relative to it
  int cores = 1;
};

/// The value of a key, or nullptr where neither the section, nor the defaults, nor the command line
/// give it.
const ConfigValue* find_value(const ConfigSection& section, const std::string& key);

/// `element` if it is legal, else ConfigError with what is.
std::string one_of(const ConfigValue& value, const std::string& element,
                   const std::vector<std::string>& legal);

/// Whether the key is env.NAME. Throws ConfigError where NAME cannot be an environment variable's.
bool is_environment(const ConfigValue& value);

/// ConfigError about the section as a whole.
[[noreturn]] void fail(const ConfigSection& section, const std::string& message);

/// The section's family. Throws ConfigError where it is missing or unknown.
const FamilyInfo& family_of(const ConfigSection& section, const std::vector<FamilyInfo>& families);

/// Throws ConfigError on a key that the section's family does not know. Defaults and options for
/// all sections may address the family of another section; such an option is reported in
/// `warnings`.
void check_keys(const ConfigSection& section, const FamilyInfo& family,
                const std::vector<const FamilyInfo*>& all, std::vector<std::string>& warnings);

Question question_of(const ConfigSection& section);
Protocol protocol_of(const ConfigSection& section, Question question);

}  // namespace crossover::harness
