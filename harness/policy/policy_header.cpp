#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/policy/measured_shapes.h"
#include "harness/policy/policy_file.h"

namespace crossover::harness {
namespace {

/// Text that cannot end a comment.
std::string comment(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\n' || c == '\r' || c == '\\' ? ' ' : c;
  return safe;
}

std::string provenance(const Policy& policy) {
  std::string text = fmt::format(
      "// Chooses kernel and threads for the product C [m,n] = A [m,k] * B [k,n] in f32.\n"
      "//\n"
      "// Made by crossover policy fit, {}, git {}, from {} measured cells of:\n",
      comment(policy.made), comment(policy.git), policy.cells);
  for (const PolicySource& source : policy.sources) {
    text += fmt::format("//   {}, {}, git {}\n", comment(source.directory), comment(source.started),
                        comment(source.git));
  }
  return text + fmt::format(
                    "// Holds for: {}; {}.\n"
                    "//\n"
                    "// A count of threads is worth it from k = 2^log2_k(m,n) on; between the "
                    "nodes, which are\n"
                    "// powers of two, log2_k is bilinear in log2 m and log2 n, and beyond them it "
                    "is that of\n"
                    "// the edge. The largest count that is worth it is chosen.\n",
                    comment(policy.machine), comment(condition_text(policy.condition)));
}

std::string tables(const Policy& policy) {
  std::vector<int> counts;
  std::string values;
  for (const Boundary& boundary : policy.boundaries) {
    counts.push_back(boundary.threads);
    values += "    {";
    for (std::size_t node = 0; node < boundary.log2_k.size(); ++node) {
      const char* before = node == 0 ? "" : node % policy.grid.columns == 0 ? ",\n     " : ", ";
      values += fmt::format("{}{}", before, boundary.log2_k[node]);
    }
    values += "},\n";
  }
  // Inside the function: a constant array at namespace scope would be another one in every file
  // that includes the header, and an inline function must be the same in all of them.
  return fmt::format(
      "  const int rows = {};     // m = 2^({} + row)\n"
      "  const int columns = {};  // n = 2^({} + column)\n"
      "  static const int threads[] = {{{}}};\n"
      "  static const double log2_k[][rows * columns] = {{\n{}  }};\n"
      "  const detail::step row = detail::step_of(m, {}, rows);\n"
      "  const detail::step column = detail::step_of(n, {}, columns);\n",
      policy.grid.rows, policy.grid.first_log2_m, policy.grid.columns, policy.grid.first_log2_n,
      fmt::join(counts, ", "), values, policy.grid.first_log2_m, policy.grid.first_log2_n);
}

constexpr const char* lookup = R"(
struct step {
  int node;      // before the place
  double share;  // of the way to the next node
};

inline step step_of(std::int64_t extent, double first_log2, int nodes) {
  const double last = nodes - 1;
  const double place = std::log2(static_cast<double>(extent)) - first_log2;
  const double above = place > 0 ? place : 0;
  const double inside = above < last ? above : last;
  int node = static_cast<int>(inside);
  if (node > nodes - 2) node = nodes - 2;
  const step result = {node, inside - node};
  return result;
}

}  // namespace detail

/// The kernel and the number of threads for a product of these extents. Cost: three logarithms and
/// one interpolation for each count of threads; no memory, no locks.
inline choice choose(std::int64_t m, std::int64_t n, std::int64_t k) {
)";

constexpr const char* choice_loop = R"(  const double log2_of_k = std::log2(static_cast<double>(k));
  for (int i = {} - 1; i >= 0; --i) {{
    const double* upper = log2_k[i] + row.node * columns + column.node;
    const double* lower = upper + columns;
    const double at_upper = upper[0] + column.share * (upper[1] - upper[0]);
    const double at_lower = lower[0] + column.share * (lower[1] - lower[0]);
    if (log2_of_k >= at_upper + row.share * (at_lower - at_upper)) {{
      const choice result = {{parallel_kernel, "{}", threads[i]}};
      return result;
    }}
  }}
  const choice result = {{serial_kernel, "{}", 1}};
  return result;
}}

}}  // namespace crossover_policy

#endif
)";

}  // namespace

std::string policy_header(const Policy& policy) {
  const std::string declarations = R"(#ifndef CROSSOVER_POLICY_H
#define CROSSOVER_POLICY_H

#include <cmath>
#include <cstdint>

namespace crossover_policy {

enum kernel_id { serial_kernel = 0, parallel_kernel = 1 };

struct choice {
  kernel_id id;
  const char* kernel;
  int threads;
};

namespace detail {
)";
  return provenance(policy) + declarations + lookup + tables(policy) +
         fmt::format(choice_loop, policy.boundaries.size(), comment(policy.parallel_kernel),
                     comment(policy.serial_kernel));
}

}  // namespace crossover::harness
