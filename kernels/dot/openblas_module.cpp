#include <cblas.h>

#include "kernels/dot/blas_module.h"

namespace crossover::kernels::dot {
namespace {

void multiply_pairs(const Pairs& p) {
  for (Index b = 0; b < p.pairs; ++b) {
    p.result[b] =
        cblas_sdot(static_cast<blasint>(p.n), p.x + b * p.x_stride, 1, p.y + b * p.y_stride, 1);
  }
}

const char* code_path() { return openblas_get_corename(); }

}  // namespace

constinit const DotModule crossover_dot_module = {
    .code_path = code_path,
    .set_threads = openblas_set_num_threads,
    .threads = openblas_get_num_threads,
    .multiply = multiply_pairs,
};

}  // namespace crossover::kernels::dot
