#include "model/transformer/random_encoder.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

#include "model/gguf/blocks.h"
#include "model/transformer/random_weights.h"
#include "tests/model/shared_files.h"

namespace crossover::model::test {
namespace {

bool never() { return false; }

RandomEncoder tiny(TensorType type = TensorType::q8_0, std::uint64_t seed = 1) {
  return {*find_encoder_preset("tiny-encoder"), type, seed, train_bpe("low low low lower", 1000)};
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values(tensor.extents.elements());
  decode(tensor.type, tensor.bytes, values);
  return values;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double largest = 0;  // in deviations from the mean
};

Moments moments_of(const std::vector<float>& values) {
  Moments moments;
  for (const float value : values) moments.mean += value;
  moments.mean /= static_cast<double>(values.size());
  for (const float value : values) {
    moments.deviation += (value - moments.mean) * (value - moments.mean);
    moments.largest = std::max(moments.largest, std::abs(value - moments.mean));
  }
  moments.deviation = std::sqrt(moments.deviation / static_cast<double>(values.size()));
  moments.largest /= moments.deviation;
  return moments;
}

TEST(RandomWeights, HaveTheirMeanAndDeviation) {
  std::vector<float> values(1 << 20);
  fill_random(values, random_stream(1, "t", 0), 0.5F, 2);
  const Moments moments = moments_of(values);
  EXPECT_NEAR(moments.mean, 0.5, 0.01);  // five standard errors
  EXPECT_NEAR(moments.deviation, 2, 0.01);
  EXPECT_GT(moments.largest, 3);
  EXPECT_LT(moments.largest, 3.5);
}

TEST(RandomWeights, StreamsDifferInSeedTensorAndRow) {
  const std::set<std::uint64_t> streams = {random_stream(1, "a", 0), random_stream(2, "a", 0),
                                           random_stream(1, "b", 0), random_stream(1, "a", 1),
                                           random_stream(1, "", 0),  random_stream(1, "aa", 0)};
  EXPECT_EQ(streams.size(), 6U);
}

TEST(RandomEncoder, HasTheShapeOfItsPreset) {
  const TestFolder folder;
  ASSERT_TRUE(write_random_encoder(folder / "tiny.gguf", tiny(), 2, never));
  const GgufFile file = GgufFile::open(folder / "tiny.gguf");
  EXPECT_EQ(file.get<std::string_view>("general.architecture"), "gemma-embedding");
  EXPECT_EQ(file.get<std::uint64_t>("gemma-embedding.block_count"), 6U);
  EXPECT_EQ(file.get<std::uint64_t>("gemma-embedding.attention.sliding_window"), 32U);
  EXPECT_EQ(file.tensors().size(), 4U + 6 * 13);
  const Tensor& embedding = file.tensor("token_embd.weight", {128, 4096});
  EXPECT_EQ(embedding.type, TensorType::q8_0);
  EXPECT_EQ(file.tensor("blk.5.attn_q_norm.weight", {64}).type, TensorType::f32);
  EXPECT_EQ(file.tensor("blk.0.attn_output.weight").extents, (Extents{192, 128}));
}

TEST(RandomEncoder, HasAVocabularyFilledUpWithUnusedTokens) {
  const TestFolder folder;
  ASSERT_TRUE(write_random_encoder(folder / "tiny.gguf", tiny(), 1, never));
  const GgufFile file = GgufFile::open(folder / "tiny.gguf");
  const auto tokens = file.get<std::vector<std::string_view>>("tokenizer.ggml.tokens");
  const auto types = file.get<std::vector<std::int64_t>>("tokenizer.ggml.token_type");
  ASSERT_EQ(tokens.size(), 4096U);
  ASSERT_EQ(types.size(), 4096U);
  EXPECT_EQ(std::set(tokens.begin(), tokens.end()).size(), tokens.size());
  EXPECT_EQ(tokens[file.get<std::uint64_t>("tokenizer.ggml.bos_token_id")], "<bos>");
  EXPECT_EQ(tokens[4 + 'a'], "a");
  EXPECT_EQ(tokens[4 + 256], "lo");
  EXPECT_EQ(types[2], 3);
  EXPECT_EQ(types[3], 2);
  EXPECT_EQ(types[4 + 256], 1);
  EXPECT_EQ(tokens.back().substr(0, 7), "<unused");
  EXPECT_EQ(types.back(), 5);
  EXPECT_EQ(file.get<std::vector<std::string_view>>("tokenizer.ggml.merges").at(0), "l o");
}

TEST(RandomEncoder, KeepsActivationsFinite) {
  const TestFolder folder;
  for (const TensorType type :
       {TensorType::f32, TensorType::f16, TensorType::bf16, TensorType::q8_0}) {
    ASSERT_TRUE(write_random_encoder(folder / "tiny.gguf", tiny(type), 2, never));
    const GgufFile file = GgufFile::open(folder / "tiny.gguf");
    for (const Tensor& tensor : file.tensors()) {
      const bool norm = tensor.extents.dimensions == 1;
      EXPECT_EQ(tensor.type, norm ? TensorType::f32 : type);
      const Moments moments = moments_of(values_of(tensor));
      const double inputs = static_cast<double>(tensor.row_elements());
      EXPECT_NEAR(moments.mean, norm ? 1 : 0, 0.03) << tensor.name;
      const double deviation = norm ? 0.05 : 1 / std::sqrt(inputs);
      EXPECT_NEAR(moments.deviation, deviation, norm ? 0.02 : 0.02 * deviation) << tensor.name;
    }
  }
}

TEST(RandomEncoder, DependsOnTheSeedAndNotOnTheThreads) {
  const TestFolder folder;
  write_random_encoder(folder / "one", tiny(), 1, never);
  write_random_encoder(folder / "three", tiny(), 3, never);
  write_random_encoder(folder / "other", tiny(TensorType::q8_0, 2), 1, never);
  EXPECT_EQ(content(folder / "one"), content(folder / "three"));
  const GgufFile one = GgufFile::open(folder / "one");
  const GgufFile other = GgufFile::open(folder / "other");
  for (std::size_t i = 0; i < one.tensors().size(); ++i) {
    EXPECT_FALSE(std::ranges::equal(one.tensors()[i].bytes, other.tensors()[i].bytes)) << i;
  }
}

TEST(RandomEncoder, LeavesNothingWhenCancelled) {
  const TestFolder folder;
  int asked = 0;
  const auto soon = [&] { return ++asked == 3; };
  EXPECT_FALSE(write_random_encoder(folder / "tiny.gguf", tiny(), 1, soon));
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(folder.names().empty());
}

TEST(RandomEncoder, RefusesWhatItCannotHold) {
  const TestFolder folder;
  RandomEncoder encoder = tiny();
  encoder.vocabulary.tokens.resize(4096 - 3, "x");
  EXPECT_THROW(encoder_header(encoder), std::invalid_argument);
  EXPECT_THROW(encoder_header(tiny(TensorType::q4_k)), std::invalid_argument);
}

TEST(EncoderPresets, EmbeddingGemmaHasItsTrueSize) {
  const EncoderPreset* preset = find_encoder_preset("embeddinggemma-300m");
  ASSERT_NE(preset, nullptr);
  std::uint64_t weights = 0;
  for (const EncoderWeight& weight : encoder_weights(preset->shape)) {
    weights += weight.extents.elements();
  }
  // 201,326,592 of the embedding, 4,718,592 of the dense layers, 768 of the last norm, and in each
  // of 24 layers 1,572,864 of attention, 2,654,208 of the FFN and 3,584 of norms.
  EXPECT_EQ(weights, 201'326'592U + 4'718'592 + 768 + 24U * (1'572'864 + 2'654'208 + 3'584));
  EXPECT_EQ(find_encoder_preset("embeddinggemma"), nullptr);
}

TEST(EncoderPresets, FilesAreLikeTheReferenceEncoder) {
  const auto path = shared_folder() / "reference" / "encoder-q8_0.gguf";
  if (shared_folder().empty() || !std::filesystem::exists(path)) GTEST_SKIP() << no_shared_files;
  const GgufFile reference = GgufFile::open(path);
  RandomEncoder encoder = tiny();
  encoder.preset.shape.vocabulary = 32'000;
  const TestFolder folder;
  write_random_encoder(folder / "tiny.gguf", encoder, 2, never);
  const GgufFile made = GgufFile::open(folder / "tiny.gguf");
  ASSERT_EQ(made.tensors().size(), reference.tensors().size());
  for (std::size_t i = 0; i < made.tensors().size(); ++i) {
    const Tensor& tensor = made.tensors()[i];
    const Tensor& expected = reference.tensors()[i];
    EXPECT_EQ(tensor.name, expected.name);
    EXPECT_EQ(tensor.type, expected.type);
    EXPECT_EQ(tensor.extents, expected.extents);
    EXPECT_EQ(tensor.offset - made.data_offset(), expected.offset - reference.data_offset());
  }
  for (const Entry& entry : reference.metadata()) {
    // Another model of vocabulary: pairs with merges instead of pieces with scores.
    if (entry.key == "tokenizer.ggml.scores") continue;
    const Value* value = made.find(entry.key);
    ASSERT_NE(value, nullptr) << entry.key;
    EXPECT_EQ(value->type_name(), entry.value.type_name()) << entry.key;
    if (entry.key.substr(0, 9) == "tokenizer" || entry.key == "general.name") continue;
    EXPECT_TRUE(std::ranges::equal(value->bytes(), entry.value.bytes())) << entry.key;
  }
}

}  // namespace
}  // namespace crossover::model::test
