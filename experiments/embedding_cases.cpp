#include "experiments/embedding_cases.h"

#include <algorithm>
#include <cmath>

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/token_ids_setting.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/embedding/embedding.h"
#include "kernels/embedding/reference.h"

namespace crossover::experiments {
namespace {

namespace embedding = kernels::embedding;
using Table = std::shared_ptr<const AlignedBuffer<float>>;

embedding::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "vocabulary"), harness::extent(problem, "dim"),
          harness::extent(problem, "tokens")};
}

double numbers_of(const embedding::Problem& p) {
  return static_cast<double>(p.tokens) * static_cast<double>(p.dim);
}

double table_bytes_of(const embedding::Problem& p) {
  return sizeof(float) * static_cast<double>(p.vocabulary) * static_cast<double>(p.dim);
}

/// Of rows, output and ids, once for each token.
double bytes_of(const embedding::Problem& p) {
  return 2 * sizeof(float) * numbers_of(p) +
         sizeof(kernels::TokenId) * static_cast<double>(p.tokens);
}

/// One set of operands; sets may share a table.
struct Operands {
  embedding::Problem problem;
  float scale;
  Table table;
  std::vector<kernels::TokenId> ids;
  AlignedBuffer<float> output;

  kernels::NoConstants constants() const { return {}; }

  embedding::Args args() const {
    return {kernels::dense<const float>(table->data(), 1, problem.vocabulary, problem.dim), ids,
            kernels::dense<float>(output.data(), 1, problem.tokens, problem.dim), scale};
  }

  std::optional<std::string> why_wrong() const { return embedding::why_wrong(args()); }
};

/// Makes one set after the other, each with ids of its own.
class OperandMaker {
 public:
  OperandMaker(const embedding::Problem& problem, const harness::Arm& arm)
      : problem_(problem),
        distribution_(arm.settings.at("ids")),
        scale_(arm.settings.at("scale") == "sqrt_dim"
                   ? static_cast<float>(std::sqrt(static_cast<double>(problem.dim)))
                   : 1.0F),
        most_tables_(
            arm.settings.at("cache") == "cold" ? sets_for_cold_cache(table_bytes_of(problem)) : 1) {
  }

  Operands next(const kernels::ParallelPolicy& policy) {
    const std::size_t set = sets_++;
    if (tables_.size() < static_cast<std::size_t>(most_tables_)) {
      const auto floats = static_cast<std::size_t>(problem_.vocabulary * problem_.dim);
      const auto table = std::make_shared<AlignedBuffer<float>>(floats);
      fill(table->span(), 1, policy);
      tables_.push_back(table);
    }
    Operands operands{
        problem_, scale_, tables_[set % tables_.size()],
        draw_token_ids(distribution_, problem_.vocabulary, problem_.tokens, set),
        AlignedBuffer<float>(static_cast<std::size_t>(problem_.tokens * problem_.dim))};
    fill(operands.output.span(), 3, policy);
    return operands;
  }

 private:
  embedding::Problem problem_;
  std::string distribution_;
  float scale_;
  int most_tables_;
  std::size_t sets_ = 0;
  std::vector<Table> tables_;
};

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  constexpr double bytes_per_second = 10e9;
  return bytes_of(problem_of(problem)) / (bytes_per_second * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo embedding_family() {
  harness::FamilyInfo family;
  family.name = "embedding";
  family.ceiling = "stream_copy";
  family.extents = {"vocabulary", "dim", "tokens"};
  family.tuples = {{"table", {"vocabulary", "dim"}}};
  family.settings = {
      instruction_set_setting(), token_ids_setting(), {"scale", {"none", "sqrt_dim"}, false}};
  for (const embedding::Kernel& kernel : embedding::family()) {
    family.variants.push_back(variant_info(kernel));
  }
  family.check_values = {
      {"vocabulary", "1, 50"}, {"dim", "1, 15, 64, 129"}, {"tokens", "1, 2, 33"}};
  for (const std::int64_t tokens : {1, 32, 512}) {
    family.bench_problems.push_back({{"vocabulary", 32768}, {"dim", 768}, {"tokens", tokens}});
  }
  family.flops = [](const harness::Problem& problem) { return numbers_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double cold_tables_and_outputs = 4;  // times the last-level cache
    const embedding::Problem p = problem_of(problem);
    return 2 * table_bytes_of(p) + bytes_of(p) +
           cold_tables_and_outputs * static_cast<double>(kernels::cpu_caches().level3);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case embedding_case(const harness::Cell& cell) {
  const embedding::Kernel& kernel = kernel_of(cell.arm, embedding::find);
  choose_instruction_set(cell.arm);
  const embedding::Problem problem = problem_of(cell.problem);
  OperandMaker maker(problem, cell.arm);
  return kernel_case(kernel, problem, cell.arm, {numbers_of(problem), bytes_of(problem)},
                     [&](const kernels::ParallelPolicy& policy) { return maker.next(policy); });
}

}  // namespace crossover::experiments
