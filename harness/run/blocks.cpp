#include "harness/run/blocks.h"

#include <algorithm>

namespace crossover::harness {
namespace {

std::vector<std::size_t> palindrome(std::vector<std::size_t> out) {
  out.insert(out.end(), out.rbegin(), out.rend());
  return out;
}

}  // namespace

std::vector<std::vector<std::size_t>> balanced_blocks(const std::vector<std::size_t>& arms,
                                                      int count, std::mt19937_64& random) {
  std::vector<std::vector<std::size_t>> blocks;
  std::vector<std::size_t> order = arms;
  while (static_cast<int>(blocks.size()) < count) {
    std::shuffle(order.begin(), order.end(), random);
    blocks.push_back(palindrome(order));
    std::reverse(order.begin(), order.end());
    blocks.push_back(palindrome(order));
  }
  blocks.resize(static_cast<std::size_t>(count));
  std::shuffle(blocks.begin(), blocks.end(), random);
  return blocks;
}

}  // namespace crossover::harness
