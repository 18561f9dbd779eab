#include "experiments/matmul_q8_cases.h"

#include <memory>

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/matmul/matmul.h"
#include "kernels/quant/matmul_q8.h"
#include "kernels/quant/reference.h"
#include "kernels/quant/simd_code.h"
#include "model/transformer/matmul_products.h"

namespace crossover::experiments {
namespace {

namespace matmul = kernels::matmul;
namespace quant = kernels::quant;
using kernels::Index;

quant::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "m"), harness::extent(problem, "n"),
          harness::extent(problem, "k")};
}

double flops_of(const quant::Problem& p) {
  return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
}

/// Bytes of A, W and C, once.
double bytes_of(const quant::Problem& p) {
  const double m = static_cast<double>(p.m);
  const double n = static_cast<double>(p.n);
  const double k = static_cast<double>(p.k);
  constexpr double bytes_per_weight = sizeof(quant::BlockQ8) / double{quant::block_values};
  return sizeof(float) * (m * k + m * n) + bytes_per_weight * n * k;
}

/// Weights from the place alone, so that every arm gets the same.
void fill_weights(std::span<quant::BlockQ8> blocks, const kernels::ParallelPolicy& policy) {
  AlignedBuffer<float> noise(blocks.size());
  fill(noise.span(), 2, policy);
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const kernels::Range own = kernels::share(static_cast<Index>(blocks.size()), threads, thread);
    for (Index b = own.begin; b < own.end; ++b) {
      quant::BlockQ8& block = blocks[static_cast<std::size_t>(b)];
      auto bits = static_cast<std::uint32_t>((noise.data()[b] + 1) * 0x1p23F);
      constexpr std::uint32_t half_of_1_128 = 0x2000;
      block.scale = static_cast<std::uint16_t>(half_of_1_128 + (bits & 0x3ff));
      for (std::int8_t& value : block.values) {
        bits = bits * 1664525 + 1013904223;  // Numerical Recipes' generator
        value = static_cast<std::int8_t>(static_cast<int>((bits >> 16) % 255) - 127);
      }
    }
  });
}

/// What the setting `product` says, or null.
std::shared_ptr<const quant::DenseProduct> product_of(const harness::Arm& arm,
                                                      const quant::Problem& problem) {
  const std::string& name = arm.settings.at("product");
  if (name == "none") return nullptr;
  const matmul::Kernel* kernel = matmul::find(name);
  if (kernel == nullptr) throw std::invalid_argument("unknown variant of matmul: " + name);
  try {
    return std::make_shared<model::WeightProduct>(
        *kernel, problem, kernels::ParallelPolicy{harness::threads_of(arm)});
  } catch (const std::runtime_error& error) {
    throw harness::Unsupported(error.what());
  }
}

/// One set of operands.
struct Operands {
  quant::Problem problem;
  quant::Activations activations;
  std::shared_ptr<const quant::DenseProduct> product;
  AlignedBuffer<float> a;
  AlignedBuffer<quant::BlockQ8> w;
  AlignedBuffer<float> output;

  Operands(const quant::Problem& p, quant::Activations multiplied,
           std::shared_ptr<const quant::DenseProduct> handed_in,
           const kernels::ParallelPolicy& policy)
      : problem(p),
        activations(multiplied),
        product(std::move(handed_in)),
        a(static_cast<std::size_t>(p.m * p.k)),
        w(static_cast<std::size_t>(p.n * (p.k / quant::block_values))),
        output(static_cast<std::size_t>(p.m * p.n)) {
    fill(a.span(), 1, policy);
    fill_weights(w.span(), policy);
    fill(output.span(), 3, policy);
  }

  kernels::MatrixBatch<const quant::BlockQ8> rows_of_w() const {
    return kernels::dense<const quant::BlockQ8>(w.data(), 1, problem.n,
                                                problem.k / quant::block_values);
  }

  quant::Constants constants() const { return {rows_of_w(), product.get()}; }

  quant::Args args() const {
    return {kernels::dense<const float>(a.data(), 1, problem.m, problem.k), rows_of_w(),
            kernels::dense<float>(output.data(), 1, problem.m, problem.n)};
  }

  std::optional<std::string> why_wrong() const {
    constexpr std::uint64_t seed = 20;  // any will do; fixed, so that a finding can be repeated
    return quant::why_wrong(args(), activations, seed);
  }
};

/// Far too rough to conclude anything from; good enough to tell minutes from hours.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const quant::Variant* variant = quant::find(arm.variant);
  const bool scalar = variant != nullptr && variant->kernel.traits.simd == kernels::Simd::none;
  constexpr double scalar_operations = 3e9;
  constexpr double simd_operations = 200e9;
  return flops_of(problem_of(problem)) /
         ((scalar ? scalar_operations : simd_operations) * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo matmul_q8_family() {
  harness::FamilyInfo family;
  family.name = "matmul_q8";
  family.extents = {"m", "n", "k"};
  family.alias = {{"size", {"m", "n", "k"}}};
  family.tuples = {
      {"nk", {"n", "k"}}, {"mk", {"m", "k"}}, {"mn", {"m", "n"}}, {"mnk", {"m", "n", "k"}}};
  family.settings = {instruction_set_setting(),
                     {"product", {"none", "simd", "simd_parallel", "openblas", "onednn"}, false}};
  family.ceiling = "int8_dot";
  for (const quant::Variant& variant : quant::family()) {
    family.variants.push_back(variant_info(variant.kernel));
    if (variant.kernel.traits.simd == kernels::Simd::intrinsics) {
      family.variants.back().details = quant::code().name;
    }
  }
  family.check_values = {{"m", "1, 2, 7, 33"}, {"n", "1, 33, 100"}, {"k", "32, 96, 288, 1152"}};
  family.bench_problems = {{{"m", 1}, {"n", 768}, {"k", 768}},
                           {{"m", 32}, {"n", 768}, {"k", 768}},
                           {{"m", 128}, {"n", 768}, {"k", 768}}};
  family.flops = [](const harness::Problem& problem) { return flops_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double workspace_and_cold_sets = 2;  // an upper bound for what a worker adds
    const quant::Problem of = problem_of(problem);
    const double as_floats = sizeof(float) * static_cast<double>(of.n) * static_cast<double>(of.k);
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return workspace_and_cold_sets * (bytes_of(of) + as_floats + cache);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case matmul_q8_case(const harness::Cell& cell) {
  const quant::Variant& variant = kernel_of(cell.arm, quant::find);
  choose_instruction_set(cell.arm);
  const quant::Problem problem = problem_of(cell.problem);
  if (const auto why = variant.kernel.why_unsupported(problem)) throw harness::Unsupported(*why);

  std::shared_ptr<const quant::DenseProduct> product;
  if (cell.arm.variant == "dequantise_first_simd") {
    product = product_of(cell.arm, problem);
    if (!product) throw harness::Unsupported(std::string(quant::why_no_product));
  }
  return kernel_case(variant.kernel, problem, cell.arm, {flops_of(problem), bytes_of(problem)},
                     [&](const kernels::ParallelPolicy& policy) {
                       return Operands(problem, variant.activations, product, policy);
                     });
}

}  // namespace crossover::experiments
