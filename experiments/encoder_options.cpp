#include "experiments/encoder_options.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

namespace crossover::experiments {

namespace po = boost::program_options;

void add_encoder_options(Options& options) {
  const model::KernelNames names;
  const auto text = [](const std::string& usual) {
    return po::value<std::string>()->default_value(usual);
  };
  options.add()("model", text("embeddinggemma-300m"),
                "a GGUF file, or a preset, which is made with random weights")(
      "type", text("q8_0"), "of a preset's matrices: q8_0, f16, bf16 or f32")(
      "texts", po::value<std::string>(), "one text per line (default: experiments/texts.txt)")(
      "truncate", po::bool_switch(), "cut texts that are longer than the model's context")(
      "granularity", text("serial"),
      fmt::format("{}", fmt::join(granularity_names(), ", ")).c_str())(
      "threads", po::value<int>()->default_value(1), "of all modes but serial")(
      "teams", po::value<int>()->default_value(1), "of hybrid: a divisor of threads")(
      "schedule", text("dynamic"), fmt::format("{}", fmt::join(schedule_names(), ", ")).c_str())(
      "regions", text("openmp"), "of fine and packed: openmp or team")(
      "matmul", text(names.matmul), "variant of matmul_q8, or of matmul for other weights")(
      "attention", text(names.attention), "variant of attention")(
      "qk_norm_rope", text(names.qk_norm_rope), "variant of qk_norm_rope")(
      "norm", text(names.norm), "variant of rms_norm")("activation", text(names.activation),
                                                       "variant of activation");
}

EncoderRun::EncoderRun(const Options& options, std::size_t batch) {
  mode.granularity = granularity_of(options.text("granularity"));
  mode.threads = options.values()["threads"].as<int>();
  mode.teams = options.values()["teams"].as<int>();
  mode.schedule = schedule_of(options.text("schedule"));
  mode.regions = regions_of(options.text("regions"));
  constexpr int most_threads = 1024;
  if (mode.threads < 1 || mode.threads > most_threads) {
    throw UsageError(fmt::format("--threads = {}; expected 1 to {}", mode.threads, most_threads));
  }
  const std::filesystem::path text_file =
      options.has("texts") ? std::filesystem::path(options.text("texts")) : default_texts();
  texts = model::read_texts(text_file);
  encoder = std::make_unique<EncoderFile>(model_file(options.text("model"), options.text("type")));
  model::TokenisedTexts tokens = model::tokenise(
      encoder->tokenizer(), texts, encoder->config().shape.context,
      options.values()["truncate"].as<bool>() ? model::TooLong::truncate : model::TooLong::error,
      text_file.string());
  truncated = tokens.truncated;
  different = texts.size();
  for (std::size_t i = 0; batch > tokens.ids.size(); ++i) {
    tokens.ids.push_back(tokens.ids[i]);
    texts.push_back(texts[i]);
  }
  if (batch > 0) {
    tokens.ids.resize(batch);
    texts.resize(batch);
  }
  const auto longest =
      std::max_element(tokens.ids.begin(), tokens.ids.end(),
                       [](const auto& a, const auto& b) { return a.size() < b.size(); });
  weights = std::make_unique<model::EncoderWeights>(encoder->file(), std::ssize(*longest), false);
  kernels = std::make_unique<model::EncoderKernels>(
      model::KernelNames{options.text("matmul"), options.text("attention"),
                         options.text("qk_norm_rope"), options.text("norm"),
                         options.text("activation")},
      encoder->is_q8());
  runner = std::make_unique<model::BatchRunner>(encoder->file(), *weights, *kernels, mode,
                                                std::move(tokens.ids));
}

void report_texts(const EncoderRun& run) {
  if (run.truncated > 0) {
    std::cerr << fmt::format("crossover: {} texts were cut to {} tokens\n", run.truncated,
                             run.encoder->config().shape.context);
  }
  if (run.texts.size() > run.different) {
    std::cerr << fmt::format("crossover: a batch of {} from {} texts: they are repeated\n",
                             run.texts.size(), run.different);
  }
}

}  // namespace crossover::experiments
