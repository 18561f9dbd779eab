#include "kernels/embedding/reference.h"

#include <fmt/format.h>

namespace crossover::kernels::embedding {

std::optional<std::string> why_wrong(const Args& args) {
  for (Index i = 0; i < args.out.rows; ++i) {
    const TokenId id = args.ids[static_cast<std::size_t>(i)];
    for (Index j = 0; j < args.out.cols; ++j) {
      const double exact = static_cast<double>(args.table.row(0, id)[j]) * args.scale;
      const auto expected = static_cast<float>(exact);
      const float value = args.out.row(0, i)[j];
      if (!(value == expected)) {
        return fmt::format("token {} (id {}), col {}: value {}, expected {}, bound 0", i, id, j,
                           value, expected);
      }
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::embedding
