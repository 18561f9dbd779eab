#include <array>

#include "experiments/command_group.h"
#include "experiments/model_actions.h"
#include "model/gguf/gguf_error.h"
#include "model/tokenizer/texts.h"

namespace crossover::experiments {
namespace {

constexpr std::array<Command, 4> actions{{
    {"bench", "how fast an encoder runs one batch, and where its time goes", model_bench},
    {"create", "a model of a true shape with random weights", model_create},
    {"embed", "the embeddings of texts", model_embed},
    {"inspect", "what a GGUF file holds: metadata, tensors, totals", model_inspect},
}};

}  // namespace

int model_command(const Arguments& arguments) {
  try {
    return run_action(
        {"model",
         "Models are GGUF files. Those with random weights take as long as trained ones, and need\n"
         "no download.",
         "crossover model create --preset tiny-encoder tiny.gguf", actions},
        arguments);
  } catch (const model::GgufError& error) {
    throw UsageError(error.what());
  } catch (const model::TextError& error) {
    throw UsageError(error.what());
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

}  // namespace crossover::experiments
