#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/command.h"
#include "experiments/encoder_setup.h"

namespace crossover::experiments {

/// The options of commands that run an encoder: --model, --type, --texts, --truncate,
/// --granularity, --threads, --teams, --schedule, --regions, --matmul, --attention, --qk_norm_rope,
/// --norm, --activation.
void add_encoder_options(Options& options);

/// A batch as those options describe it, ready to run.
struct EncoderRun {
  /// `batch`: that many texts, cycled; 0 for all of the file. Throws UsageError and what the parts
  /// throw.
  EncoderRun(const Options& options, std::size_t batch);

  std::unique_ptr<EncoderFile> encoder;
  std::vector<std::string> texts;
  std::size_t truncated = 0;
  std::size_t different = 0;  // texts of the file; a larger batch repeats them
  std::unique_ptr<model::EncoderWeights> weights;
  std::unique_ptr<model::EncoderKernels> kernels;
  model::BatchMode mode;
  std::unique_ptr<model::BatchRunner> runner;
};

/// Says on stderr how many texts were cut, and whether the file's were repeated.
void report_texts(const EncoderRun& run);

}  // namespace crossover::experiments
