#include <algorithm>
#include <cblas.h>

#include "kernels/matvec/blas_module.h"

namespace crossover::kernels::matvec {
namespace {

void multiply_rows(const Rows& r) {
  // The interface returns without writing where there is nothing to read, and rejects strides of 0.
  if (r.n == 0) {
    std::fill_n(r.y, r.m, 0.0F);
    return;
  }
  cblas_sgemv(CblasRowMajor, CblasNoTrans, static_cast<blasint>(r.m), static_cast<blasint>(r.n),
              1.0F, r.a, static_cast<blasint>(r.stride), r.x, 1, 0.0F, r.y, 1);
}

const char* code_path() { return openblas_get_corename(); }

}  // namespace

constinit const MatvecModule crossover_matvec_module = {
    .code_path = code_path,
    .set_threads = openblas_set_num_threads,
    .threads = openblas_get_num_threads,
    .multiply = multiply_rows,
};

}  // namespace crossover::kernels::matvec
