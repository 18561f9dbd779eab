#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"
#include "kernels/core/partition.h"

namespace crossover::kernels::attention {

/// Which keys a query sees. Queries are the last query_len of key_len positions: query i stands at
/// p = key_len - query_len + i, and key j at j.
enum class MaskKind {
  none,           // all
  causal,         // j <= p
  window,         // |p - j| <= window / 2, rounded down: on both sides, as encoders have it
  causal_window,  // 0 <= p - j < window
};

/// Sources of the two windows: llama.cpp's LLAMA_SWA_TYPE_SYMMETRIC (EmbeddingGemma) and
/// LLAMA_SWA_TYPE_STANDARD.
struct Mask {
  MaskKind kind = MaskKind::none;
  Index window = 0;  // positions; not used by none and causal
};

/// The size of an attention; heads are a multiple of kv_heads, every other extent may be 0.
struct Problem {
  Index batch = 1;
  Index heads = 1;
  Index kv_heads = 1;
  Index query_len = 0;
  Index key_len = 0;
  Index head_dim = 0;
  Mask mask = {};
};

/// Computes O[b,i,h,:] = sum_j w[j] * V[b,j,g,:] over the keys j that query i sees, with
/// w = softmax_j(scale * dot(Q[b,i,h,:], K[b,j,g,:])) and g = h / (heads / kv_heads), in f32.
/// Shapes: q, o [query_len, heads * head_dim] and k, v [key_len, kv_heads * head_dim] per batch
/// element, as projections and caches leave them: one row per position, the heads side by side;
/// strides in elements; no alignment is required. Aliasing: o overlaps nothing.
/// A query that sees no key, or only scores of -infinity, gives zeros. Keys that a query does not
/// see have no part in its result, whatever they hold, NaN and infinities included. Scores of NaN
/// or +infinity give NaN. Weights below e^-87 of the largest one may be taken for 0.
/// Memory between the rows is not touched. Errors: none; call why_unsupported() first. Cost:
/// 4*head_dim flops and an exponential for each pair of a query and a key that it sees.
/// Source: Vaswani et al., NeurIPS 2017; grouped heads: Ainslie et al., EMNLP 2023.
struct Args {
  MatrixBatch<const float> q;
  MatrixBatch<const float> k;
  MatrixBatch<const float> v;
  MatrixBatch<float> o;
  Index heads = 1;
  Index kv_heads = 1;
  Index head_dim = 0;
  float scale = 1;
  Mask mask = {};
};

/// The keys that a query sees: always one range, and both its ends grow with the query.
inline Range visible_keys(const Mask& mask, Index query_len, Index key_len, Index query) {
  const Index position = key_len - query_len + query;
  Range seen{0, key_len};
  if (mask.kind == MaskKind::causal || mask.kind == MaskKind::causal_window) {
    seen.end = position + 1;
  }
  if (mask.kind == MaskKind::causal_window) seen.begin = position + 1 - mask.window;
  if (mask.kind == MaskKind::window) {
    seen = {position - mask.window / 2, position + mask.window / 2 + 1};
  }
  seen.begin = std::clamp<Index>(seen.begin, 0, key_len);
  seen.end = std::clamp<Index>(seen.end, seen.begin, key_len);
  return seen;
}

inline Range visible_keys(const Args& args, Index query) {
  return visible_keys(args.mask, args.q.rows, args.k.rows, query);
}

/// C = A * B, or A * B' where b_transposed: A [m,k], C [m,n], and B [k,n] or [n,k].
struct ProductShape {
  Index m = 0;
  Index n = 0;
  Index k = 0;
  bool b_transposed = false;
  Index b_stride = 0;  // from one row of B in memory to the next
};

/// A matrix product made ready for its shape, with all memory that it needs; for one thread.
class Product {
 public:
  virtual ~Product() = default;
  /// Overwrites c, whatever it held. Operands have the shape that was prepared; batch is 1.
  virtual void multiply(const MatrixBatch<const float>& a, const MatrixBatch<const float>& b,
                        const MatrixBatch<float>& c) = 0;
  virtual std::optional<std::string> code_path() const = 0;
};

/// Makes a product. Throws std::runtime_error with the reason where it cannot be used.
using MakeProduct = std::function<std::unique_ptr<Product>(const ProductShape&)>;

/// What is known before the first call.
struct Constants {
  MakeProduct product;  // batched_matmul and composed_* multiply with it; others do not need it
};

using Kernel = kernels::Kernel<Problem, Args, Constants>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::attention
