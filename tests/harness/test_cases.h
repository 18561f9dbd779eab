#pragma once

#include "harness/case.h"

namespace crossover::harness {

/// Cases that behave or misbehave as their variant says: good, wrong, throws, throws_late, crashes,
/// crashes_late, hangs, unsupported, allocates, spins, settings (its code path names them). Used
/// inside the test program's own workers.
Case make_test_case(const Cell& cell);

}  // namespace crossover::harness
