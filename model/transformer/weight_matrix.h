#pragma once

#include <vector>

#include "kernels/core/aligned_buffer.h"
#include "kernels/core/matrix.h"
#include "kernels/quant/q8_block.h"
#include "model/gguf/gguf_file.h"

namespace crossover::model {

using kernels::Index;

/// The weights of a layer, [outputs, inputs]: blocks of Q8_0 as they are in the file, or f32 for
/// every other type that has a codec.
class WeightMatrix {
 public:
  WeightMatrix() = default;

  /// The rows of all parts, one part below the other: projections of the same input become one
  /// product. Parts have the same number of inputs and all are Q8_0, or none is.
  /// A single part is read where it lies in the file unless `copied`; the file outlives this.
  /// Throws GgufError: a type without codec, parts of both kinds, rows that are not whole blocks.
  WeightMatrix(const GgufFile& file, const std::vector<const Tensor*>& parts, bool copied);

  Index outputs() const { return outputs_; }
  Index inputs() const { return inputs_; }
  bool is_q8() const { return blocks_.data != nullptr; }

  /// [outputs, inputs / 32]; of Q8_0 alone.
  const kernels::MatrixBatch<const kernels::quant::BlockQ8>& blocks() const { return blocks_; }
  /// [outputs, inputs]; of the others.
  const kernels::MatrixBatch<const float>& values() const { return values_; }

 private:
  void take_blocks(const std::vector<const Tensor*>& parts, bool copied);
  void take_values(const std::vector<const Tensor*>& parts, bool copied);

  Index outputs_ = 0;
  Index inputs_ = 0;
  kernels::MatrixBatch<const kernels::quant::BlockQ8> blocks_;
  kernels::MatrixBatch<const float> values_;
  AlignedBuffer<std::byte> storage_;
};

/// The values of a vector of f32 or another type that has a codec. Throws GgufError.
std::vector<float> weight_vector(const GgufFile& file, const Tensor& tensor);

}  // namespace crossover::model
