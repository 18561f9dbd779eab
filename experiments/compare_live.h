#pragma once

#include "experiments/command.h"

namespace crossover::experiments {

/// crossover compare --live A B [CONFIG]: two builds of this program, interleaved in the same
/// blocks. `arguments` as after "compare"; returns the exit status.
int compare_live(const Arguments& arguments);

}  // namespace crossover::experiments
