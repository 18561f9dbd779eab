#include <cmath>
#include <gtest/gtest.h>

#include "model/gguf/blocks.h"
#include "tests/model/read_everything.h"
#include "tests/model/shared_files.h"

namespace crossover::model::test {
namespace {

TEST(ReferenceFiles, AreReadInFull) {
  const auto files = shared_models("reference");
  if (files.empty()) GTEST_SKIP() << no_shared_files;
  for (const auto& path : files) {
    const GgufFile file = GgufFile::open(path);
    EXPECT_FALSE(file.tensors().empty()) << path;
    EXPECT_NO_THROW(ReadEverything{file}) << path;
    const Tensor& embedding = file.tensor("token_embd.weight");
    const auto tokens = file.get<std::vector<std::string_view>>("tokenizer.ggml.tokens");
    EXPECT_EQ(embedding.rows(), tokens.size()) << path;
  }
}

TEST(ReferenceFiles, VocabulariesAreReadInFull) {
  const auto files = shared_models("vocab");
  if (files.empty()) GTEST_SKIP() << no_shared_files;
  for (const auto& path : files) {
    const GgufFile file = GgufFile::open(path);
    EXPECT_TRUE(file.tensors().empty());
    EXPECT_NO_THROW(ReadEverything{file}) << path;
    EXPECT_GT(file.find("tokenizer.ggml.tokens")->length(), 30'000U);
  }
}

TEST(ReferenceFiles, QuantisedFilesHaveTheirTypes) {
  const auto folder = shared_folder() / "reference";
  if (!std::filesystem::exists(folder / "llama-q4_k.gguf")) GTEST_SKIP() << no_shared_files;
  const auto type_in = [&](const char* file) {
    const GgufFile model = GgufFile::open(folder / file);
    const TensorType type = model.tensor("blk.0.ffn_up.weight", {256, 768}).type;
    return info_of(type).name;
  };
  EXPECT_EQ(type_in("llama-q4_k.gguf"), "q4_k");
  EXPECT_EQ(type_in("llama-q5_k.gguf"), "q5_k");
  EXPECT_EQ(type_in("llama-q6_k.gguf"), "q6_k");
  EXPECT_EQ(type_in("llama-q8_0.gguf"), "q8_0");
}

/// The same weights as another program quantised them.
TEST(ReferenceFiles, EncodingGivesTheSameBytes) {
  const auto folder = shared_folder() / "reference";
  if (!std::filesystem::exists(folder / "encoder-f32.gguf")) GTEST_SKIP() << no_shared_files;
  const GgufFile exact = GgufFile::open(folder / "encoder-f32.gguf");
  for (const char* name : {"encoder-q8_0.gguf", "encoder-f16.gguf"}) {
    const GgufFile other = GgufFile::open(folder / name);
    for (const Tensor& expected : other.tensors()) {
      const Tensor& tensor = exact.tensor(expected.name, expected.extents);
      ASSERT_EQ(tensor.type, TensorType::f32);
      std::vector<float> values(tensor.extents.elements());
      decode(tensor.type, tensor.bytes, values);
      std::vector<std::byte> bytes(expected.bytes.size());
      encode(expected.type, values, bytes);
      EXPECT_TRUE(std::ranges::equal(bytes, expected.bytes)) << name << " " << expected.name;
    }
  }
}

}  // namespace
}  // namespace crossover::model::test
