#include "kernels/core/thread_count_guard.h"

#include <fmt/format.h>
#include <stdexcept>

namespace crossover::kernels {

void require_threads(std::string_view name, int granted, int asked) {
  if (granted == asked) return;
  throw std::runtime_error(fmt::format("{} grants {} threads; asked for {}", name, granted, asked));
}

}  // namespace crossover::kernels
