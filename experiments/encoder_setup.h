#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/family.h"
#include "harness/plan/plan.h"
#include "model/tokenizer/texts.h"
#include "model/transformer/batch_runner.h"

namespace crossover::experiments {

/// An encoder's file, opened and checked as far as texts need it.
class EncoderFile {
 public:
  /// Throws GgufError, FileError.
  explicit EncoderFile(const std::filesystem::path& path);

  const model::GgufFile& file() const { return file_; }
  const model::Tokenizer& tokenizer() const { return tokenizer_; }
  const model::EncoderConfig& config() const { return config_; }
  /// Whether its matrices are Q8_0.
  bool is_q8() const;

 private:
  model::GgufFile file_;
  model::Tokenizer tokenizer_;
  model::EncoderConfig config_;
};

/// The file of a model: the path itself, or, for the name of a preset, one with random weights of
/// that type in results/models of the project, which is made where it is missing (by one process;
/// others wait). Throws std::invalid_argument for what is neither; FileError.
std::filesystem::path model_file(const std::string& name_or_path, const std::string& type);

/// Calls `write` where there is no such file, one process at a time, after removing what writers of
/// the file that were killed left beside it. Throws FileError, and what `write` throws.
void write_once(const std::filesystem::path& path, const std::function<void()>& write);

/// The settings `model` and `texts`: what model_file() and texts_of() know by name, or a file.
harness::SettingInfo model_setting();
harness::SettingInfo texts_setting();

/// Throws UsageError where an arm's settings `model` or `texts` name a file that does not exist.
void check_encoder_files(const harness::Plan& plan);

/// Where model_file() keeps a preset of that type.
std::filesystem::path preset_file(std::string_view preset, std::string_view type);

/// The texts that ship with the project.
std::filesystem::path default_texts();

/// The text that an experiment cycles: `short`, `medium` and `long` are nine each of the texts that
/// ship with the project (about 5, 15 and 45 words), `mixed` three of each in turn; anything else
/// is a file. Throws TextError.
std::vector<std::string> texts_of(const std::string& name_or_path);

/// An encoder's file with its weights prepared for passes over the longest texts that it takes, at
/// most 8,192 tokens.
struct LoadedEncoder {
  /// Throws GgufError, FileError.
  explicit LoadedEncoder(const std::filesystem::path& path);

  EncoderFile encoder;
  kernels::Index longest_text;  // tokens
  model::EncoderWeights weights;
};

/// What all cells of one worker share: loading a model takes most of a second. Throws like its
/// constructor.
const LoadedEncoder& shared_encoder(const std::filesystem::path& path);

using TextIds = std::vector<std::vector<kernels::TokenId>>;

/// The ids of texts_of(). Throws TextError where one is longer than the model takes.
TextIds token_ids_of(const LoadedEncoder& model, const std::string& name_or_path);

/// `count` texts of `tokens` ids each, cut one after the other from all those texts, cycled. Throws
/// harness::Unsupported where the model takes no texts that long.
TextIds texts_of_tokens(const LoadedEncoder& model, const std::string& name_or_path,
                        std::size_t count, std::size_t tokens);

/// Modes by the names of Granularity, Schedule and Regions. Throws std::invalid_argument with the
/// legal ones.
model::Granularity granularity_of(const std::string& name);
model::Schedule schedule_of(const std::string& name);
model::Regions regions_of(const std::string& name);
std::vector<std::string> granularity_names();
std::vector<std::string> schedule_names();
std::vector<std::string> regions_names();

}  // namespace crossover::experiments
