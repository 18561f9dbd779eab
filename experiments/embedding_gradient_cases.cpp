#include "experiments/embedding_gradient_cases.h"

#include <fmt/format.h>
#include <set>

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/token_ids_setting.h"
#include "experiments/variant_info.h"
#include "harness/worker/machine.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/embedding_gradient/embedding_gradient.h"
#include "kernels/embedding_gradient/reference.h"

namespace crossover::experiments {
namespace {

namespace gradient = kernels::embedding_gradient;
using Ids = std::vector<kernels::TokenId>;

gradient::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "vocabulary"), harness::extent(problem, "dim"),
          harness::extent(problem, "tokens")};
}

gradient::Problem problem_of(const harness::Cell& cell) {
  gradient::Problem problem = problem_of(cell.problem);
  if (cell.arm.settings.at("other_rows") == "kept") problem.other_rows = gradient::OtherRows::kept;
  return problem;
}

double numbers_of(const gradient::Problem& p) {
  return static_cast<double>(p.tokens) * static_cast<double>(p.dim);
}

double table_bytes_of(const gradient::Problem& p) {
  return sizeof(float) * static_cast<double>(p.vocabulary) * static_cast<double>(p.dim);
}

/// Of the upstream gradient, the ids and the rows that are written, once.
double bytes_of(const gradient::Problem& p, const Ids& ids) {
  const double read =
      sizeof(float) * numbers_of(p) + sizeof(kernels::TokenId) * static_cast<double>(p.tokens);
  if (p.other_rows == gradient::OtherRows::zeroed) return read + table_bytes_of(p);
  const std::set<kernels::TokenId> named(ids.begin(), ids.end());
  return read + sizeof(float) * static_cast<double>(named.size()) * static_cast<double>(p.dim);
}

/// One set of operands.
struct Operands {
  gradient::Problem problem;
  Ids ids;
  AlignedBuffer<float> upstream;
  AlignedBuffer<float> output;

  Operands(const gradient::Problem& p, const Ids& token_ids, const kernels::ParallelPolicy& policy)
      : problem(p),
        ids(token_ids),
        upstream(static_cast<std::size_t>(p.tokens * p.dim)),
        output(static_cast<std::size_t>(p.vocabulary * p.dim)) {
    fill(upstream.span(), 1, policy);
    fill(output.span(), 2, policy);
  }

  kernels::NoConstants constants() const { return {}; }

  gradient::Args args() const {
    return {kernels::dense<const float>(upstream.data(), 1, problem.tokens, problem.dim), ids,
            kernels::dense<float>(output.data(), 1, problem.vocabulary, problem.dim),
            problem.other_rows};
  }

  std::optional<std::string> why_wrong() const { return gradient::why_wrong(args()); }
};

/// With OtherRows::kept a call touches few rows of its table, so that it takes many tables until
/// those rows are evicted.
void require_memory(const harness::Arm& arm, const gradient::Problem& problem, double work_bytes) {
  if (arm.settings.at("cache") != "cold") return;
  const double set_bytes = sizeof(float) * numbers_of(problem) + table_bytes_of(problem);
  const double needed = sets_for_cold_cache(work_bytes) * set_bytes;
  constexpr double usable = 0.4;  // the other arms' workers have theirs
  if (needed <= usable * harness::read_machine().available_bytes) return;
  constexpr double gib = 1024.0 * 1024 * 1024;
  throw harness::Unsupported(
      fmt::format("a cold cache needs {:.1f} GiB of tables: too much here", needed / gib));
}

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  constexpr double bytes_per_second = 10e9;
  const gradient::Problem p = problem_of(problem);
  return (sizeof(float) * numbers_of(p) + table_bytes_of(p)) /
         (bytes_per_second * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo embedding_gradient_family() {
  harness::FamilyInfo family;
  family.name = "embedding_gradient";
  family.ceiling = "stream_copy";
  family.extents = {"vocabulary", "dim", "tokens"};
  family.tuples = {{"table", {"vocabulary", "dim"}}};
  family.settings = {
      instruction_set_setting(), token_ids_setting(), {"other_rows", {"zeroed", "kept"}, false}};
  for (const gradient::Kernel& kernel : gradient::family()) {
    family.variants.push_back(variant_info(kernel));
  }
  family.check_values = {
      {"vocabulary", "1, 50"}, {"dim", "1, 15, 64, 129"}, {"tokens", "1, 2, 133"}};
  for (const std::int64_t tokens : {32, 512}) {
    family.bench_problems.push_back({{"vocabulary", 512}, {"dim", 256}, {"tokens", tokens}});
  }
  family.flops = [](const harness::Problem& problem) { return numbers_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double cold_sets = 2;  // times the last-level cache
    const gradient::Problem p = problem_of(problem);
    return 2 * (sizeof(float) * numbers_of(p) + table_bytes_of(p)) +
           cold_sets * static_cast<double>(kernels::cpu_caches().level3);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case embedding_gradient_case(const harness::Cell& cell) {
  const gradient::Kernel& kernel = kernel_of(cell.arm, gradient::find);
  choose_instruction_set(cell.arm);
  const gradient::Problem problem = problem_of(cell);
  if (const auto reason = kernel.why_unsupported(problem)) throw harness::Unsupported(*reason);
  constexpr std::uint64_t seed = 5;
  const Ids ids =
      draw_token_ids(cell.arm.settings.at("ids"), problem.vocabulary, problem.tokens, seed);
  const harness::Work work{numbers_of(problem), bytes_of(problem, ids)};
  require_memory(cell.arm, problem, work.bytes);
  return kernel_case(kernel, problem, cell.arm, work, [&](const kernels::ParallelPolicy& policy) {
    return Operands(problem, ids, policy);
  });
}

}  // namespace crossover::experiments
