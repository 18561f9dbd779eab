#include <array>

#include "experiments/command_group.h"
#include "experiments/model_actions.h"
#include "model/gguf/gguf_error.h"

namespace crossover::experiments {
namespace {

constexpr std::array<Command, 2> actions{{
    {"create", "a model of a true shape with random weights", model_create},
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
  }
}

}  // namespace crossover::experiments
