#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace crossover::harness {

/// The extents of one problem in the family's order, e.g. {{"batch",1},{"m",64},{"n",64},{"k",64}}.
using Problem = std::vector<std::pair<std::string, std::int64_t>>;

/// Everything that is set for an arm except the problem, by key: "threads", "cache", "isa",
/// "env.OMP_WAIT_POLICY", ... Values are what the config says, with symbols resolved.
using Settings = std::map<std::string, std::string>;

/// The setting that names the program of an arm where several programs are compared. It is part of
/// the arm's identity, but workers are not told: each of them is of one program only.
inline const std::string program_setting = "build";

/// One side of a comparison: a variant with all of its settings. The replica number makes a second
/// arm out of the same one, for A/A comparisons.
struct Arm {
  std::string family;
  std::string variant;
  Settings settings;
  int replica = 0;

  auto operator<=>(const Arm&) const = default;
};

/// One arm on one problem within one section: the unit that is measured.
struct Cell {
  std::string section;
  Arm arm;
  Problem problem;
};

/// Number of threads of an arm (its setting "threads"; 1 where it has none).
int threads_of(const Arm& arm);

/// "simd_parallel[threads=2]", and "simd#1" for replica 1. Names only the settings in `varying`, in
/// that order, and of these only what is not usual: threads=1, cache=warm, buffers=preallocated and
/// pin=cores are.
std::string label(const Arm& arm, const std::vector<std::string>& varying);

/// "m=64 n=64 k=64"; "size=64" where several extents come from one axis is up to the caller.
std::string label(const Problem& problem);

/// The extent of that name; 0 where the problem has none.
std::int64_t extent(const Problem& problem, const std::string& name);

/// Sixteen hexadecimal digits: FNV-1a over section, arm with replica, and problem, whatever the
/// order of its extents. A setting that is "none" counts as absent, so that a switch that a later
/// version adds, and that is off, changes nothing. Stable between runs, machines and versions, so
/// that a stored run can be resumed and matched with another.
std::string cell_id(const Cell& cell);

}  // namespace crossover::harness
