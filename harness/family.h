#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/cell.h"

namespace crossover::harness {

/// One variant as the planner sees it.
struct VariantInfo {
  std::string name;
  std::string source;
  std::map<std::string, std::string> traits;
  std::optional<std::string> details;      // how it works on this machine, where it derives that
  bool threaded = false;                   // false: runs once, not per thread count
  std::optional<std::string> unavailable;  // why it cannot run on this machine at all
};

/// A setting of a family beside those that every family has (threads, cache, pin, env.*).
struct SettingInfo {
  std::string name;
  std::vector<std::string> values;  // the legal values, the first one is the default
  bool free_text = false;           // any other value is legal, too: a file
};

/// What the planner must know of a family: its axes, variants and settings. Injected by
/// experiments/, so that the harness knows no family.
struct FamilyInfo {
  std::string name;
  std::vector<std::string> extents;                     // {"batch","m","n","k"}
  std::map<std::string, std::int64_t> default_extents;  // {{"batch",1}}; others must be given
  std::map<std::string, std::vector<std::string>>
      alias;  // one value for all: {{"size",{"m","n","k"}}}
  std::map<std::string, std::vector<std::string>> tuples;  // "768x1152": {{"nk",{"n","k"}}}
  std::vector<VariantInfo> variants;
  std::vector<SettingInfo> settings;

  /// What `check` verifies, as a config's lists by extent; awkward sizes where there is none.
  std::map<std::string, std::string> check_values;

  /// What `bench` times; a few equal extents where there is none.
  std::vector<Problem> bench_problems;

  /// The probe that bounds the speed of every variant: by its operations or bytes per second,
  /// whichever it counts. Empty: nothing does.
  std::string ceiling = "fma_f32";

  /// Operations of one call; scales an estimate from one problem to the next.
  std::function<double(const Problem&)> flops;

  /// Bytes that a worker of the arm allocates for the problem; infinity where they do not fit a
  /// size_t.
  std::function<double(const Arm&, const Problem&)> memory_bytes;

  /// Seconds per call, to within a factor of a few and without measuring: for --dry-run only.
  std::function<double(const Arm&, const Problem&)> rough_seconds;
};

/// The family of that name, which must be among them.
inline const FamilyInfo& family_called(const std::vector<FamilyInfo>& families,
                                       const std::string& name) {
  return *std::find_if(families.begin(), families.end(),
                       [&](const FamilyInfo& info) { return info.name == name; });
}

}  // namespace crossover::harness
