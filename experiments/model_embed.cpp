#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iostream>
#include <optional>

#include "experiments/encoder_options.h"
#include "experiments/model_actions.h"
#include "harness/json.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;
using harness::Json;

/// What was asked for; the runner knows the ids.
Json document(const EncoderRun& run) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < run.texts.size(); ++i) {
    const float* const row = run.runner->embeddings().row(0, static_cast<kernels::Index>(i));
    Json embedding = Json::array();
    for (kernels::Index j = 0; j < run.runner->embeddings().cols; ++j) embedding.push_back(row[j]);
    const model::Tokens tokens = run.runner->text(i);
    rows.push_back({{"text", run.texts[i]},
                    {"tokens", std::vector(tokens.begin(), tokens.end())},
                    {"embedding", std::move(embedding)}});
  }
  return rows;
}

void print_text(const EncoderRun& run) {
  for (std::size_t i = 0; i < run.texts.size(); ++i) {
    const float* const row = run.runner->embeddings().row(0, static_cast<kernels::Index>(i));
    std::cout << fmt::format("{:>5} tokens  [{:+.5f}, {:+.5f}, {:+.5f}, {:+.5f}, ...]  {}\n",
                             run.runner->text(i).size(), row[0], row[1], row[2], row[3],
                             model::in_quotes(run.texts[i], 60));
  }
}

/// The first whose embedding holds NaN or infinity.
std::optional<std::size_t> text_without_embedding(const EncoderRun& run) {
  const kernels::MatrixBatch<float>& embeddings = run.runner->embeddings();
  for (std::size_t i = 0; i < run.texts.size(); ++i) {
    const float* const row = embeddings.row(0, static_cast<kernels::Index>(i));
    const bool finite =
        std::all_of(row, row + embeddings.cols, [](float x) { return std::isfinite(x); });
    if (!finite) return i;
  }
  return std::nullopt;
}

}  // namespace

int model_embed(const Arguments& arguments) {
  Options options("model embed [options]",
                  "Prints the embedding of each text: the mean of the encoder's output over the\n"
                  "text's tokens, through the model's dense layers, of length 1.",
                  "crossover model embed --model encoder.gguf --texts texts.txt --format json");
  add_encoder_options(options);
  options.add()("format", po::value<std::string>()->default_value("text"), "text or json");
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  EncoderRun run(options, 0);
  run.runner->run(nullptr);
  report_texts(run);
  if (const auto text = text_without_embedding(run)) {
    std::cerr << fmt::format(
        "crossover: text {} has no embedding: some of its numbers are not finite; does {} hold "
        "weights that are NaN or infinite?\n",
        *text + 1, options.text("model"));
    return exit_cells_failed;
  }
  if (json) {
    std::cout << harness::text_of(document(run), 1) << "\n";
  } else {
    print_text(run);
  }
  return exit_done;
}

}  // namespace crossover::experiments
