#include "experiments/encoder_cases.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <memory>

#include "experiments/count_call.h"
#include "experiments/encoder_setup.h"
#include "experiments/encoder_size.h"
#include "experiments/instruction_set_setting.h"
#include "experiments/policy_setting.h"

namespace crossover::experiments {
namespace {

using kernels::Index;
using model::BatchRunner;
using Texts = TextIds;

const LoadedEncoder& loaded_model(const harness::Arm& arm) {
  const auto path = model_file(arm.settings.at("model"), arm.settings.at("type"));
  const LoadedEncoder& model = shared_encoder(path);
  const bool q8_family = arm.family == "encoder";
  if (model.encoder.is_q8() != q8_family) {
    throw harness::Unsupported(fmt::format("{} has {} weights: use family = {}", path.string(),
                                           q8_family ? "no Q8_0" : "Q8_0",
                                           q8_family ? "encoder_f32" : "encoder"));
  }
  return model;
}

/// As many texts as the batch has, cycled; cut from one long one where the problem says how many
/// tokens each has.
Texts batch_of(const harness::Cell& cell, const LoadedEncoder& model) {
  const std::string& name = cell.arm.settings.at("texts");
  const auto batch = static_cast<std::size_t>(harness::extent(cell.problem, "batch"));
  const auto tokens = static_cast<std::size_t>(harness::extent(cell.problem, "tokens"));
  if (tokens > 0) return texts_of_tokens(model, name, batch, tokens);
  const Texts all = token_ids_of(model, name);
  Texts batch_texts;
  for (std::size_t i = 0; i < batch; ++i) batch_texts.push_back(all[i % all.size()]);
  return batch_texts;
}

int number_in(const harness::Arm& arm, const char* setting) {
  const std::string& text = arm.settings.at(setting);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr int most = 1024;
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most) {
    throw std::invalid_argument(fmt::format("{} = {}; expected 1 to {}", setting, text, most));
  }
  return value;
}

model::BatchMode mode_of(const harness::Arm& arm) {
  model::BatchMode mode;
  mode.granularity = granularity_of(arm.variant);
  mode.threads = harness::threads_of(arm);
  mode.teams = mode.granularity == model::Granularity::hybrid ? number_in(arm, "teams") : 1;
  mode.schedule = schedule_of(arm.settings.at("schedule"));
  mode.regions = regions_of(arm.settings.at("regions"));
  mode.copied_weights = arm.settings.at("weights") == "copied";
  mode.fresh_buffers = arm.settings.at("buffers") == "per_call";
  return mode;
}

model::KernelNames names_of(const harness::Arm& arm) {
  return {arm.settings.at("matmul"), arm.settings.at("attention"), arm.settings.at("qk_norm_rope"),
          arm.settings.at("norm"), arm.settings.at("activation")};
}

/// Pairs of a query and a key that it sees, of one head, summed over the layers.
double seen_pairs(const model::EncoderConfig& config, std::size_t length) {
  const auto tokens = static_cast<double>(length);
  const double half = std::floor(static_cast<double>(config.shape.sliding_window) / 2);
  const double reach = std::min(half, tokens - 1);
  const double in_window = tokens + 2 * reach * tokens - reach * (reach + 1);
  double pairs = 0;
  for (std::uint64_t layer = 0; layer < config.shape.layers; ++layer) {
    pairs += config.is_local(layer) ? in_window : tokens * tokens;
  }
  return pairs;
}

harness::Work work_of(const model::EncoderWeights& weights, const Texts& texts) {
  const model::EncoderShape& shape = weights.config.shape;
  const auto queries = static_cast<double>(shape.heads * shape.head_dim);
  const double of_layers = layer_weights(shape);
  const double of_dense = dense_weights(shape);
  constexpr double q8_bytes = 34.0 / 32.0;
  const double weight_bytes = weights.layers.front().down.is_q8() ? q8_bytes : sizeof(float);
  harness::Work work;
  double tokens = 0;
  for (const auto& text : texts) {
    tokens += static_cast<double>(text.size());
    work.flops += 2 * of_layers * static_cast<double>(text.size()) + 2 * of_dense +
                  4 * queries * seen_pairs(weights.config, text.size());
  }
  work.bytes = weight_bytes * (of_layers + of_dense);
  work.items = {{"texts", static_cast<double>(texts.size())}, {"tokens", tokens}};
  return work;
}

double cosine(const float* a, const float* b, Index count) {
  double products = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (Index i = 0; i < count; ++i) {
    products += double{a[i]} * double{b[i]};
    squares_a += double{a[i]} * double{a[i]};
    squares_b += double{b[i]} * double{b[i]};
  }
  return products / std::sqrt(squares_a * squares_b);
}

/// One mode on one batch.
class ModeOnBatch {
 public:
  ModeOnBatch(const harness::Cell& cell, const LoadedEncoder& model, Texts texts)
      : model_(model),
        texts_(std::move(texts)),
        policy_(dispatch_policy_of(cell.arm)),
        kernels_(names_of(cell.arm), model.encoder.is_q8()),
        mode_(mode_of(cell.arm)),
        profiled_(cell.arm.settings.at("profile") == "on") {
    if (policy_) kernels_.policy = &*policy_;
    if (kernels_.matmul && kernels_.matmul->name == "auto" && !policy_) {
      throw harness::Unsupported("auto needs a policy: set policy to a file of policy fit");
    }
    runner_ =
        std::make_unique<BatchRunner>(model.encoder.file(), model.weights, kernels_, mode_, texts_);
    profile_ = std::make_unique<model::PassProfile>(runner_->teams(), std::max(mode_.threads, 1),
                                                    texts_.size(), 0);
  }

  void call() { runner_->run(profiled_ ? profile_.get() : nullptr); }

  harness::ExecutionCounts count() {
    harness::ExecutionCounts counts = count_call([this] { call(); });
    counts.code_path = runner_->code_path();
    return counts;
  }

  std::map<std::string, double> details() {
    runner_->run(profile_.get());
    std::map<std::string, double> details;
    const auto seconds = profile_->seconds();
    for (std::size_t i = 0; i < model::operations; ++i) {
      details[fmt::format("{}_seconds", name_of(static_cast<model::Operation>(i)))] = seconds[i];
    }
    const std::vector<double> waiting = profile_->waiting_seconds();
    for (std::size_t thread = 0; thread < waiting.size(); ++thread) {
      details[fmt::format("waiting_seconds_{}", thread)] = waiting[thread];
    }
    details["activation_bytes"] = static_cast<double>(runner_->memory_bytes());
    return details;
  }

  /// Every text must have the embedding that it has when it is computed alone by one thread, and
  /// the shortest one that of plain loops, which share no code with the kernels.
  std::optional<std::string> why_wrong() {
    const kernels::MatrixBatch<float>& embeddings = runner_->embeddings();
    std::fill_n(embeddings.data, embeddings.rows * embeddings.cols,
                std::numeric_limits<float>::quiet_NaN());
    call();
    if (auto why = why_unlike_alone()) return why;
    return why_unlike_plain_loops();
  }

 private:
  // What other roundings of the activations may change: those of Q8_0 are coarse.
  double least_cosine() const { return model_.encoder.is_q8() ? 0.999 : 0.99999; }

  std::optional<std::string> why_unlike(std::size_t text, const float* expected,
                                        const char* whose) const {
    const float* const row = runner_->embeddings().row(0, static_cast<Index>(text));
    const double found = cosine(row, expected, runner_->embeddings().cols);
    if (found >= least_cosine()) return std::nullopt;
    return fmt::format("text {} of {} tokens: cosine {} with the embedding of {}; expected {}",
                       text, texts_[text].size(), found, whose, least_cosine());
  }

  std::vector<float> alone(const model::EncoderKernels& kernels,
                           const std::vector<kernels::TokenId>& text) const {
    BatchRunner runner(model_.encoder.file(), model_.weights, kernels, {}, {text});
    runner.run(nullptr);
    const float* const row = runner.embeddings().row(0, 0);
    return {row, row + runner.embeddings().cols};
  }

  std::optional<std::string> why_unlike_alone() const {
    std::map<std::vector<kernels::TokenId>, std::size_t> distinct;
    for (std::size_t i = 0; i < texts_.size(); ++i) distinct.emplace(texts_[i], i);
    Texts once;
    for (const auto& [text, first] : distinct) once.push_back(text);
    BatchRunner runner(model_.encoder.file(), model_.weights, kernels_, {}, once);
    runner.run(nullptr);
    for (std::size_t text = 0; text < texts_.size(); ++text) {
      const auto place = std::distance(distinct.begin(), distinct.find(texts_[text]));
      if (auto why = why_unlike(text, runner.embeddings().row(0, place), "one thread")) return why;
    }
    return std::nullopt;
  }

  std::optional<std::string> why_unlike_plain_loops() const {
    constexpr std::size_t most_tokens = 64;  // a token of 300 million weights takes 70 ms
    const auto shortest =
        std::min_element(texts_.begin(), texts_.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (shortest->size() > most_tokens) return std::nullopt;
    // The same for all cells of a worker.
    static std::map<std::vector<kernels::TokenId>, std::vector<float>> known;
    std::vector<float>& expected = known[*shortest];
    if (expected.empty()) {
      const model::EncoderKernels plain({"naive", "naive", "separate", "naive", "naive"},
                                        model_.encoder.is_q8());
      expected = alone(plain, *shortest);
    }
    const auto place = static_cast<std::size_t>(std::distance(texts_.begin(), shortest));
    return why_unlike(place, expected.data(), "plain loops");
  }

  const LoadedEncoder& model_;
  Texts texts_;
  std::optional<kernels::matmul::DispatchPolicy> policy_;
  model::EncoderKernels kernels_;
  model::BatchMode mode_;
  bool profiled_;
  std::unique_ptr<BatchRunner> runner_;
  std::unique_ptr<model::PassProfile> profile_;
};

template <class List>
std::vector<std::string> usual_first(std::string usual, const List& list) {
  std::vector<std::string> names{std::move(usual)};
  for (const auto& entry : list) {
    std::string name;
    if constexpr (requires { entry.name; }) {
      name = entry.name;
    } else {
      name = entry.kernel.name;
    }
    if (name != names.front()) names.push_back(name);
  }
  return names;
}

/// Of all texts, those of a file having so many each.
double tokens_of(const harness::Problem& problem, double of_file) {
  const auto tokens = static_cast<double>(harness::extent(problem, "tokens"));
  return static_cast<double>(harness::extent(problem, "batch")) * (tokens > 0 ? tokens : of_file);
}

/// Not throwing: what is wrong with a mode is for the worker to say.
double teams_of(const harness::Arm& arm) {
  if (arm.variant == "coarse") return harness::threads_of(arm);
  return arm.variant == "hybrid" ? std::max(1.0, std::atof(arm.settings.at("teams").c_str())) : 1;
}

double memory_bytes(const harness::Arm& arm, const harness::Problem& problem) {
  constexpr double rather_long = 256;  // tokens of a text of a file
  const EncoderSize size = encoder_size(arm);
  const bool copied = arm.settings.at("weights") == "copied";
  const double weights =
      copied ? teams_of(arm) * (size.matrix_bytes + size.packed_bytes) : size.packed_bytes;
  return size.file_bytes + weights + size.activation_bytes(tokens_of(problem, rather_long));
}

harness::FamilyInfo family_of(const std::string& name, const std::string& ceiling,
                              const std::vector<std::string>& types,
                              std::vector<std::string> products) {
  namespace k = kernels;
  const model::KernelNames usual;
  harness::FamilyInfo family;
  family.name = name;
  family.ceiling = ceiling;
  family.extents = {"batch", "tokens"};
  family.default_extents = {{"batch", 1}, {"tokens", 0}};
  family.settings = {
      model_setting(),
      {"type", types, false},
      texts_setting(),
      {"teams", {"1"}, true},
      {"schedule", schedule_names(), false},
      {"regions", regions_names(), false},
      {"weights", {"shared", "copied"}, false},
      {"profile", {"off", "on"}, false},
      {"matmul", std::move(products), false},
      {"attention", usual_first(usual.attention, k::attention::family()), false},
      {"qk_norm_rope", usual_first(usual.qk_norm_rope, k::qk_norm_rope::family()), false},
      {"norm", usual_first(usual.norm, k::norm::rms_norm.list()), false},
      {"activation", usual_first(usual.activation, k::activation::family()), false},
      instruction_set_setting(),
      policy_setting(),
      policy_from_setting()};
  const std::map<std::string, std::string> sources = {
      {"serial", "one text after the other on one thread"},
      {"fine", "one text after the other, all threads inside each operation"},
      {"coarse", "one text per thread"},
      {"hybrid", "one text per team of threads, all teams in one region"},
      {"packed", "all texts as the rows of one matrix, all threads inside each operation"}};
  for (const std::string& variant : granularity_names()) {
    harness::VariantInfo info;
    info.name = variant;
    info.source = sources.at(variant);
    info.threaded = variant != "serial";
    info.traits = {{"threading", info.threaded ? "openmp" : "none"}};
    family.variants.push_back(std::move(info));
  }
  family.check_values = {{"batch", "1, 5"}, {"tokens", "3, 40"}};
  family.bench_problems = {{{"batch", 4}, {"tokens", 16}}};
  // Times of one problem tell those of others by the ratios of this, which any model has. A text of
  // a file has about 15 tokens.
  family.flops = [](const harness::Problem& problem) {
    constexpr double flops_per_token = 0.2e9;  // of embeddinggemma-300m
    return flops_per_token * tokens_of(problem, 15);
  };
  family.memory_bytes = memory_bytes;
  family.rough_seconds = [](const harness::Arm& arm, const harness::Problem& problem) {
    constexpr double per_second = 100e9;
    return 2 * encoder_size(arm).layer_weights * tokens_of(problem, 15) /
           (per_second * harness::threads_of(arm));
  };
  return family;
}

}  // namespace

harness::FamilyInfo encoder_family() {
  return family_of("encoder", "int8_dot", {"q8_0"},
                   usual_first("default", kernels::quant::family()));
}

harness::FamilyInfo encoder_f32_family() {
  return family_of("encoder_f32", "fma_f32", {"f32", "f16", "bf16"},
                   usual_first("default", kernels::matmul::family()));
}

harness::Case encoder_case(const harness::Cell& cell) {
  choose_instruction_set(cell.arm);
  const LoadedEncoder& model = loaded_model(cell.arm);
  Texts texts = batch_of(cell, model);
  const harness::Work work = work_of(model.weights, texts);
  const auto run = std::make_shared<ModeOnBatch>(cell, model, std::move(texts));
  harness::Case result;
  result.work = work;
  result.call = [run] { run->call(); };
  result.why_wrong = [run] { return run->why_wrong(); };
  result.count = [run] { return run->count(); };
  result.details = [run] { return run->details(); };
  return result;
}

}  // namespace crossover::experiments
