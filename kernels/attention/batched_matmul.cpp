#include <cassert>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels/attention/simd_softmax.h"
#include "kernels/attention/variants.h"

// Scores, softmax and values as three steps over whole matrices, the way frameworks write attention
// that have a fast matrix product and nothing else. Whose product it is, the caller says. One head
// at a time, so that its scores stay in cache for as long as they fit. What limits it: masked
// scores are computed, too, and many keys make the scores leave the caches.

namespace crossover::kernels::attention {
namespace {

// Room to write a vector of weights at the end of a row; also keeps rows off powers of two.
Index score_stride(Index key_len) { return round_up(key_len, 16) + 16; }

// The rows that share a product: a head's queries, or a single query's heads that share keys.
struct Units {
  explicit Units(const Problem& problem)
      : grouped(problem.query_len == 1),
        per_element(grouped ? problem.kv_heads : problem.heads),
        rows(grouped && problem.heads > 0 ? problem.heads / problem.kv_heads : problem.query_len) {}

  bool grouped;
  Index per_element;
  Index rows;
};

struct ThreadProducts {
  std::unique_ptr<Product> scores;
  std::unique_ptr<Product> values;
};

struct PreparedProducts : Prepared {
  std::optional<std::string> code_path() const override {
    return threads.empty() ? std::nullopt : threads.front().scores->code_path();
  }

  const SoftmaxKernels& softmax = softmax_kernels();
  std::vector<ThreadProducts> threads;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  if (!constants.product) throw std::runtime_error("needs a matrix product: Constants::product");
  const Units units(problem);
  const Index stride = problem.kv_heads * problem.head_dim;
  auto prepared = std::make_unique<PreparedProducts>();
  for (int thread = 0; thread < policy.threads; ++thread) {
    prepared->threads.push_back(
        {constants.product({units.rows, problem.key_len, problem.head_dim, true, stride}),
         constants.product({units.rows, problem.head_dim, problem.key_len, false, stride})});
  }
  return prepared;
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  const Index elements = Units(problem).rows * score_stride(problem.key_len);
  return static_cast<std::size_t>(elements * policy.threads) * sizeof(float);
}

class UnitOfHeads {
 public:
  UnitOfHeads(const Args& args, const PreparedProducts& prepared, Index element, Index first_head,
              bool grouped)
      : args_(args), softmax_(prepared.softmax), grouped_(grouped) {
    const Index group = args.heads / args.kv_heads;
    const Index d = args.head_dim;
    const auto rows_of = [&](const auto& x) {
      auto rows = x.matrices(element, 1).block(0, first_head * d, x.rows, d);
      if (grouped) {
        rows.rows = group;
        rows.row_stride = d;
      }
      return rows;
    };
    q_ = rows_of(args.q);
    o_ = rows_of(args.o);
    k_ = args.k.matrices(element, 1).block(0, first_head / group * d, args.k.rows, d);
    v_ = args.v.matrices(element, 1).block(0, first_head / group * d, args.v.rows, d);
  }

  void attend(const ThreadProducts& products, float* workspace) {
    const Index keys = k_.rows;
    const MatrixBatch<float> scores{workspace, 1, q_.rows, keys, score_stride(keys), 0};
    products.scores->multiply(q_, k_, scores);
    for (Index i = 0; i < q_.rows; ++i) weigh(scores.row(0, i), seen(i));
    // Weights of keys that a row does not see are 0, which is enough where the values are finite.
    if (args_.mask.kind == MaskKind::none ||
        softmax_.all_finite(v_.data, v_.row_stride, keys, v_.cols)) {
      products.values->multiply(scores, v_, o_);
    } else {
      for (Index i = 0; i < q_.rows; ++i) add_values(scores.row(0, i), seen(i), o_.row(0, i));
    }
  }

 private:
  Range seen(Index row) const { return visible_keys(args_, grouped_ ? 0 : row); }

  // A row of weights that sum to 1, or to 0 where there is none.
  void weigh(float* scores, Range keys) const {
    float largest = -std::numeric_limits<float>::infinity();
    float sum = 0;
    softmax_.weigh_row(scores + keys.begin, keys.size(), args_.scale, largest, sum);
    std::fill_n(scores, keys.begin, 0.0F);
    std::fill(scores + keys.end, scores + k_.rows, 0.0F);
    softmax_.multiply(scores + keys.begin, keys.size(), sum == 0 ? 0 : 1 / sum);
  }

  void add_values(const float* weights, Range keys, float* out) const {
    std::fill_n(out, v_.cols, 0.0F);
    for (Index j = keys.begin; j < keys.end; ++j) {
      for (Index p = 0; p < v_.cols; ++p) out[p] += weights[j] * v_.row(0, j)[p];
    }
  }

  const Args& args_;
  const SoftmaxKernels& softmax_;
  bool grouped_;
  MatrixBatch<const float> q_;
  MatrixBatch<const float> k_;
  MatrixBatch<const float> v_;
  MatrixBatch<float> o_;
};

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  if (args.o.batch * args.heads * args.o.rows == 0) return;
  const auto& products = static_cast<const PreparedProducts&>(prepared);
  const Units units({args.o.batch, args.heads, args.kv_heads, args.o.rows, args.k.rows,
                     args.head_dim, args.mask});
  const Index heads_of_unit = units.grouped ? units.rows : 1;
  const Index elements = units.rows * score_stride(args.k.rows);
  parallel_region(policy, [&](int thread, int threads) {
    float* const scores = reinterpret_cast<float*>(workspace.data()) + thread * elements;
    const Range mine = share(args.o.batch * units.per_element, threads, thread);
    for (Index unit = mine.begin; unit < mine.end; ++unit) {
      const Index first_head = unit % units.per_element * heads_of_unit;
      UnitOfHeads(args, products, unit / units.per_element, first_head, units.grouped)
          .attend(products.threads[static_cast<std::size_t>(thread)], scores);
    }
  });
}

constexpr Kernel composed(std::string_view name, std::string_view source, Simd simd) {
  return {
      .name = name,
      .source = source,
      .traits = {Threading::openmp, simd, Packing::none},
      .why_unsupported = why_not_grouped,
      .prepare = prepare,
      .workspace_bytes = workspace_bytes,
      .run = run,
  };
}

}  // namespace

constinit const Kernel batched_matmul =
    composed("batched_matmul", "three steps over whole matrices, any matmul", Simd::highway);
constinit const Kernel composed_openblas =
    composed("composed_openblas", "batched_matmul with OpenBLAS", Simd::vendor);
constinit const Kernel composed_onednn =
    composed("composed_onednn", "batched_matmul with oneDNN", Simd::vendor);

}  // namespace crossover::kernels::attention
