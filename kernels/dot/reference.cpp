#include "kernels/dot/reference.h"

#include <fmt/format.h>

#include "kernels/core/sum_check.h"

namespace crossover::kernels::dot {

std::optional<std::string> why_wrong(const Args& args) {
  const Index n = args.x.cols;
  for (Index b = 0; b < args.x.rows; ++b) {
    const float* x = args.x.row(0, b);
    const float* y = args.y.row(0, b);
    SumCheck check;
    for (Index i = 0; i < n; ++i) check.add(static_cast<double>(x[i]) * y[i]);
    const float value = args.result[static_cast<std::size_t>(b)];
    if (!check.accepts(value, n)) {
      return fmt::format("pair {}: value {}, expected {}, bound {:.3g}", b, value, check.sum(),
                         check.bound(n));
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::dot
