#include "model/transformer/encoder.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "kernels/core/parallel.h"
#include "model/tokenizer/texts.h"
#include "model/transformer/batch_runner.h"
#include "model/transformer/random_encoder.h"
#include "tests/model/shared_files.h"

namespace crossover::model::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Texts = std::vector<std::vector<kernels::TokenId>>;

double cosine(const float* a, const std::vector<double>& b) {
  double products = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    products += double{a[i]} * b[i];
    squares_a += double{a[i]} * double{a[i]};
    squares_b += b[i] * b[i];
  }
  return products / std::sqrt(squares_a * squares_b);
}

/// A reference model and what another program computed with it.
struct Reference {
  GgufFile file;
  Texts tokens;
  std::vector<std::vector<double>> embeddings;
  double least_cosine;  // as the README of the reference models states

  bool is_q8() const { return file.tensor("blk.0.attn_q.weight").type == TensorType::q8_0; }
};

std::optional<Reference> reference(const std::string& type) {
  const std::filesystem::path folder = shared_folder() / "reference";
  const std::filesystem::path path = folder / ("encoder-" + type + ".gguf");
  if (shared_folder().empty() || !std::filesystem::exists(path)) return std::nullopt;
  Reference found{GgufFile::open(path), {}, {}, type == "q8_0" ? 0.999 : 0.99999};
  std::ifstream answers(folder / ("encoder-" + type + ".expected.json"));
  for (const auto& answer : nlohmann::json::parse(answers)) {
    found.tokens.push_back(answer.at("tokens"));
    found.embeddings.push_back(answer.at("embedding"));
  }
  return found;
}

constexpr const char* types[] = {"f32", "f16", "q8_0"};

void expect_agreement(const Reference& reference, const KernelNames& names, const BatchMode& mode,
                      const std::string& what) {
  const EncoderWeights weights(reference.file, 512, false);
  const EncoderKernels kernels(names, reference.is_q8());
  BatchRunner runner(reference.file, weights, kernels, mode, reference.tokens);
  for (int pass = 0; pass < 2; ++pass) {
    std::fill_n(runner.embeddings().data, runner.embeddings().rows * runner.embeddings().cols, NAN);
    runner.run(nullptr);
    for (std::size_t i = 0; i < reference.tokens.size(); ++i) {
      const float* const row = runner.embeddings().row(0, static_cast<Index>(i));
      EXPECT_GE(cosine(row, reference.embeddings[i]), reference.least_cosine)
          << what << ", text " << i;
    }
  }
}

TEST(Encoder, ReadsTheSameTokensAsTheReference) {
  for (const char* type : types) {
    const auto expected = reference(type);
    if (!expected) GTEST_SKIP() << no_shared_files;
    const Tokenizer tokenizer(expected->file);
    const std::vector<std::string> texts = read_texts(shared_folder() / "reference" / "texts.txt");
    EXPECT_EQ(tokenise(tokenizer, texts, 2048, TooLong::error, "texts").ids, expected->tokens);
  }
}

TEST(Encoder, AgreesWithTheReferenceInEveryMode) {
  const BatchMode modes[] = {
      {Granularity::serial},
      {Granularity::fine, 2},
      {Granularity::fine, 3, 1, Schedule::dynamic, Regions::team},
      {Granularity::coarse, 2, 1, Schedule::fixed},
      {Granularity::coarse, 3, 1, Schedule::dynamic},
      {Granularity::coarse, 3, 1, Schedule::stealing},
      {Granularity::coarse, 2, 1, Schedule::dynamic, Regions::openmp, true},
      {Granularity::hybrid, 4, 2},
      {Granularity::hybrid, 4, 1},
      {Granularity::packed, 1},
      {Granularity::packed, 3},
      {Granularity::packed, 3, 1, Schedule::dynamic, Regions::team},
      {Granularity::packed, 2, 1, Schedule::dynamic, Regions::openmp, false, true},
      {Granularity::coarse, 2, 1, Schedule::dynamic, Regions::openmp, false, true},
  };
  for (const char* type : types) {
    const auto expected = reference(type);
    if (!expected) GTEST_SKIP() << no_shared_files;
    int number = 0;
    for (const BatchMode& mode : modes) {
      expect_agreement(*expected, {}, mode, fmt::format("{}, mode {}", type, number++));
    }
  }
}

TEST(Encoder, AgreesWithTheReferenceWithEveryMatmul) {
  for (const char* type : types) {
    const auto expected = reference(type);
    if (!expected) GTEST_SKIP() << no_shared_files;
    std::vector<std::string> names;
    for (const auto& variant : kernels::quant::family()) {
      if (expected->is_q8()) names.emplace_back(variant.kernel.name);
    }
    for (const auto& kernel : kernels::matmul::family()) {
      // A vendor's pool belongs into a process of its own; auto needs a policy.
      const bool ours = kernel.traits.simd != kernels::Simd::vendor && kernel.name != "auto";
      if (!expected->is_q8() && ours) names.emplace_back(kernel.name);
    }
    for (const std::string& name : names) {
      expect_agreement(*expected, {.matmul = name}, {Granularity::fine, 2}, type + (" " + name));
      expect_agreement(*expected, {.matmul = name}, {Granularity::coarse, 2}, type + (" " + name));
    }
  }
}

TEST(Encoder, AgreesWithTheReferenceWithEveryOtherKernel) {
  const auto expected = reference("f32");
  if (!expected) GTEST_SKIP() << no_shared_files;
  const auto try_all = [&](const auto& family, std::string KernelNames::*which) {
    for (const auto& kernel : family) {
      if (kernel.traits.simd == kernels::Simd::vendor) continue;
      KernelNames names;
      names.*which = std::string(kernel.name);
      for (const Granularity granularity : {Granularity::fine, Granularity::packed}) {
        expect_agreement(*expected, names, {granularity, 2}, std::string(kernel.name));
      }
    }
  };
  try_all(kernels::attention::family(), &KernelNames::attention);
  try_all(kernels::qk_norm_rope::family(), &KernelNames::qk_norm_rope);
  try_all(kernels::norm::rms_norm.list(), &KernelNames::norm);
  try_all(kernels::activation::family(), &KernelNames::activation);
}

/// Runs without reference files, too.
class RandomModel : public testing::Test {
 protected:
  RandomModel() : path_(folder_ / "tiny.gguf") {
    const RandomEncoder encoder{*find_encoder_preset("tiny-encoder"), TensorType::q8_0, 1,
                                train_bpe("low low low lower", 300)};
    write_random_encoder(path_, encoder, 1, [] { return false; });
    file_.emplace(GgufFile::open(path_));
  }

  std::vector<double> embedding(const BatchMode& mode, const Texts& texts, std::size_t text) const {
    const EncoderWeights weights(*file_, 64, false);
    const EncoderKernels kernels({}, true);
    BatchRunner runner(*file_, weights, kernels, mode, texts);
    runner.run(nullptr);
    const float* const row = runner.embeddings().row(0, static_cast<Index>(text));
    return {row, row + runner.embeddings().cols};
  }

  TestFolder folder_;
  std::filesystem::path path_;
  std::optional<GgufFile> file_;
};

TEST_F(RandomModel, ReportsThatMemoryIsOutFromWithinARegion) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer ends a process that is out of memory";
#endif
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto run_out_of_memory = [this] {
    const EncoderWeights weights(*file_, 2000, false);
    const EncoderKernels kernels({}, true);
    BatchMode mode{Granularity::coarse, 2};
    mode.fresh_buffers = true;
    BatchRunner runner(*file_, weights, kernels, mode,
                       Texts(2, std::vector<kernels::TokenId>(2000, 7)));
    kernels::parallel_region({2}, [](int, int) {});  // no thread must be started without memory
    const rlimit none{1, 1};
    setrlimit(RLIMIT_AS, &none);
    try {
      runner.run(nullptr);
    } catch (const std::bad_alloc&) {
      _exit(3);
    }
    _exit(0);
  };
  EXPECT_EXIT(run_out_of_memory(), testing::ExitedWithCode(3), "");
}

TEST_F(RandomModel, ATextHasOneEmbeddingWhereverItStands) {
  const Texts texts = {{2, 10, 11, 12}, {2, 20}, {2, 30, 31, 32, 33, 34, 35, 36, 37, 38}, {2, 40}};
  for (std::size_t text = 0; text < texts.size(); ++text) {
    const std::vector<double> alone = embedding({}, {texts[text]}, 0);
    for (const Granularity granularity :
         {Granularity::serial, Granularity::fine, Granularity::coarse, Granularity::packed}) {
      const std::vector<double> found = embedding({granularity, 2}, texts, text);
      const std::vector<float> row(found.begin(), found.end());
      EXPECT_GT(cosine(row.data(), alone), 0.9999);
    }
  }
}

TEST_F(RandomModel, DifferentTextsHaveDifferentEmbeddings) {
  const std::vector<double> one = embedding({}, {{2, 10, 11}}, 0);
  const std::vector<double> other = embedding({}, {{2, 11, 10}}, 0);
  const std::vector<float> row(one.begin(), one.end());
  EXPECT_LT(cosine(row.data(), other), 0.999);
}

TEST_F(RandomModel, RefusesWhatItCannotRun) {
  const EncoderWeights weights(*file_, 8, false);
  const EncoderKernels kernels({}, true);
  const auto fault = [&](const BatchMode& mode, const Texts& texts) -> std::string {
    try {
      BatchRunner(*file_, weights, kernels, mode, texts);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_PRED2(contains, fault({}, {}), ("without texts"));
  EXPECT_PRED2(contains, fault({}, {{}}), ("a text of 0 tokens; expected 1 to 8"));
  EXPECT_PRED2(contains, fault({}, {std::vector<kernels::TokenId>(9, 5)}), ("a text of 9 tokens"));
  EXPECT_PRED2(contains, fault({Granularity::hybrid, 4, 3}, {{1}}),
               ("3 teams; expected a divisor"));
  EXPECT_THROW(EncoderKernels({.matmul = "fastest"}, true), std::invalid_argument);
}

TEST_F(RandomModel, TheProfileAccountsForThePass) {
  const EncoderWeights weights(*file_, 64, false);
  const EncoderKernels kernels({}, true);
  const BatchMode mode{Granularity::coarse, 2};
  const Texts texts(6, std::vector<kernels::TokenId>(20, 7));
  BatchRunner runner(*file_, weights, kernels, mode, texts);
  PassProfile profile(runner.teams(), 2, texts.size(), 1000);
  runner.run(&profile);
  double sum = 0;
  for (const double seconds : profile.seconds()) {
    EXPECT_GT(seconds, 0);
    sum += seconds;
  }
  double of_texts = 0;
  for (const double seconds : profile.text_seconds()) of_texts += seconds;
  EXPECT_LE(sum, of_texts);
  EXPECT_GT(sum, 0.5 * of_texts);
  // 11 steps in each of 6 layers, the lookup, the last norm, the pooling; per text.
  std::size_t events = 0;
  for (const auto& team : profile.teams()) events += team.events.size();
  EXPECT_EQ(events, 6U * (6 * 10 + 3));
  EXPECT_EQ(profile.waiting_seconds().size(), 2U);
}

/// Weights, vocabulary and context of a file that lies about itself.
TEST_F(RandomModel, OtherArchitecturesAreNamed) {
  const GgufFile& file = *file_;
  GgufHeader header;
  header.set("general.architecture", "bert");
  const std::vector<std::byte> bytes = header.encoded();
  const GgufFile other = GgufFile::parse(bytes, "other.gguf");
  try {
    read_encoder_config(other);
    FAIL();
  } catch (const GgufError& error) {
    EXPECT_PRED2(contains, error.what(), ("the architecture 'bert' is not supported"));
  }
  EXPECT_EQ(read_encoder_config(file).shape.layers, 6U);
}

}  // namespace
}  // namespace crossover::model::test
