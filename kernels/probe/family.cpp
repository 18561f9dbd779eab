#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {

std::span<const Variant> family() {
  static const std::array<Variant, 9> variants{fma_f32,     int8_dot,        stream_read,
                                               stream_copy, parallel_region, parallel_for,
                                               barrier,     reduction,       empty};
  return variants;
}

const Variant* find(std::string_view name) {
  const std::span<const Variant> all = family();
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const Variant& variant) { return variant.kernel.name == name; });
  return found == all.end() ? nullptr : &*found;
}

double operations(const Variant& variant, const Problem& problem, const ParallelPolicy& policy) {
  return variant.operations_per_step * variant.steps_per_thread(problem) * policy.threads;
}

double bytes(const Variant& variant, const Problem& problem, const ParallelPolicy& policy) {
  return variant.bytes_per_step * variant.steps_per_thread(problem) * policy.threads;
}

std::optional<std::string> why_wrong(const Variant& variant, const Problem& problem,
                                     const Args& args) {
  const double expected = variant.steps_per_thread(problem);
  for (std::size_t thread = 0; thread < args.done.size(); ++thread) {
    if (args.done[thread].steps != expected) {
      return fmt::format("thread {}: {} steps were done, expected {}", thread,
                         args.done[thread].steps, expected);
    }
  }
  return variant.writes ? why_not_copied(problem, args) : std::nullopt;
}

std::optional<std::string> why_unsupported(const Problem& problem) {
  constexpr Index most_constructs = 1'000'000;  // f64 would count many more; a call would not end
  if (problem.iterations < 0 || problem.iterations > most_iterations) {
    return fmt::format("iterations = {}; expected 0..{}", problem.iterations, most_iterations);
  }
  if (problem.constructs < 0 || problem.constructs > most_constructs) {
    return fmt::format("constructs = {}; expected 0..{}", problem.constructs, most_constructs);
  }
  if (problem.kib < 0 || problem.kib > most_kib) {
    return fmt::format("kib = {}; expected 0..{}", problem.kib, most_kib);
  }
  return std::nullopt;
}

std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                          const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}

std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

namespace {

struct ConstructPlan : Prepared {
  explicit ConstructPlan(Index count) : constructs(count) {}

  Index constructs;
};

}  // namespace

std::unique_ptr<Prepared> prepare_constructs(const Problem& problem, const NoConstants&,
                                             const ParallelPolicy&) {
  return std::make_unique<ConstructPlan>(problem.constructs);
}

Index planned_constructs(const Prepared& prepared) {
  return static_cast<const ConstructPlan&>(prepared).constructs;
}

double constructs_of(const Problem& problem) { return static_cast<double>(problem.constructs); }

}  // namespace crossover::kernels::probe
