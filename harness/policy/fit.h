#pragma once

#include <cstdint>

#include "harness/policy/boundary_fit.h"
#include "harness/policy/measured_shapes.h"

namespace crossover::harness {

/// What is known of the count of threads at `index` (of MeasuredShapes::threads) on every shape:
/// the median over launches of ln(T_smaller / T_count), paired by launch, where T_smaller is the
/// smaller count with the least median time. `launches`, where not empty, says which launches
/// count, modulo how many a shape has.
std::vector<BoundaryPoint> boundary_points(const MeasuredShapes& measured, std::size_t index,
                                           std::span<const std::size_t> launches = {});

/// Fits one boundary for every count of threads but the first, with intervals from `replicates`
/// bootstrap samples over launches and shapes at the weights that were chosen. Leaves provenance
/// beyond what `measured` knows to the caller. The same seed gives the same policy.
Policy fit_policy(const MeasuredShapes& measured, std::uint64_t seed, std::size_t replicates);

}  // namespace crossover::harness
