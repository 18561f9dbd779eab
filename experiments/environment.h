#pragma once

#include "harness/worker/worker_process.h"

namespace crossover::experiments {

/// Where an arm's worker runs and in which environment: nothing is inherited but
/// LD_LIBRARY_PATH, every variable that steers a thread pool is set explicitly, and the arm's env.*
/// settings win.
harness::Placement place(const harness::Arm& arm);

}  // namespace crossover::experiments
