#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "experiments/cold_start_cases.h"
#include "experiments/encoder_cases.h"
#include "experiments/encoder_setup.h"
#include "experiments/encoder_size.h"
#include "experiments/families.h"
#include "experiments/tokenizer_cases.h"
#include "model/transformer/encoder_preset.h"

namespace crossover::experiments {
namespace {

harness::Cell tokenizer_cell(std::int64_t miss_percent) {
  return {"test",
          {"tokenizer",
           "uncached",
           {{"threads", "1"}, {"model", "tiny-encoder"}, {"type", "q8_0"}, {"texts", "short"}},
           0},
          {{"batch", 9}, {"miss_percent", miss_percent}}};
}

TEST(TokenizerCases, CountTheTextsThatTheirStreamHolds) {
  double common = 0;
  double rare = 0;
  const std::vector<std::string> texts = texts_of("short");
  constexpr std::size_t rare_texts = 4096;
  for (const std::string& text : texts) common += static_cast<double>(text.size());
  for (std::size_t i = 0; i < rare_texts; ++i) {
    const std::string number = " " + std::to_string(i);
    rare += static_cast<double>(texts[i % texts.size()].size() + number.size());
  }
  common *= 9.0 / static_cast<double>(texts.size());
  rare *= 9.0 / rare_texts;
  const auto work = [](std::int64_t misses) { return make_case(tokenizer_cell(misses)).work; };
  EXPECT_NEAR(work(100).bytes, rare, 1e-6 * rare);
  EXPECT_NEAR(work(20).bytes, 0.8 * common + 0.2 * rare, 1e-6 * rare);
  EXPECT_GT(work(100).items.at("tokens"), 1.05 * work(1).items.at("tokens"));
}

harness::Arm encoder_arm(const std::string& variant, const std::string& model,
                         const std::string& type, const std::string& weights) {
  return {type == "q8_0" ? "encoder" : "encoder_f32",
          variant,
          {{"threads", "4"},
           {"model", model},
           {"type", type},
           {"texts", "short"},
           {"teams", "2"},
           {"weights", weights}},
          0};
}

TEST(EncoderCases, NeedTheMemoryOfTheirModel) {
  const harness::Problem problem{{"batch", 1}, {"tokens", 8}};
  const auto bytes = [&](const harness::Arm& arm) {
    const harness::FamilyInfo family =
        arm.family == "encoder" ? encoder_family() : encoder_f32_family();
    return family.memory_bytes(arm, problem);
  };
  EXPECT_LT(bytes(encoder_arm("serial", "tiny-encoder", "q8_0", "shared")), 10e6);
  const double large = bytes(encoder_arm("serial", "embeddinggemma-300m", "f32", "shared"));
  EXPECT_GT(large, 1.5e9);
  EXPECT_LT(large, 2e9);
  const double q8 = bytes(encoder_arm("serial", "embeddinggemma-300m", "q8_0", "shared"));
  EXPECT_GT(q8, 0.4e9);
  EXPECT_LT(q8, 0.6e9);
  // Each of four threads, and each of two teams, has weights of its own and packs them.
  const auto added = [&](const std::string& variant) {
    return bytes(encoder_arm(variant, "embeddinggemma-300m", "q8_0", "copied")) - q8;
  };
  EXPECT_GT(added("coarse"), 1.9 * added("hybrid"));
  EXPECT_GT(added("hybrid"), 0.2e9);
}

TEST(EncoderCases, ReadTheSizeOfAModelFromItsFile) {
  const auto size = [](const std::string& model) {
    return encoder_size(encoder_arm("serial", model, "q8_0", "shared"));
  };
  const EncoderSize preset = size("tiny-encoder");
  const EncoderSize file = size(model_file("tiny-encoder", "q8_0").string());
  EXPECT_DOUBLE_EQ(file.layer_weights, preset.layer_weights);
  EXPECT_DOUBLE_EQ(file.packed_bytes, preset.packed_bytes);
  EXPECT_GE(file.file_bytes, preset.file_bytes);
  EXPECT_LT(file.file_bytes, 1.5 * preset.file_bytes);
}

TEST(ModelFiles, AreWrittenOnceAfterWhatWasLeftOfThemIsRemoved) {
  namespace fs = std::filesystem;
  const fs::path folder =
      fs::path(testing::TempDir()) / ("model_files." + std::to_string(getpid()));
  fs::create_directories(folder);
  const fs::path path = folder / "tiny.gguf";
  const fs::path left = folder / "tiny.gguf.17.0.part";
  const fs::path other = folder / "other.gguf.17.0.part";
  std::ofstream(left) << "half";
  std::ofstream(other) << "half";
  int written = 0;
  for (int time = 0; time < 2; ++time) {
    write_once(path, [&] {
      std::ofstream(path) << "whole";
      ++written;
    });
  }
  EXPECT_EQ(written, 1);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(other));
  fs::remove_all(folder);
}

TEST(ColdStartCases, GiveBackWhatACallLoaded) {
  for (const std::string variant : {"first_text", "load", "open", "steady"}) {
    const harness::Case the_case = make_case(
        {"test",
         {"cold_start",
          variant,
          {{"threads", "1"}, {"model", "tiny-encoder"}, {"type", "q8_0"}, {"texts", "short"}},
          0},
         {{"tokens", 4}}});
    ASSERT_TRUE(the_case.give_back);
    EXPECT_EQ(the_case.why_wrong(), std::nullopt) << variant;
    the_case.give_back();
    the_case.give_back();
    the_case.call();
  }
  const harness::FamilyInfo family = cold_start_family();
  const harness::Problem problem{{"tokens", 8}};
  const double tiny =
      family.memory_bytes(encoder_arm("load", "tiny-encoder", "q8_0", "shared"), problem);
  EXPECT_LT(tiny, 20e6);
}

}  // namespace
}  // namespace crossover::experiments
