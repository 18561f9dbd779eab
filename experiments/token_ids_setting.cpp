#include "experiments/token_ids_setting.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace crossover::experiments {

harness::SettingInfo token_ids_setting() { return {"ids", {"uniform", "zipf"}, false}; }

std::vector<kernels::TokenId> draw_token_ids(const std::string& distribution,
                                             kernels::Index vocabulary, kernels::Index tokens,
                                             std::uint64_t seed) {
  const bool zipf = distribution == "zipf";
  const double rows = static_cast<double>(vocabulary);
  std::mt19937_64 random(seed);
  std::vector<kernels::TokenId> ids(static_cast<std::size_t>(tokens));
  for (kernels::TokenId& id : ids) {
    // Not std::uniform_real_distribution, which may differ from library to library.
    const double share = static_cast<double>(random() >> 11) * 0x1p-53;
    const double drawn = zipf ? std::exp(share * std::log1p(rows)) - 1 : share * rows;
    id = static_cast<kernels::TokenId>(std::min(drawn, rows - 1));
  }
  return ids;
}

}  // namespace crossover::experiments
