#include "model/transformer/weight_matrix.h"

#include <cstring>

#include "model/gguf/blocks.h"

namespace crossover::model {
namespace {

using kernels::quant::BlockQ8;

void check_codec(const GgufFile& file, const Tensor& tensor) {
  if (has_codec(tensor.type)) return;
  file.fail(tensor.offset, fmt::format("tensor {} has the type {}; expected f32, f16, bf16 or q8_0",
                                       in_quotes(tensor.name), info_of(tensor.type).name));
}

bool lies_aligned(const std::byte* data, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

}  // namespace

WeightMatrix::WeightMatrix(const GgufFile& file, const std::vector<const Tensor*>& parts,
                           bool copied)
    : inputs_(static_cast<Index>(parts.front()->row_elements())) {
  const bool q8 = parts.front()->type == TensorType::q8_0;
  for (const Tensor* part : parts) {
    check_codec(file, *part);
    if ((part->type == TensorType::q8_0) != q8) {
      file.fail(part->offset, fmt::format("tensor {} is {}; expected {}, as {} is",
                                          in_quotes(part->name), info_of(part->type).name,
                                          q8 ? "q8_0" : "no q8_0", in_quotes(parts.front()->name)));
    }
    outputs_ += static_cast<Index>(part->rows());
  }
  if (q8) {
    take_blocks(parts, copied);
  } else {
    take_values(parts, copied);
  }
}

void WeightMatrix::take_blocks(const std::vector<const Tensor*>& parts, bool copied) {
  const Index blocks = inputs_ / kernels::quant::block_values;
  const std::byte* data = parts.front()->bytes.data();
  if (copied || parts.size() > 1 || !lies_aligned(data, alignof(BlockQ8))) {
    storage_ =
        AlignedBuffer<std::byte>(static_cast<std::size_t>(outputs_ * blocks) * sizeof(BlockQ8));
    std::byte* to = storage_.data();
    for (const Tensor* part : parts) {
      std::memcpy(to, part->bytes.data(), part->bytes.size());
      to += part->bytes.size();
    }
    data = storage_.data();
  }
  blocks_ = kernels::dense(reinterpret_cast<const BlockQ8*>(data), 1, outputs_, blocks);
}

void WeightMatrix::take_values(const std::vector<const Tensor*>& parts, bool copied) {
  const std::byte* data = parts.front()->bytes.data();
  if (copied || parts.size() > 1 || parts.front()->type != TensorType::f32 ||
      !lies_aligned(data, alignof(float))) {
    const auto elements = static_cast<std::size_t>(outputs_ * inputs_);
    storage_ = AlignedBuffer<std::byte>(elements * sizeof(float));
    std::span<float> to(reinterpret_cast<float*>(storage_.data()), elements);
    for (const Tensor* part : parts) {
      decode(part->type, part->bytes, to.first(part->extents.elements()));
      to = to.subspan(part->extents.elements());
    }
    data = storage_.data();
  }
  values_ = kernels::dense(reinterpret_cast<const float*>(data), 1, outputs_, inputs_);
}

std::vector<float> weight_vector(const GgufFile& file, const Tensor& tensor) {
  check_codec(file, tensor);
  std::vector<float> values(tensor.extents.elements());
  decode(tensor.type, tensor.bytes, values);
  return values;
}

}  // namespace crossover::model
