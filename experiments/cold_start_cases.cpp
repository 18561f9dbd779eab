#include "experiments/cold_start_cases.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "experiments/count_call.h"
#include "experiments/encoder_setup.h"
#include "experiments/encoder_size.h"

namespace crossover::experiments {
namespace {

/// Everything that one text needs, on one thread, by the usual kernels.
struct Start {
  Start(const std::filesystem::path& path, const model::EncoderKernels& kernels,
        const TextIds& text)
      : model(path), runner(model.encoder.file(), model.weights, kernels, {}, text) {}

  LoadedEncoder model;
  model::BatchRunner runner;
};

std::vector<float> embedding_of(const model::BatchRunner& runner) {
  const float* const row = runner.embeddings().row(0, 0);
  return {row, row + runner.embeddings().cols};
}

/// Whatever a call makes lives until give_back().
class ColdStart {
 public:
  explicit ColdStart(const harness::Cell& cell)
      : path_(model_file(cell.arm.settings.at("model"), cell.arm.settings.at("type"))),
        variant_(cell.arm.variant),
        tokens_(harness::extent(cell.problem, "tokens")),
        known_(shared_encoder(path_)),
        kernels_(model::KernelNames(), known_.encoder.is_q8()),
        text_(texts_of_tokens(known_, cell.arm.settings.at("texts"), 1,
                              static_cast<std::size_t>(tokens_))),
        steady_(known_.encoder.file(), known_.weights, kernels_, {}, text_) {
    steady_.run(nullptr);
    expected_ = embedding_of(steady_);
  }

  void call() {
    if (variant_ == "steady") return steady_.run(nullptr);
    if (variant_ == "open") {
      opened_ = std::make_unique<EncoderFile>(path_);
      return;
    }
    loaded_ = std::make_unique<Start>(path_, kernels_, text_);
    if (variant_ == "first_text") loaded_->runner.run(nullptr);
  }

  /// One model at a time: what there is must go before the next one comes.
  void give_back() {
    opened_.reset();
    loaded_.reset();
  }

  /// The same code on the same numbers: the embedding must be the same to the last bit.
  std::optional<std::string> why_wrong() {
    give_back();
    call();
    if (variant_ == "open") {
      const auto found = opened_->tokenizer().vocabulary().size();
      const auto expected = known_.encoder.tokenizer().vocabulary().size();
      if (found == expected) return std::nullopt;
      return fmt::format("{} tokens in the vocabulary; expected {}", found, expected);
    }
    model::BatchRunner& runner = variant_ == "steady" ? steady_ : loaded_->runner;
    if (variant_ == "load") runner.run(nullptr);
    if (embedding_of(runner) == expected_) return std::nullopt;
    return fmt::format("the embedding of {} tokens is another one than before", tokens_);
  }

  double tokens() const { return static_cast<double>(tokens_); }

 private:
  std::filesystem::path path_;
  std::string variant_;
  kernels::Index tokens_;
  const LoadedEncoder& known_;
  model::EncoderKernels kernels_;
  TextIds text_;
  model::BatchRunner steady_;
  std::vector<float> expected_;
  std::unique_ptr<EncoderFile> opened_;
  std::unique_ptr<Start> loaded_;
};

}  // namespace

harness::FamilyInfo cold_start_family() {
  harness::FamilyInfo family;
  family.name = "cold_start";
  family.ceiling = "";
  family.extents = {"tokens"};
  family.settings = {
      model_setting(), {"type", {"q8_0", "f16", "bf16", "f32"}, false}, texts_setting()};
  for (const auto& [name, source] :
       {std::pair("first_text", "file to embedding"),
        std::pair("load", "file to weights and buffers that are ready"),
        std::pair("open", "the file is mapped and checked, its vocabulary read"),
        std::pair("steady", "one text, everything being ready")}) {
    harness::VariantInfo info;
    info.name = name;
    info.source = source;
    family.variants.push_back(std::move(info));
  }
  family.check_values = {{"tokens", "1, 40"}};
  family.bench_problems = {{{"tokens", 16}}};
  // Times of one size tell those of others by this; loading takes as long as so many operations.
  family.flops = [](const harness::Problem& problem) {
    constexpr double loading = 80e9;
    constexpr double flops_per_token = 0.2e9;
    return loading + flops_per_token * static_cast<double>(harness::extent(problem, "tokens"));
  };
  family.memory_bytes = [](const harness::Arm& arm, const harness::Problem& problem) {
    const EncoderSize size = encoder_size(arm);
    const double known = size.file_bytes + size.packed_bytes;
    // The file is in memory once; what a call loads stands beside what is known.
    return known + size.packed_bytes +
           2 * size.activation_bytes(static_cast<double>(harness::extent(problem, "tokens")));
  };
  family.rough_seconds = [](const harness::Arm& arm, const harness::Problem& problem) {
    constexpr double loaded_bytes_per_second = 1e9;
    constexpr double flops_per_second = 200e9;
    const EncoderSize size = encoder_size(arm);
    const double text = 2 * size.layer_weights *
                        static_cast<double>(harness::extent(problem, "tokens")) / flops_per_second;
    const double loading = (size.file_bytes + size.packed_bytes) / loaded_bytes_per_second;
    return arm.variant == "steady" ? text : loading + text;
  };
  return family;
}

harness::Case cold_start_case(const harness::Cell& cell) {
  const auto start = std::make_shared<ColdStart>(cell);
  harness::Case result;
  result.work.items = {{"texts", 1}, {"tokens", start->tokens()}};
  result.call = [start] { start->call(); };
  result.why_wrong = [start] { return start->why_wrong(); };
  result.count = [start] {
    start->give_back();
    return count_call([&] { start->call(); });
  };
  result.give_back = [start] { start->give_back(); };
  return result;
}

}  // namespace crossover::experiments
