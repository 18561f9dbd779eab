#include <Eigen/Core>

#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class M, class T>
Eigen::Map<M, Eigen::Unaligned, Eigen::OuterStride<>> map(const MatrixBatch<T>& x, Index element) {
  return {x.matrix(element), x.rows, x.cols, Eigen::OuterStride<>(x.row_stride)};
}

void multiply(void*, const Args& args) {
  for (Index element = 0; element < args.c.batch; ++element) {
    auto c = map<Matrix>(args.c, element);
    const auto a = map<const Matrix>(args.a, element);
    const auto b = map<const Matrix>(args.b, element);
    if (args.layout == Layout::abt) {
      c.noalias() = a * b.transpose();
    } else {
      c.noalias() = a * b;
    }
  }
}

const char* code_path(const void*) { return CROSSOVER_EIGEN_CODE_PATH; }

}  // namespace

constinit const GemmModule crossover_gemm_module = {
    .code_path = code_path,
    .set_threads = Eigen::setNbThreads,
    .threads = Eigen::nbThreads,
    .multiply = multiply,
};

}  // namespace crossover::kernels::matmul
