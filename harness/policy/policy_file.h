#pragma once

#include <filesystem>
#include <string>

#include "harness/json.h"
#include "harness/policy/policy.h"

namespace crossover::harness {

/// policy.json; results/README.md has the schema.
Json policy_json(const Policy& policy);

/// Reads what policy_json() made. Throws StorageError with the file and what is wrong with it:
/// missing, damaged, of another schema, or members that do not fit each other.
Policy read_policy(const std::filesystem::path& file);

/// The policy as a C++11 header that needs nothing else: namespace crossover_policy, `choice`,
/// `choose(m, n, k)`.
std::string policy_header(const Policy& policy);

}  // namespace crossover::harness
