#pragma once

#include "kernels/probe/simd_stream.h"
#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {

// What the probes of memory share.

struct StreamPlan : Prepared {
  explicit StreamPlan(Index count) : iterations(count) {}

  std::optional<std::string> code_path() const override { return loops.name; }

  /// The walk of that call through a part of so many words.
  Walk walk(Index turn, std::size_t words) const;

  const StreamLoops& loops = stream_loops();
  Index iterations;
};

std::unique_ptr<Prepared> prepare_stream(const Problem& problem, const NoConstants&,
                                         const ParallelPolicy&);

/// One step is a word.
double words_per_thread(const Problem& problem);

}  // namespace crossover::kernels::probe
