#pragma once

#include "experiments/command.h"

namespace crossover::experiments {

// The parts of `crossover model`; each gets what follows its name and returns an exit status.
int model_bench(const Arguments& arguments);
int model_create(const Arguments& arguments);
int model_embed(const Arguments& arguments);
int model_inspect(const Arguments& arguments);

}  // namespace crossover::experiments
