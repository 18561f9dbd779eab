// Chooses kernel and threads for the product C [m,n] = A [m,k] * B [k,n] in f32.
//
// Made by crossover policy fit, 2026-11-29T01:07:41Z, git 843fd47c5272, from 1200 measured cells of:
//   policy_train/20261129T010344Z-vm, 2026-11-29T01:03:44Z, git 843fd47c5272
// Holds for: AMD EPYC (2 CPUs); buffers = preallocated, cache = warm, isa = auto, layout = ab, pin = cores, waiting = active.
//
// A count of threads is worth it from k = 2^log2_k(m,n) on; between the nodes, which are
// powers of two, log2_k is bilinear in log2 m and log2 n, and beyond them it is that of
// the edge. The largest count that is worth it is chosen.
#ifndef CROSSOVER_POLICY_H
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
  const int rows = 11;     // m = 2^(0 + row)
  const int columns = 8;  // n = 2^(4 + column)
  static const int threads[] = {2};
  static const double log2_k[][rows * columns] = {
    {16.39126512285118, 15.179659472065852, 13.766058942078534, 12.054880326333992, 10.179685409819843, 9.058120349434239, 7.761200919682646, 6.936914087700322,
     15.458861064622614, 14.47660037693946, 13.382986565507286, 12.097890137722613, 10.61105779266647, 9.262104190818878, 7.947520992947742, 7.257092496009517,
     14.268835010931483, 13.485195446454897, 12.572985242220875, 11.37186753784857, 9.950305226633779, 8.839651063230052, 7.606682406654284, 6.834262878247533,
     12.73558282984058, 12.10137769723758, 11.277112155249604, 10.059660760572964, 8.840696652787159, 7.968503044486194, 6.922303231961329, 6.26131048670926,
     11.002293378979235, 10.379900497648512, 9.69999423388768, 8.827609984369165, 8.01182739953745, 7.075568835769574, 6.219319626072491, 5.56201190238009,
     9.946821059401223, 9.40025981912074, 8.731755596508181, 7.828323524858608, 7.095156883165954, 6.317456596766478, 5.727898851048694, 4.934881291912813,
     8.884117221372822, 8.419502937548028, 7.681950401009491, 6.8893735479700915, 6.2077604569208225, 5.740084080239145, 5.422585928825919, 4.436143941667209,
     7.832779785599103, 7.335445379293994, 6.714993243224997, 5.930800520431425, 5.164651659719429, 4.950205013943032, 5.085095208688085, 4.386785548945804,
     7.15600041244087, 6.532196126959341, 5.866625208650215, 4.97842869366373, 3.9475281438759926, 4.2330240649040745, 4.960107016996851, 4.61578240155236,
     6.330647611522006, 5.694809293856367, 5.050213969223896, 4.110283399229643, 3.0599450585166466, 3.098041440481759, 3.7508989631763976, 3.9625463571859756,
     5.270563387817142, 4.634546673591581, 4.194332561610089, 3.159723845443154, 2.2887517820849967, 2.187871965828946, 2.634697092991358, 3.020982828587563},
  };
  const detail::step row = detail::step_of(m, 0, rows);
  const detail::step column = detail::step_of(n, 4, columns);
  const double log2_of_k = std::log2(static_cast<double>(k));
  for (int i = 1 - 1; i >= 0; --i) {
    const double* upper = log2_k[i] + row.node * columns + column.node;
    const double* lower = upper + columns;
    const double at_upper = upper[0] + column.share * (upper[1] - upper[0]);
    const double at_lower = lower[0] + column.share * (lower[1] - lower[0]);
    if (log2_of_k >= at_upper + row.share * (at_lower - at_upper)) {
      const choice result = {parallel_kernel, "simd_parallel", threads[i]};
      return result;
    }
  }
  const choice result = {serial_kernel, "simd", 1};
  return result;
}

}  // namespace crossover_policy

#endif
