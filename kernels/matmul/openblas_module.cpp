#include <algorithm>
#include <cblas.h>

#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {
namespace {

void multiply(void*, const Args& args) {
  const auto m = static_cast<blasint>(args.c.rows);
  const auto n = static_cast<blasint>(args.c.cols);
  const auto k = static_cast<blasint>(args.a.cols);
  // The interface rejects a stride below 1 even where there is nothing to read.
  const auto stride = [](Index row_stride) {
    return static_cast<blasint>(std::max<Index>(1, row_stride));
  };
  const bool transposed = args.layout == Layout::abt;
  for (Index element = 0; element < args.c.batch; ++element) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, m, n, k, 1.0F,
                args.a.matrix(element), stride(args.a.row_stride), args.b.matrix(element),
                stride(args.b.row_stride), 0.0F, args.c.matrix(element), stride(args.c.row_stride));
  }
}

const char* code_path(const void*) { return openblas_get_corename(); }

}  // namespace

constinit const GemmModule crossover_gemm_module = {
    .code_path = code_path,
    .set_threads = openblas_set_num_threads,
    .threads = openblas_get_num_threads,
    .multiply = multiply,
};

}  // namespace crossover::kernels::matmul
