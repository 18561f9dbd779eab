#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "build_info.h"
#include "experiments/model_actions.h"
#include "harness/plan/config.h"
#include "harness/run/interrupt.h"
#include "harness/worker/worker.h"
#include "model/transformer/random_encoder.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const model::EncoderPreset& preset : model::encoder_presets()) {
    names.emplace_back(preset.name);
  }
  return names;
}

const model::EncoderPreset& preset_of(const Options& options) {
  if (!options.has("preset")) {
    throw UsageError(fmt::format("model create needs --preset NAME; one of {}",
                                 fmt::join(preset_names(), ", ")));
  }
  const std::string name = options.text("preset");
  if (const model::EncoderPreset* preset = model::find_encoder_preset(name)) return *preset;
  throw UsageError(harness::unknown("preset", name, " of model create", preset_names()));
}

model::TensorType type_of(const Options& options) {
  const std::string name = options.text("type");
  const std::vector<std::string> legal = {"q8_0", "f16", "bf16", "f32"};
  if (std::find(legal.begin(), legal.end(), name) == legal.end()) {
    throw UsageError(fmt::format("--type = {}; expected one of {}", name, fmt::join(legal, ", ")));
  }
  return model::find_tensor_type(name)->type;
}

std::string text_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    throw UsageError(
        fmt::format("--text = {}: cannot be read, or is empty; expected a file of text "
                    "to learn the vocabulary from",
                    path));
  }
  return text.str();
}

Options create_options() {
  Options options(
      "model create --preset NAME [options] OUT",
      "Writes a GGUF model of a true shape with random weights, which takes as long as a trained\n"
      "one. Its vocabulary (byte pairs) is learned from the text and filled up with unused "
      "tokens.\n"
      "The same seed gives the same bytes. A file that exists is replaced once the new one is "
      "complete.",
      "crossover model create --preset embeddinggemma-300m --type q8_0 embeddinggemma.gguf");
  options.add()("preset", po::value<std::string>(),
                fmt::format("{}", fmt::join(preset_names(), " or ")).c_str())(
      "type", po::value<std::string>()->default_value("q8_0"),
      "of the matrices: q8_0, f16, bf16 or f32")("seed", po::value<long long>()->default_value(1),
                                                 "of the weights")(
      "text", po::value<std::string>(), "text to learn from (default: experiments/texts.txt)");
  options.positional("out", 1);
  return options;
}

}  // namespace

int model_create(const Arguments& arguments) {
  Options options = create_options();
  if (!options.parse(arguments)) return exit_done;
  model::RandomEncoder encoder{preset_of(options), type_of(options), options.seed(), {}};
  const std::vector<std::string> words = options.words("out");
  if (words.empty() || words.front().empty()) {
    throw UsageError("model create needs the name of a file; see crossover model create --help");
  }
  const std::string& out = words.front();
  const std::string text =
      text_in(options.has("text") ? options.text("text")
                                  : std::string(source_root) + "/experiments/texts.txt");
  encoder.vocabulary =
      model::train_bpe(text, encoder.preset.shape.vocabulary - model::special_tokens);
  const int threads = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  harness::catch_interrupts();
  if (!model::write_random_encoder(out, encoder, threads, harness::interrupt_requested)) {
    throw harness::Interrupted();
  }
  const model::GgufFile file = model::GgufFile::open(out);
  double weights = 0;
  for (const model::Tensor& tensor : file.tensors()) {
    weights += static_cast<double>(tensor.extents.elements());
  }
  std::cout << fmt::format("{}: {}, {}, {:.1f} million weights, {:.1f} MB, {} tokens learned\n",
                           out, encoder.preset.name, options.text("type"), weights / 1e6,
                           static_cast<double>(file.size()) / 1e6,
                           encoder.vocabulary.tokens.size());
  return exit_done;
}

}  // namespace crossover::experiments
