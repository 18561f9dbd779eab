#include "experiments/attention_cases.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/variant_info.h"
#include "kernels/attention/reference.h"
#include "kernels/core/cpu_caches.h"
#include "model/transformer/matmul_products.h"

namespace crossover::experiments {
namespace {

namespace attention = kernels::attention;
namespace matmul = kernels::matmul;
using kernels::Index;

attention::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "batch"),
          harness::extent(problem, "heads"),
          harness::extent(problem, "kv_heads"),
          harness::extent(problem, "query_len"),
          harness::extent(problem, "key_len"),
          harness::extent(problem, "head_dim"),
          {}};
}

attention::MaskKind mask_kind(const std::string& name) {
  if (name == "causal") return attention::MaskKind::causal;
  if (name == "window") return attention::MaskKind::window;
  if (name == "causal_window") return attention::MaskKind::causal_window;
  return attention::MaskKind::none;
}

attention::Mask mask_of(const harness::Arm& arm) {
  attention::Mask mask;
  mask.kind = mask_kind(arm.settings.at("mask"));
  if (mask.kind == attention::MaskKind::none || mask.kind == attention::MaskKind::causal) {
    return mask;
  }
  const std::string& text = arm.settings.at("window");
  const auto read = std::from_chars(text.data(), text.data() + text.size(), mask.window);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || mask.window < 1) {
    throw std::invalid_argument(
        fmt::format("window = {}; mask = {} needs a number of positions from 1 on", text,
                    arm.settings.at("mask")));
  }
  return mask;
}

kernels::Range seen_by_any(const attention::Problem& p) {
  if (p.query_len == 0) return {};
  const auto seen = [&](Index query) {
    return attention::visible_keys(p.mask, p.query_len, p.key_len, query);
  };
  return {seen(0).begin, seen(p.query_len - 1).end};
}

/// The sum of clamp(first + i, 0, most) for i in [0, count).
double sum_of_clamped(double first, double count, double most) {
  const auto sum_below = [most](double end) {
    const double last = std::clamp(end - 1, 0.0, most);
    return last * (last + 1) / 2 + most * std::max(0.0, end - 1 - most);
  };
  return sum_below(first + count) - sum_below(first);
}

/// Pairs of a query and a key that it sees. A config may ask for 1e15 queries, so that they are
/// not looked at one by one; and for more pairs than integers can count.
double seen_pairs(const attention::Problem& p) {
  const auto queries = static_cast<double>(p.query_len);
  const auto keys = static_cast<double>(p.key_len);
  if (p.mask.kind == attention::MaskKind::none) return queries * keys;
  const double position = keys - queries;  // of the first query
  const auto window = static_cast<double>(p.mask.window);
  const double half = std::floor(window / 2);
  const bool both_sides = p.mask.kind == attention::MaskKind::window;
  const double ends = sum_of_clamped(position + 1 + (both_sides ? half : 0), queries, keys);
  if (p.mask.kind == attention::MaskKind::causal) return ends;
  return ends - sum_of_clamped(position - (both_sides ? half : window - 1), queries, keys);
}

harness::Work work_of(const attention::Problem& p) {
  const double d = static_cast<double>(p.head_dim);
  const double batch = static_cast<double>(p.batch);
  const double heads = static_cast<double>(p.heads);
  const double rows = heads * static_cast<double>(p.query_len) +
                      static_cast<double>(p.kv_heads) * static_cast<double>(seen_by_any(p).size());
  return {4 * batch * heads * seen_pairs(p) * d, 2 * sizeof(float) * batch * rows * d};
}

/// One set of operands.
struct Operands {
  attention::Problem problem;
  attention::MakeProduct product;
  AlignedBuffer<float> q;
  AlignedBuffer<float> k;
  AlignedBuffer<float> v;
  AlignedBuffer<float> output;

  Operands(const attention::Problem& p, attention::MakeProduct make_product,
           const kernels::ParallelPolicy& policy)
      : problem(p),
        product(std::move(make_product)),
        q(elements(p.query_len, p.heads)),
        k(elements(p.key_len, p.kv_heads)),
        v(elements(p.key_len, p.kv_heads)),
        output(elements(p.query_len, p.heads)) {
    fill(q.span(), 1, policy);
    fill(k.span(), 2, policy);
    fill(v.span(), 3, policy);
    fill(output.span(), 4, policy);
  }

  std::size_t elements(Index length, Index heads) const {
    return static_cast<std::size_t>(problem.batch * length * heads * problem.head_dim);
  }

  attention::Constants constants() const { return {product}; }

  attention::Args args() const {
    const auto& p = problem;
    const auto rows = [&](auto* data, Index length, Index heads) {
      return kernels::dense(data, p.batch, length, heads * p.head_dim);
    };
    const auto* const queries = q.data();
    return {.q = rows(queries, p.query_len, p.heads),
            .k = rows(static_cast<const float*>(k.data()), p.key_len, p.kv_heads),
            .v = rows(static_cast<const float*>(v.data()), p.key_len, p.kv_heads),
            .o = rows(output.data(), p.query_len, p.heads),
            .heads = p.heads,
            .kv_heads = p.kv_heads,
            .head_dim = p.head_dim,
            .scale = 1 / std::sqrt(static_cast<float>(p.head_dim)),
            .mask = p.mask};
  }

  std::optional<std::string> why_wrong() const {
    constexpr std::uint64_t seed = 20;  // any will do; fixed, so that a finding can be repeated
    return attention::why_wrong(args(), seed);
  }
};

/// The variant of matmul that an arm multiplies with, or nullptr.
const matmul::Kernel* product_of(std::string_view variant, std::string_view setting) {
  if (variant == "composed_openblas") return matmul::find("openblas");
  if (variant == "composed_onednn") return matmul::find("onednn");
  return variant == "batched_matmul" ? matmul::find(setting) : nullptr;
}

double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const attention::Kernel* kernel = attention::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double scalar_flops = 2e9;
  constexpr double simd_flops = 60e9;
  return work_of(problem_of(problem)).flops /
         ((scalar ? scalar_flops : simd_flops) * harness::threads_of(arm));
}

harness::Problem bench_problem(std::int64_t query_len, std::int64_t key_len) {
  return {{"batch", 1},         {"heads", 8},    {"kv_heads", 8}, {"query_len", query_len},
          {"key_len", key_len}, {"head_dim", 64}};
}

}  // namespace

harness::FamilyInfo attention_family() {
  harness::FamilyInfo family;
  family.name = "attention";
  family.extents = {"batch", "heads", "kv_heads", "query_len", "key_len", "head_dim"};
  family.default_extents = {{"batch", 1}, {"heads", 1}, {"kv_heads", 1}, {"head_dim", 64}};
  family.alias = {{"length", {"query_len", "key_len"}}, {"all_heads", {"heads", "kv_heads"}}};
  family.tuples = {{"head_groups", {"heads", "kv_heads"}}};
  family.settings = {instruction_set_setting(),
                     {"mask", {"none", "causal", "window", "causal_window"}, false},
                     {"window", {"none"}, true},
                     {"matmul",
                      {"simd", "naive", "loop_order", "blocked", "register_tile", "packed",
                       "openblas", "eigen", "blis", "onednn"},
                      false}};
  for (const attention::Kernel& kernel : attention::family()) {
    family.variants.push_back(variant_info(kernel));
    if (const matmul::Kernel* product = product_of(kernel.name, "simd")) {
      family.variants.back().unavailable = product->why_unsupported({1, 1, 1, 1});
    }
  }
  family.check_values = {{"batch", "2"},         {"heads", "6"},         {"kv_heads", "1, 3"},
                         {"query_len", "1, 33"}, {"key_len", "33, 300"}, {"head_dim", "5, 80"}};
  family.bench_problems = {bench_problem(64, 64), bench_problem(256, 256),
                           bench_problem(1024, 1024), bench_problem(1, 4096)};
  family.flops = [](const harness::Problem& problem) { return work_of(problem_of(problem)).flops; };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    const attention::Problem p = problem_of(problem);
    const double scores = sizeof(float) * static_cast<double>(p.query_len) *
                          static_cast<double>(p.key_len);  // batched_matmul, for one thread
    constexpr double cold_sets = 2;
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return cold_sets * (work_of(p).bytes + cache) + scores;
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case attention_case(const harness::Cell& cell) {
  const attention::Kernel& kernel = kernel_of(cell.arm, attention::find);
  choose_instruction_set(cell.arm);
  attention::Problem problem = problem_of(cell.problem);
  problem.mask = mask_of(cell.arm);

  attention::MakeProduct product;
  if (const matmul::Kernel* of = product_of(kernel.name, cell.arm.settings.at("matmul"))) {
    if (const auto reason =
            of->why_unsupported({1, problem.query_len, problem.key_len, problem.head_dim})) {
      throw harness::Unsupported(*reason);
    }
    product = model::attention_products(*of);
  }
  return kernel_case(
      kernel, problem, cell.arm, work_of(problem),
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, product, policy); });
}

}  // namespace crossover::experiments
