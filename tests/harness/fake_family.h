#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/family.h"
#include "harness/plan/config.h"
#include "harness/plan/plan.h"

namespace crossover::harness {

/// A family with the axes, variants and settings of the matrix product, and no kernels.
inline FamilyInfo fake_matmul() {
  FamilyInfo family;
  family.name = "matmul";
  family.extents = {"batch", "m", "n", "k"};
  family.default_extents = {{"batch", 1}};
  family.alias = {{"size", {"m", "n", "k"}}};
  family.tuples = {{"nk", {"n", "k"}}};
  for (const std::string name :
       {"naive", "blocked", "parallel", "simd", "simd_parallel", "openblas", "eigen", "blis"}) {
    VariantInfo variant;
    variant.name = name;
    variant.threaded = name != "naive" && name != "blocked" && name != "simd";
    if (name == "blis") variant.unavailable = "libblis.so.4 is not installed";
    family.variants.push_back(variant);
  }
  family.settings = {{"isa", {"auto", "avx2", "avx3"}}};
  family.flops = [](const Problem& problem) {
    double flops = 2;
    for (const auto& [name, value] : problem) flops *= static_cast<double>(value);
    return flops;
  };
  return family;
}

/// A second family, with an axis and a setting of its own.
inline FamilyInfo fake_softmax() {
  FamilyInfo family;
  family.name = "softmax";
  family.extents = {"rows", "columns"};
  VariantInfo variant;
  variant.name = "plain";
  family.variants.push_back(variant);
  family.settings = {{"exponential", {"exact", "fast"}}};
  family.flops = [](const Problem& problem) {
    return static_cast<double>(extent(problem, "rows") * extent(problem, "columns"));
  };
  return family;
}

using Overrides = std::vector<std::pair<std::string, std::string>>;

inline Plan plan_of(const std::string& text, const Overrides& overrides = {}, int cores = 2) {
  return make_plan(parse_config(text, "x.cfg", overrides), {fake_matmul(), fake_softmax()},
                   MachineLimits{cores});
}

using Words = std::vector<std::string>;

/// The plan of a config about fake_matmul() that has one section.
inline SectionPlan section_of(const std::string& text, const Overrides& overrides = {},
                              int cores = 2) {
  const Plan plan = plan_of("family = matmul\n" + text, overrides, cores);
  if (plan.sections.size() != 1) throw std::logic_error("the config has several sections");
  return plan.sections.front();
}

/// The message of the ConfigError that the call throws; "no error" where it throws none.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace crossover::harness
