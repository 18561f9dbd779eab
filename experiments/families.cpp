#include "experiments/families.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "experiments/matmul_cases.h"
#include "experiments/matmul_q8_cases.h"
#include "experiments/probe_cases.h"

namespace crossover::experiments {
namespace {

struct Family {
  harness::FamilyInfo (*info)();
  harness::Case (*make_case)(const harness::Cell&);
};

constexpr std::array<Family, 3> all{{
    {matmul_family, matmul_case},
    {matmul_q8_family, matmul_q8_case},
    {probe_family, probe_case},
}};

}  // namespace

std::vector<harness::FamilyInfo> families() {
  std::vector<harness::FamilyInfo> infos;
  for (const Family& family : all) infos.push_back(family.info());
  return infos;
}

harness::Case make_case(const harness::Cell& cell) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Family& family) {
    return family.info().name == cell.arm.family;
  });
  if (found == all.end()) throw std::invalid_argument("unknown family " + cell.arm.family);
  return found->make_case(cell);
}

}  // namespace crossover::experiments
