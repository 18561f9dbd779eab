// Chooses kernel and threads for the product C [m,n] = A [m,k] * B [k,n] in f32.
//
// Made by crossover policy fit, 2026-11-29T20:13:49Z, git 22cf704ebc3c, from 1200 measured cells of:
//   policy_train/20261129T200916Z-vm, 2026-11-29T20:09:16Z, git 22cf704ebc3c
// Holds for: AMD EPYC, family 26 model 2 (2 CPUs); buffers = preallocated, cache = warm, isa = auto, layout = ab, pin = cores, waiting = active.
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
    {15.647075063322479, 14.593547893231797, 13.402484117354069, 12.021187685047762, 10.488794910824828, 9.04567215091797, 7.821811375563778, 7.0364512333077815,
     14.79036327906071, 13.880950559408333, 12.85715108807733, 11.691033425938299, 10.409693857427465, 9.046732303810906, 7.876950177869643, 7.111242848451156,
     13.782106397860916, 13.036465513091763, 12.123530210203432, 11.014092569005316, 9.874459743065179, 8.662524310475417, 7.571167776751581, 6.638467460111236,
     12.545064174903846, 11.993188580944324, 11.161930396127977, 9.996993395945198, 8.920085496749612, 7.9053589864835985, 6.858318175582735, 5.9787713326857075,
     11.108637567165196, 10.66389977278905, 9.932450348759401, 8.901836447039052, 7.9518188882091305, 7.0253706927290285, 6.067561628721579, 5.2998158003724125,
     9.954750618274037, 9.502219867311016, 8.760090224760129, 7.794676645180082, 6.988685094734702, 6.225584760372895, 5.445922853840286, 4.735003267866731,
     8.92679926554814, 8.454466495274797, 7.702707692063438, 6.820905215243515, 6.127633251134287, 5.572415994919779, 4.982782545627272, 4.340723914684903,
     7.933524133460734, 7.465291804317046, 6.706890840784941, 5.832685394719917, 5.0715784263917785, 4.820288285389294, 4.573035516442094, 4.114311548847987,
     6.98563951378685, 6.444032728278103, 5.731517655006523, 4.921182168752644, 4.0994152574386575, 4.201025844476653, 4.3693183885821165, 4.077395026573364,
     6.141781911330184, 5.5388366422389295, 4.866332609352171, 4.2009856870894255, 3.6301064363522295, 3.681887066074591, 3.8590214543091736, 3.7917677894568116,
     5.4174650914916205, 4.821634375260332, 4.270626965926115, 3.6517354464594565, 3.2200672627217064, 3.199410458111195, 3.3311453573321983, 3.3742946675110645},
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
