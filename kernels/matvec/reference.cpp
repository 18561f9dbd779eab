#include "kernels/matvec/reference.h"

#include <fmt/format.h>

#include "kernels/core/sum_check.h"

namespace crossover::kernels::matvec {

std::optional<std::string> why_wrong(const Args& args) {
  const Index n = args.a.cols;
  for (Index i = 0; i < args.a.rows; ++i) {
    const float* row = args.a.row(0, i);
    SumCheck check;
    for (Index j = 0; j < n; ++j) {
      check.add(static_cast<double>(row[j]) * args.x[static_cast<std::size_t>(j)]);
    }
    const float value = args.y[static_cast<std::size_t>(i)];
    if (!check.accepts(value, n)) {
      return fmt::format("row {}: value {}, expected {}, bound {:.3g}", i, value, check.sum(),
                         check.bound(n));
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::matvec
