#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/policy/policy.h"

namespace crossover::harness {

/// What is known of a count of threads against the best smaller one on one shape.
struct BoundaryPoint {
  Shape shape;
  double log_ratio = 0;  // ln(T_smaller / T_count): above 0 the count is worth it
};

/// How the fit weighs data against smoothness; chosen by cross-validation.
struct FitWeights {
  double smoothness = 0.01;
  double sharpness = 0.3;
};

/// The grid of powers of two that holds all shapes, at least 2 x 2. Throws std::invalid_argument
/// for no shapes.
Grid grid_around(std::span<const BoundaryPoint> points);

/// log2 k* at every node: the surface b that minimises
///   sum_i w_i s ln(1 + exp(-sign_i d_i / s)) + smoothness * |curvature of b|^2,
///   d_i = log2 k_i - b(m_i, n_i),  w_i = what the wrong side costs at shape i, at most 65%,
/// a convex problem, solved by Newton's method. At s -> 0 the sum is the regret of the training
/// shapes, so that shapes without a difference do not count, and jagged ones cannot pull the
/// surface further than they are worth. Where nothing was measured the surface goes on straight:
/// without data the law is k* = c / (m^a n^b), as in the rules m*n*k >= c.
/// +-`never_log2_k` everywhere where all points have one sign.
/// Cost: nodes^3 per Newton step, about 20 steps.
/// Source: weighted logistic regression with a penalty on second differences (Eilers & Marx,
/// Statist. Sci. 11, 1996).
std::vector<double> fit_surface(const Grid& grid, std::span<const BoundaryPoint> points,
                                const FitWeights& weights);

/// log2 k of a boundary that no k reaches; finite, so that it can be interpolated.
constexpr double never_log2_k = 1024;

/// Mean regret of a surface on points: e^|log_ratio| - 1 where it chooses the wrong side.
double surface_regret(const Grid& grid, std::span<const double> log2_k,
                      std::span<const BoundaryPoint> points);

struct ChosenWeights {
  FitWeights weights;
  double regret = 0;  // mean over points, each judged by a fit that did not see it
};

/// The weights with the least regret in ten-fold cross-validation; of equal ones the smoothest.
ChosenWeights choose_weights(const Grid& grid, std::span<const BoundaryPoint> points,
                             std::uint64_t seed);

/// Where each node's boundary lies in relation to the k of the points around it.
std::vector<Place> places_of(const Grid& grid, std::span<const double> log2_k,
                             std::span<const BoundaryPoint> points);

}  // namespace crossover::harness
