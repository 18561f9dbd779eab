#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"
#include "kernels/quant/q8_block.h"

namespace crossover::kernels::quant {

/// The size of a product; every extent may be 0. k is a multiple of 32.
struct Problem {
  Index m = 0;  // rows of activations: tokens
  Index n = 0;  // outputs of the layer
  Index k = 0;  // inputs of the layer
};

/// Computes C = Q(A) * W^T in f32, overwriting C (k = 0 gives zeros):
///
///   C[i,j] = sum over blocks b of d[i,b] * scale[j,b] * sum over p of q[i,b,p] * w[j,b,p]
///
/// where the inner sum is an exact integer, its terms in groups of at least four, and each term of
/// the outer sum goes through at most k/32 + 8 roundings of f32.
///
/// Q quantises 32 activations x at a time: with amax = max |x[p]|, d = amax / 127 and q[p] =
/// x[p] * (127 / amax) rounded to the nearest integer, halves to even; each operation rounded to
/// f32, so that q and d are defined to the bit. A block with amax < 2^-100 is zeros. One with a NaN
/// or an infinity has d = NaN, so all of its row of C is NaN.
///
/// Against the product of the activations themselves, each |x[p]| may be off by half a step:
/// |C[i,j] - (A * W^T)[i,j]| <= 0.5001 * sum over b of d[i,b] * sum over p of |W[j,b,p]|, beside
/// the roundings and 2^-100 per zeroed activation.
///
/// Shapes: A [m,k], C [m,n], row-major, strides in elements; W [n,k/32] blocks, the rows of a Q8_0
/// matrix in a GGUF file, strides in blocks, at an even address. All with batch = 1. Aliasing: C
/// overlaps neither A nor W. Memory between the rows is not touched. Requires: finite scales of W.
/// Errors: none; call why_unsupported() first. Cost: 2*m*n*k operations, and quantising A, once per
/// call.
struct Args {
  MatrixBatch<const float> a;
  MatrixBatch<const BlockQ8> w;
  MatrixBatch<float> c;
};

/// An f32 product C = A * B^T that somebody hands in, prepared for one problem and thread count:
/// families do not know each other. A [m,k], B [n,k], C [m,n].
class DenseProduct {
 public:
  virtual ~DenseProduct() = default;
  virtual void run(const MatrixBatch<const float>& a, const MatrixBatch<const float>& b,
                   const MatrixBatch<float>& c, const ParallelPolicy& policy) const = 0;
  /// As Prepared::code_path().
  virtual std::optional<std::string> code_path() const = 0;
};

/// What dequantise_first_simd says without Constants::product.
inline constexpr std::string_view why_no_product =
    "dequantise_first_simd needs an f32 product: set product to a variant of matmul";

/// What is known before the first call, and the same in every one.
struct Constants {
  MatrixBatch<const BlockQ8> w;  // Args::w. Variants with Packing::prepacked copy it in prepare()
                                 // and read the copy, in calls with up to Problem::m rows of
                                 // A; the others read it in run() alone
  const DenseProduct* product = nullptr;  // what `dequantise_first_simd` needs; must outlive what
                                          // it prepares
};

using Kernel = kernels::Kernel<Problem, Args, Constants>;

/// What a variant multiplies by the weights.
enum class Activations {
  quantised,  // Q(A), as defined
  exact,      // A itself: C = A * W^T, closer to what is meant than the definition
};

/// One variant. Those that multiply A itself are right within other bounds (reference.h), and
/// cannot stand for the others where bits matter.
struct Variant {
  Kernel kernel;
  Activations activations = Activations::quantised;
};

/// All variants, in the order in which they are listed and plotted.
std::span<const Variant> family();

/// The variant of that name, or nullptr.
const Variant* find(std::string_view name);

}  // namespace crossover::kernels::quant
