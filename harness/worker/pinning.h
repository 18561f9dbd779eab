#pragma once

#include <vector>

namespace crossover::harness {

/// Binds every thread that this process has now to one CPU, in turn: the main thread to the first,
/// the others in the order of their ids to the next ones, round and round. Whoever started a thread
/// (OpenMP, a vendor's pool) it gets the same place in every launch. Does nothing without CPUs.
void pin_threads(const std::vector<int>& cpus);

}  // namespace crossover::harness
