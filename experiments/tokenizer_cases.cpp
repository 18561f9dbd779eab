#include "experiments/tokenizer_cases.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "experiments/count_call.h"
#include "experiments/encoder_setup.h"
#include "experiments/encoder_size.h"
#include "kernels/core/execution_counters.h"
#include "model/tokenizer/token_cache.h"

namespace crossover::experiments {
namespace {

using Ids = std::vector<model::TokenId>;

constexpr std::size_t cached_texts = 1024;
// More than the cache holds, so that none of them is there when its turn comes again.
constexpr std::size_t rare_texts = 4 * cached_texts;

/// A stream of texts of which a given share was never seen lately.
class TokenizerRun {
 public:
  explicit TokenizerRun(const harness::Cell& cell)
      : encoder_(model_file(cell.arm.settings.at("model"), cell.arm.settings.at("type"))),
        common_(texts_of(cell.arm.settings.at("texts"))),
        batch_(static_cast<std::size_t>(harness::extent(cell.problem, "batch"))),
        miss_percent_(static_cast<std::size_t>(harness::extent(cell.problem, "miss_percent"))),
        cache_(encoder_.tokenizer(), cached_texts),
        cached_(cell.arm.variant == "cached") {
    if (miss_percent_ > 100) {
      throw harness::Unsupported(fmt::format("{}% of misses; expected 1 to 100", miss_percent_));
    }
    for (std::size_t i = 0; i < rare_texts; ++i) {
      rare_.push_back(fmt::format("{} {}", common_[i % common_.size()], i));
    }
  }

  void call() {
    for (std::size_t i = 0; i < batch_; ++i) take(next());
  }

  std::optional<std::string> why_wrong() {
    model::TokenizerWorkspace workspace;
    for (std::size_t i = 0; i < batch_; ++i) {
      const std::string& text = next();
      const std::span<const model::TokenId> ids = take(text);
      const Ids found(ids.begin(), ids.end());
      const std::span<const model::TokenId> expected = encoder_.tokenizer().encode(text, workspace);
      if (!std::equal(found.begin(), found.end(), expected.begin(), expected.end())) {
        return fmt::format("text {}: {} tokens; expected {}", i, found.size(), expected.size());
      }
    }
    return std::nullopt;
  }

  double bytes_of_call() const {
    return per_call([](const std::string& text) { return static_cast<double>(text.size()); });
  }

  double tokens_of_call() {
    return per_call([this](const std::string& text) {
      return static_cast<double>(encoder_.tokenizer().encode(text, workspace_).size());
    });
  }

  double batch() const { return static_cast<double>(batch_); }

  std::map<std::string, double> details() {
    const auto hits = static_cast<double>(cache_.hits());
    const auto misses = static_cast<double>(cache_.misses());
    call();
    if (!cached_) return {};
    return {{"cache_hits", static_cast<double>(cache_.hits()) - hits},
            {"cache_misses", static_cast<double>(cache_.misses()) - misses}};
  }

 private:
  /// The mean over the stream of what `amount` says of a text, times the texts of a call.
  template <class Amount>
  double per_call(const Amount& amount) const {
    const auto mean = [&](const std::vector<std::string>& texts) {
      double sum = 0;
      for (const std::string& text : texts) sum += amount(text);
      return sum / static_cast<double>(texts.size());
    };
    const double missed = static_cast<double>(miss_percent_) / 100;
    return ((1 - missed) * mean(common_) + missed * mean(rare_)) * static_cast<double>(batch_);
  }

  std::span<const model::TokenId> take(const std::string& text) {
    kernels::count_task();
    return cached_ ? cache_.encode(text) : encoder_.tokenizer().encode(text, workspace_);
  }

  /// Rare texts are spread evenly over the stream.
  const std::string& next() {
    due_ += miss_percent_;
    if (due_ < 100) return common_[common_turn_++ % common_.size()];
    due_ -= 100;
    return rare_[rare_turn_++ % rare_.size()];
  }

  EncoderFile encoder_;
  std::vector<std::string> common_;
  std::vector<std::string> rare_;
  std::size_t batch_;
  std::size_t miss_percent_;
  model::TokenizerWorkspace workspace_;
  model::TokenCache cache_;
  bool cached_;
  std::size_t due_ = 0;
  std::size_t common_turn_ = 0;
  std::size_t rare_turn_ = 0;
};

}  // namespace

harness::FamilyInfo tokenizer_family() {
  harness::FamilyInfo family;
  family.name = "tokenizer";
  family.ceiling = "";
  family.extents = {"batch", "miss_percent"};
  family.default_extents = {{"batch", 32}, {"miss_percent", 100}};
  family.settings = {
      model_setting(), {"type", {"q8_0", "f16", "bf16", "f32"}, false}, texts_setting()};
  for (const auto& [name, source] :
       {std::pair("uncached", "each text anew"),
        std::pair("cached", "least recently used texts, 1,024 of them")}) {
    harness::VariantInfo info;
    info.name = name;
    info.source = source;
    family.variants.push_back(std::move(info));
  }
  family.check_values = {{"batch", "1, 40"}, {"miss_percent", "1, 30, 100"}};
  family.bench_problems = {{{"batch", 32}, {"miss_percent", 100}}};
  family.flops = [](const harness::Problem& problem) {
    return static_cast<double>(harness::extent(problem, "batch"));
  };
  family.memory_bytes = [](const harness::Arm& arm, const harness::Problem&) {
    constexpr double vocabulary = 100e6;  // and what finds its tokens, of 262,144 of them
    return encoder_size(arm).file_bytes + vocabulary;
  };
  family.rough_seconds = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double seconds_per_text = 20e-6;
    return seconds_per_text * static_cast<double>(harness::extent(problem, "batch"));
  };
  return family;
}

harness::Case tokenizer_case(const harness::Cell& cell) {
  const auto run = std::make_shared<TokenizerRun>(cell);
  harness::Case result;
  result.work.bytes = run->bytes_of_call();
  result.work.items = {{"texts", run->batch()}, {"tokens", run->tokens_of_call()}};
  result.call = [run] { run->call(); };
  result.why_wrong = [run] { return run->why_wrong(); };
  result.count = [run] { return count_call([&] { run->call(); }); };
  result.details = [run] { return run->details(); };
  return result;
}

}  // namespace crossover::experiments
