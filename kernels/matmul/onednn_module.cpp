#include <algorithm>
#include <dnnl.hpp>
#include <limits>
#include <memory>
#include <omp.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/matmul/gemm_module.h"

// Built twice: with B as it lies, and with B reordered once into the layout that the library likes
// best (CROSSOVER_ONEDNN_PREPACKED).
namespace crossover::kernels::matmul {
namespace {

using dnnl::memory;

constexpr bool prepacked = CROSSOVER_ONEDNN_PREPACKED;

bool empty(const MatrixBatch<float>& c) { return c.batch == 0 || c.rows == 0 || c.cols == 0; }

/// What a primitive is made for, besides the extents.
struct Strides {
  explicit Strides(const Args& args)
      : a_row(args.a.row_stride),
        a_batch(args.a.batch_stride),
        b_row(args.b.row_stride),
        b_batch(args.b.batch_stride),
        c_row(args.c.row_stride),
        c_batch(args.c.batch_stride) {}

  bool operator==(const Strides&) const = default;

  Index a_row, a_batch, b_row, b_batch, c_row, c_batch;
};

/// A batch of one is described without the batch, which has more code to choose from.
template <class T>
memory::desc describe(const MatrixBatch<T>& x, bool transposed) {
  memory::dims extents = {x.rows, x.cols};
  memory::dims strides = {x.row_stride, 1};
  if (transposed) {
    std::swap(extents[0], extents[1]);
    std::swap(strides[0], strides[1]);
  }
  if (x.batch > 1) {
    // An extent of 1 is repeated for the whole batch.
    extents.insert(extents.begin(), x.batch_stride == 0 ? 1 : x.batch);
    strides.insert(strides.begin(), x.batch_stride == 0 ? x.rows * x.row_stride : x.batch_stride);
  }
  return {extents, memory::data_type::f32, strides};
}

/// A memory object that follows the pointer of a call.
class Operand {
 public:
  Operand(const memory::desc& desc, const dnnl::engine& engine)
      : memory_(desc, engine, DNNL_MEMORY_NONE) {}

  dnnl_memory_t at(const float* data) {
    if (data != data_) {
      // The interface knows no read-only memory; its argument's number says what is written.
      dnnl_memory_set_data_handle(memory_.get(), const_cast<float*>(data));
      data_ = data;
    }
    return memory_.get();
  }

 private:
  memory memory_;
  const float* data_ = nullptr;
};

/// The product of operands with certain strides, which the library bakes into its code.
class Primitive {
 public:
  Primitive(const Args& args, const dnnl::engine& engine, const dnnl::stream& stream)
      : strides_(args),
        plain_b_(describe(args.b, args.layout == Layout::abt)),
        desc_(description(args, plain_b_, engine)),
        matmul_(desc_),
        a_(desc_.src_desc(), engine),
        b_(plain_b_, engine),
        c_(desc_.dst_desc(), engine) {
    if (prepacked) pack(args.b, engine, stream);
  }

  bool fits(const Strides& strides) const { return strides == strides_; }

  const char* code_path() const { return desc_.impl_info_str(); }

  // With the library's scratchpad: one more argument costs an eighth of the time of 8 x 8 x 8.
  // The C interface, since the C++ one copies its arguments into two containers for every call.
  bool run(const Args& args, dnnl_stream_t stream) {
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, a_.at(args.a.data)},
        {DNNL_ARG_WEIGHTS, prepacked ? packed_b_.get() : b_.at(args.b.data)},
        {DNNL_ARG_DST, c_.at(args.c.data)},
    };
    return dnnl_primitive_execute(matmul_.get(), stream, std::size(arguments), arguments) ==
               dnnl_success &&
           dnnl_stream_wait(stream) == dnnl_success;
  }

 private:
  static dnnl::matmul::primitive_desc description(const Args& args, const memory::desc& plain_b,
                                                  const dnnl::engine& engine) {
    memory::desc b = plain_b;
    if (prepacked) b = {plain_b.dims(), memory::data_type::f32, memory::format_tag::any};
    return {{describe(args.a, false), b, describe(args.c, false)}, engine};
  }

  void pack(const MatrixBatch<const float>& b, const dnnl::engine& engine,
            const dnnl::stream& stream) {
    memory plain(plain_b_, engine, const_cast<float*>(b.data));
    packed_b_ = memory(desc_.weights_desc(), engine);
    dnnl::reorder(plain, packed_b_).execute(stream, plain, packed_b_);
    dnnl::stream(stream).wait();
  }

  Strides strides_;
  memory::desc plain_b_;
  dnnl::matmul::primitive_desc desc_;
  dnnl::matmul matmul_;
  Operand a_;
  Operand b_;
  Operand c_;
  memory packed_b_;
};

/// One problem: a primitive for each set of strides that was met; usually that of prepare().
class Product {
 public:
  Product(const Problem& problem, const Constants& constants)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const auto& [batch, m, n, k, layout] = problem;
    const Args expected = {dense<const float>(nullptr, batch, m, k), constants.b,
                           dense<float>(nullptr, batch, m, n), layout};
    if (constants.b.data != nullptr && k > 0 && !empty(expected.c)) primitive_for(expected);
  }

  const char* code_path() const { return last_ ? last_->code_path() : nullptr; }

  void multiply(const Args& args) noexcept {
    if (empty(args.c)) return;
    if (args.a.cols == 0) return fill(args.c, 0.0F);
    if (!run(args)) fill(args.c, std::numeric_limits<float>::quiet_NaN());
  }

 private:
  bool run(const Args& args) {
    try {
      return primitive_for(args).run(args, stream_.get());
    } catch (const std::exception&) {
      return false;  // only where a first call with other strides could not make its primitive
    }
  }

  Primitive& primitive_for(const Args& args) {
    const Strides strides(args);
    if (last_ && last_->fits(strides)) return *last_;
    const auto known = std::find_if(primitives_.begin(), primitives_.end(),
                                    [&](const auto& each) { return each->fits(strides); });
    if (known == primitives_.end()) {
      primitives_.push_back(std::make_unique<Primitive>(args, engine_, stream_));
      last_ = primitives_.back().get();
    } else {
      last_ = known->get();
    }
    return *last_;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<std::unique_ptr<Primitive>> primitives_;
  Primitive* last_ = nullptr;
};

void* create(const Problem& problem, const Constants& constants) {
  try {
    return new Product(problem, constants);
  } catch (const dnnl::error& error) {
    throw std::runtime_error(std::string("oneDNN: ") + error.what());
  }
}

void destroy(void* handle) { delete static_cast<Product*>(handle); }

const char* code_path(const void* handle) {
  return static_cast<const Product*>(handle)->code_path();
}

void multiply(void* handle, const Args& args) { static_cast<Product*>(handle)->multiply(args); }

}  // namespace

constinit const GemmModule crossover_gemm_module = {
    .code_path = code_path,
    .set_threads = omp_set_num_threads,
    .threads = omp_get_max_threads,
    .multiply = multiply,
    .create = create,
    .destroy = destroy,
};

}  // namespace crossover::kernels::matmul
