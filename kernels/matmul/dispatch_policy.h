#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

/// From which k on a count of threads beats all smaller ones, over m and n: what the variant `auto`
/// looks up in every call. Plain data, made elsewhere; nothing here reads a file.
struct DispatchPolicy {
  struct Boundary {
    int threads = 2;
    std::vector<double> log2_k;  // [rows, columns]: log2 k*(m,n) at the nodes
  };

  int first_log2_m = 0;  // m = 2^(first_log2_m + row)
  int first_log2_n = 0;  // n = 2^(first_log2_n + column)
  std::size_t rows = 2;  // at least 2
  std::size_t columns = 2;
  std::vector<Boundary> boundaries;  // ascending in threads

  /// Which boundary of those up to `most_threads` threads lies at or below k, the largest count
  /// first, as its index + 1; 0 for one thread. log2_k is bilinear in log2 m and log2 n between the
  /// nodes and that of the edge beyond them. Empty extents are for one thread.
  /// Cost: three logarithms and one interpolation per boundary, about 20 ns; allocates nothing.
  std::size_t choose(Index m, Index n, Index k, int most_threads) const {
    const Step row = step_of(m, first_log2_m, rows);
    const Step column = step_of(n, first_log2_n, columns);
    const double log2_of_k = std::log2(static_cast<double>(k));
    for (std::size_t i = boundaries.size(); i-- > 0;) {
      if (boundaries[i].threads > most_threads) continue;
      const double* upper = boundaries[i].log2_k.data() + row.node * columns + column.node;
      const double* lower = upper + columns;
      const double at_upper = upper[0] + column.share * (upper[1] - upper[0]);
      const double at_lower = lower[0] + column.share * (lower[1] - lower[0]);
      if (log2_of_k >= at_upper + row.share * (at_lower - at_upper)) return i + 1;
    }
    return 0;
  }

  /// Threads of what choose() returned.
  int threads(std::size_t choice) const { return choice == 0 ? 1 : boundaries[choice - 1].threads; }

 private:
  struct Step {
    std::size_t node;  // before the place
    double share;      // of the way to the next node
  };

  static Step step_of(Index extent, int first_log2, std::size_t nodes) {
    const double last = static_cast<double>(nodes - 1);
    const double place = std::log2(static_cast<double>(extent)) - first_log2;
    const double inside = std::min(std::max(place, 0.0), last);
    const std::size_t node = std::min(static_cast<std::size_t>(inside), nodes - 2);
    return {node, inside - static_cast<double>(node)};
  }
};

}  // namespace crossover::kernels::matmul
