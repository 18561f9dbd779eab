#pragma once

#include "kernels/matvec/rows.h"

namespace crossover::kernels::matvec {

/// The loop of `naive`, for every scalar variant that starts from it.
void multiply_rows_naive(const Rows& rows);

}  // namespace crossover::kernels::matvec
