#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace crossover::harness {

/// The extents of one product C [m,n] = A [m,k] * B [k,n].
struct Shape {
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;

  auto operator<=>(const Shape&) const = default;
};

/// Where a surface over m and n has its nodes: m = 2^(first_log2_m + i) with 0 <= i < rows, and n
/// alike. At least two each, so that there is something to interpolate between.
struct Grid {
  int first_log2_m = 0;
  int first_log2_n = 0;
  std::size_t rows = 2;
  std::size_t columns = 2;

  std::size_t nodes() const { return rows * columns; }
};

/// The four nodes around a place, and how much each counts; the weights sum to 1.
struct Corners {
  std::size_t node[4] = {};
  double weight[4] = {};
};

/// Bilinear in log2 m and log2 n; beyond the grid the values of its edge hold.
Corners corners_of(const Grid& grid, const Shape& shape);

/// log2 of the k of a surface at (m,n). `log2_k` has one value per node, m by m. The arithmetic is
/// the same, operation by operation, as in kernels/matmul/dispatch_policy.h and in the header that
/// is made of a policy; tests compare the three.
double surface_at(const Grid& grid, std::span<const double> log2_k, const Shape& shape);

/// Where a node's boundary lies in relation to the k that were measured around it.
enum class Place {
  measured,  // among them
  above,     // beyond the largest: there the smaller count always won
  below,     // beyond the smallest: there this count always won
  unknown,   // nothing was measured around the node; its neighbours decide
};

/// From which k on `threads` threads beat every smaller count: k*(m,n), as log2.
struct Boundary {
  int threads = 2;
  std::vector<double> log2_k;              // one per node of the grid, m by m
  std::vector<std::optional<double>> low;  // 95% interval, where the boundary was measured
  std::vector<std::optional<double>> high;
  std::vector<Place> place;
  double smoothness = 0;        // weight of the curvature that cross-validation chose
  double sharpness = 0;         // octaves of k over which the fit's loss turns, chosen likewise
  double validated_regret = 0;  // mean over folds, on shapes that the fold's fit did not see
  std::size_t shapes = 0;
};

/// One of the runs a policy was made from.
struct PolicySource {
  std::string experiment;
  std::string started;
  std::string git;
  std::string directory;  // its last two folders
};

/// What chooses a kernel and a number of threads for a product, and what it holds for.
struct Policy {
  std::string machine;  // as in a manifest
  std::string cpu;
  std::optional<std::string> cpu_model;
  int cores = 1;
  std::map<std::string, std::string> condition;  // cache, layout, waiting, ...; results/README.md
  std::string serial_kernel = "simd";
  std::string parallel_kernel = "simd_parallel";
  std::vector<int> threads;  // ascending, the first one is 1
  Grid grid;
  std::vector<Boundary> boundaries;  // one for each of `threads` but the first
  double confidence = 0.95;
  std::vector<PolicySource> sources;
  std::string git;   // of the program that made it
  std::string made;  // UTC
  std::size_t cells = 0;
  std::vector<Shape> training;  // ascending
};

/// The number of threads for a product: the largest count whose boundary lies at or below k, or 1.
/// Since a count's boundary is that against all smaller counts, this is the fastest of all.
int choose_threads(const Policy& policy, const Shape& shape);

}  // namespace crossover::harness
