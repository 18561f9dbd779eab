#include <algorithm>
#include <libxsmm.h>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {
namespace {

/// What a kernel is compiled for, besides the extents.
struct Strides {
  bool operator==(const Strides&) const = default;

  Index a, b, c;
};

/// One problem, with a kernel compiled for it alone; only kernels multiply here, because the
/// library's gemm hands larger products to whatever BLAS there is.
class Product {
 public:
  Product(const Problem& problem, const Constants& constants)
      : m_(problem.m),
        n_(problem.n),
        k_(problem.k),
        empty_(std::min({problem.batch, m_, n_, k_}) == 0) {
    if (empty_) return;
    const bool transposed = problem.layout == Layout::abt;
    if (transposed) b_rows_.resize(static_cast<std::size_t>(k_ * n_));
    const bool dense_b = transposed || constants.b.data == nullptr;
    compile({k_, dense_b ? n_ : constants.b.row_stride, n_});
    if (kernel_ == nullptr) throw std::runtime_error("libxsmm compiles no kernel for this product");
  }

  void multiply(const Args& args) {
    if (empty_) return fill(args.c, 0.0F);
    const bool transposed = args.layout == Layout::abt;
    const Strides strides = {args.a.row_stride, transposed ? n_ : args.b.row_stride,
                             args.c.row_stride};
    if (strides != strides_) compile(strides);
    if (kernel_ == nullptr) return fill(args.c, std::numeric_limits<float>::quiet_NaN());
    for (Index element = 0; element < args.c.batch; ++element) {
      const float* b = args.b.matrix(element);
      if (transposed) {
        if (element == 0 || args.b.batch_stride != 0) transpose(b, args.b.row_stride);
        b = b_rows_.data();
      }
      // Column-major: C' = B' A'.
      kernel_(b, args.a.matrix(element), args.c.matrix(element));
    }
  }

 private:
  /// The library remembers what it compiled, so that only the first call with these strides pays.
  void compile(const Strides& strides) {
    const float one = 1.0F;
    const float zero = 0.0F;
    const int flags = LIBXSMM_GEMM_FLAG_NONE;
    const int prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
    const auto extent = [](Index x) { return static_cast<libxsmm_blasint>(x); };
    const libxsmm_blasint a = extent(strides.a);
    const libxsmm_blasint b = extent(strides.b);
    const libxsmm_blasint c = extent(strides.c);
    kernel_ = nullptr;
    strides_ = strides;
    if (std::max({strides.a, strides.b, strides.c}) > std::numeric_limits<libxsmm_blasint>::max()) {
      return;
    }
    kernel_ = libxsmm_smmdispatch(extent(n_), extent(m_), extent(k_), &b, &a, &c, &one, &zero,
                                  &flags, &prefetch);
  }

  /// Its kernels read B by rows only; this is how the library's own gemm helps itself.
  void transpose(const float* b, Index row_stride) {
    libxsmm_otrans(b_rows_.data(), b, sizeof(float), static_cast<libxsmm_blasint>(k_),
                   static_cast<libxsmm_blasint>(n_), static_cast<libxsmm_blasint>(row_stride),
                   static_cast<libxsmm_blasint>(n_));
  }

  Index m_, n_, k_;
  bool empty_;
  std::vector<float> b_rows_;  // [k,n]
  Strides strides_{};
  libxsmm_smmfunction kernel_ = nullptr;
};

void* create(const Problem& problem, const Constants& constants) {
  return new Product(problem, constants);
}

void destroy(void* handle) { delete static_cast<Product*>(handle); }

const char* code_path(const void*) { return libxsmm_get_target_arch(); }

void multiply(void* handle, const Args& args) { static_cast<Product*>(handle)->multiply(args); }

// Its kernels know nothing of threads.
void set_threads(int) {}
int threads() { return 1; }

}  // namespace

constinit const GemmModule crossover_gemm_module = {
    .code_path = code_path,
    .set_threads = set_threads,
    .threads = threads,
    .multiply = multiply,
    .create = create,
    .destroy = destroy,
};

}  // namespace crossover::kernels::matmul
