#include "experiments/families.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "experiments/activation_cases.h"
#include "experiments/attention_cases.h"
#include "experiments/cold_start_cases.h"
#include "experiments/dot_cases.h"
#include "experiments/embedding_cases.h"
#include "experiments/embedding_gradient_cases.h"
#include "experiments/encoder_cases.h"
#include "experiments/matmul_cases.h"
#include "experiments/matmul_q8_cases.h"
#include "experiments/matvec_cases.h"
#include "experiments/norm_cases.h"
#include "experiments/probe_cases.h"
#include "experiments/qk_norm_rope_cases.h"
#include "experiments/rope_cases.h"
#include "experiments/softmax_cases.h"
#include "experiments/tokenizer_cases.h"

namespace crossover::experiments {
namespace {

struct Family {
  harness::FamilyInfo (*info)();
  harness::Case (*make_case)(const harness::Cell&);
};

constexpr auto all = std::to_array<Family>({
    {encoder_family, encoder_case},
    {encoder_f32_family, encoder_case},
    {matmul_family, matmul_case},
    {matmul_q8_family, matmul_q8_case},
    {attention_family, attention_case},
    {activation_family, activation_case},
    {dot_family, dot_case},
    {embedding_family, embedding_case},
    {embedding_gradient_family, embedding_gradient_case},
    {layer_norm_family, layer_norm_case},
    {matvec_family, matvec_case},
    {qk_norm_rope_family, qk_norm_rope_case},
    {rms_norm_family, rms_norm_case},
    {rope_family, rope_case},
    {softmax_family, softmax_case},
    {tokenizer_family, tokenizer_case},
    {cold_start_family, cold_start_case},
    {probe_family, probe_case},
});

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

std::string trait_of(const harness::VariantInfo& variant, const std::string& name) {
  const auto found = variant.traits.find(name);
  return found == variant.traits.end() ? "" : found->second;
}

}  // namespace crossover::experiments
