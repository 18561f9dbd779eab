#include <algorithm>
#include <blis.h>
#include <stdexcept>

#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {
namespace {

// BLIS's own interface rather than its cblas_sgemm: the symbol is nobody else's, extents have 64
// bits, and a stride for both directions makes a transposed operand like any other.
void multiply(const Args& args, Index element) {
  float one = 1.0F;
  float zero = 0.0F;
  const Index m = args.c.rows;
  const Index n = args.c.cols;
  // The distance to a second row or column that there is not. Zero, because kernels of BLIS 0.9
  // for operands whose depth is contiguous read a second one and then do not use it.
  const auto stride = [](Index extent, Index elements) {
    return extent == 1 ? 0 : std::max<Index>(1, elements);
  };
  const bool transposed = args.layout == Layout::abt;
  bli_sgemm(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n, args.a.cols, &one,
            const_cast<float*>(args.a.matrix(element)), stride(m, args.a.row_stride), 1,
            const_cast<float*>(args.b.matrix(element)),
            transposed ? 1 : std::max<Index>(1, args.b.row_stride),
            stride(n, transposed ? args.b.row_stride : 1), &zero, args.c.matrix(element),
            std::max<Index>(1, args.c.row_stride), 1);
}

// Whether that reading would leave A: where both depths are contiguous, the depth is no multiple
// of a vector, and a single row is left over after BLIS's steps of six and three rows.
// Source: bli_sgemmsup_rd_haswell_asm_1x16n(), which later versions have mended.
bool reads_beyond_a(const Args& args) {
  return args.layout == Layout::abt && args.a.cols % 8 != 0 && args.c.rows % 3 == 1 &&
         args.c.rows > 1;
}

void multiply(void*, const Args& args) {
  const bool apart = reads_beyond_a(args);
  const Index together = apart ? args.c.rows - 1 : args.c.rows;
  const auto rows = [&args](Index first, Index count) {
    return Args{args.a.block(first, 0, count, args.a.cols), args.b,
                args.c.block(first, 0, count, args.c.cols), args.layout};
  };
  const Args most = rows(0, together);
  const Args last = rows(together, args.c.rows - together);
  for (Index element = 0; element < args.c.batch; ++element) {
    multiply(most, element);
    if (apart) multiply(last, element);
  }
}

const char* code_path(const void*) { return bli_arch_string(bli_arch_query_id()); }

void set_threads(int threads) { bli_thread_set_num_threads(threads); }

int threads() { return static_cast<int>(bli_thread_get_num_threads()); }

// Its flavours have one file name. The pthread one starts and joins threads in every call, and the
// serial one takes any thread count and ignores it.
void* require_openmp(const Problem&, const Constants&) {
  if (!bli_info_get_enable_openmp()) {
    throw std::runtime_error("the BLIS that was loaded is not the flavour with OpenMP");
  }
  return nullptr;
}

}  // namespace

constinit const GemmModule crossover_gemm_module = {
    .code_path = code_path,
    .set_threads = set_threads,
    .threads = threads,
    .multiply = multiply,
    .create = require_openmp,
};

}  // namespace crossover::kernels::matmul
