#pragma once

#include "harness/worker/worker_process.h"

namespace crossover::experiments {

/// Where an arm's worker runs and in which environment: nothing is inherited but
/// LD_LIBRARY_PATH, every variable that steers a thread pool is set explicitly, and the arm's env.*
/// settings win. With pin = cores the arm has as many CPUs as threads, and each thread one of them;
/// threads that live for one call share them, as the scheduler places them.
harness::Placement place(const harness::Arm& arm);

}  // namespace crossover::experiments
