#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/policy/boundary_fit.h"
#include "harness/policy/score_report.h"

namespace crossover::harness {
namespace {

std::string k_text(double log2_k) {
  if (log2_k >= never_log2_k) return "never";
  if (log2_k <= 0) return "1";
  return fmt::format("{:.0f}", std::exp2(log2_k));
}

/// "57 [50, 66]"; ">1024" and "<16" beyond what was measured; "(57)" where nothing was.
std::string node_text(const Boundary& boundary, std::size_t node) {
  std::string k = k_text(boundary.log2_k[node]);
  switch (boundary.place[node]) {
    case Place::measured:
      if (!boundary.low[node] || !boundary.high[node]) return k;
      return fmt::format("{} [{}, {}]", k, k_text(*boundary.low[node]),
                         k_text(*boundary.high[node]));
    case Place::above:
      return k == "never" ? k : k + " >";
    case Place::below:
      return k + " <";
    case Place::unknown:
      return "(" + k + ")";
  }
  return k;
}

Table boundary_table(const Policy& policy, const Boundary& boundary) {
  Table table;
  table.title =
      fmt::format("{} threads pay from this k on, by m (down) and n (across)", boundary.threads);
  table.columns = {"m \\ n"};
  for (std::size_t column = 0; column < policy.grid.columns; ++column) {
    table.columns.push_back(
        std::to_string(1LL << (policy.grid.first_log2_n + static_cast<int>(column))));
  }
  for (std::size_t row = 0; row < policy.grid.rows; ++row) {
    std::vector<std::string> texts{
        std::to_string(1LL << (policy.grid.first_log2_m + static_cast<int>(row)))};
    for (std::size_t column = 0; column < policy.grid.columns; ++column) {
      texts.push_back(node_text(boundary, row * policy.grid.columns + column));
    }
    table.rows.push_back(std::move(texts));
  }
  table.notes.push_back(fmt::format(
      "Fitted to {} shapes; cross-validated mean regret {:.2f}%; smoothness {:g}, sharpness {:g}.",
      boundary.shapes, 100 * boundary.validated_regret, boundary.smoothness, boundary.sharpness));
  return table;
}

}  // namespace

std::string policy_text(const Policy& policy) {
  std::string text = fmt::format(
      "Policy for matmul: {} on 1 thread, or {} on up to {}\n"
      "Machine: {}\nCondition: {}\nMade: {}, git {}, from {} cells of\n",
      policy.serial_kernel, policy.parallel_kernel, policy.threads.back(), policy.machine,
      condition_text(policy.condition), policy.made, policy.git, policy.cells);
  for (const PolicySource& source : policy.sources) {
    text += fmt::format("  {}, {}, git {}\n", source.directory, source.started, source.git);
  }
  for (const Boundary& boundary : policy.boundaries) {
    text += "\n" + as_text(boundary_table(policy, boundary));
  }
  return text + fmt::format(
                    "\nIn brackets: {:.0f}% interval. \"k >\": beyond the largest k that was "
                    "measured there; \"k <\": below the\nsmallest; \"(k)\": nothing was measured "
                    "around it, its neighbours decide.\n",
                    100 * policy.confidence);
}

}  // namespace crossover::harness
