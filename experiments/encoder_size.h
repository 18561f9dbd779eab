#pragma once

#include "harness/cell.h"
#include "model/transformer/encoder_layout.h"

namespace crossover::experiments {

/// Weights of the matrices in all layers, each used once per token.
double layer_weights(const model::EncoderShape& shape);

/// Weights of the matrices behind the pooling, each used once per text.
double dense_weights(const model::EncoderShape& shape);

/// What a planner must know of the model of an arm.
struct EncoderSize {
  double layer_weights = 0;
  double file_bytes = 0;        // as it is mapped
  double matrix_bytes = 0;      // of the matrices that texts go through, as they stand in the file
  double packed_bytes = 0;      // of the same, as kernels multiply with them
  double floats_per_token = 0;  // of activations

  double activation_bytes(double tokens) const { return sizeof(float) * floats_per_token * tokens; }
};

/// The model that the arm's settings `model` and `type` name, from its preset or the header of its
/// file, which is read once per process. That of embeddinggemma-300m where there is no such model:
/// the worker says so.
EncoderSize encoder_size(const harness::Arm& arm);

}  // namespace crossover::experiments
