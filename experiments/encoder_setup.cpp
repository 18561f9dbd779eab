#include "experiments/encoder_setup.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <sstream>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "build_info.h"
#include "experiments/command.h"
#include "harness/case.h"
#include "harness/names.h"
#include "harness/plan/config.h"
#include "model/gguf/blocks.h"
#include "model/transformer/random_encoder.h"

namespace crossover::experiments {
namespace {

constexpr harness::Names<model::Granularity, 5> granularities{{
    {model::Granularity::serial, "serial"},
    {model::Granularity::fine, "fine"},
    {model::Granularity::coarse, "coarse"},
    {model::Granularity::hybrid, "hybrid"},
    {model::Granularity::packed, "packed"},
}};
constexpr harness::Names<model::Schedule, 3> schedules{{
    {model::Schedule::dynamic, "dynamic"},
    {model::Schedule::fixed, "static"},
    {model::Schedule::stealing, "stealing"},
}};
constexpr harness::Names<model::Regions, 2> region_kinds{{
    {model::Regions::openmp, "openmp"},
    {model::Regions::team, "team"},
}};

template <class Enum, std::size_t Count>
std::vector<std::string> names_of(const harness::Names<Enum, Count>& names) {
  std::vector<std::string> list;
  for (const auto& [value, name] : names) list.emplace_back(name);
  return list;
}

template <class Enum, std::size_t Count>
Enum named(const harness::Names<Enum, Count>& names, const char* what, const std::string& name) {
  for (const auto& [value, known] : names) {
    if (known == name) return value;
  }
  throw std::invalid_argument(harness::unknown(what, name, "", names_of(names)));
}

/// Holds a file's lock as long as it lives.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0 || flock(descriptor_, LOCK_EX) != 0) {
      throw model::FileError(fmt::format("{}: cannot be locked", path.string()));
    }
  }
  ~FileLock() { close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

/// What writers that were killed left beside the file. Its lock is held: nobody writes it.
void remove_unfinished(const std::filesystem::path& path) {
  const std::string begin = path.filename().string() + ".";
  std::error_code ignored;
  std::vector<std::filesystem::path> unfinished;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(".part")) unfinished.push_back(entry.path());
  }
  for (const auto& part : unfinished) std::filesystem::remove(part, ignored);
}

constexpr std::uint64_t most_positions = 8192;  // for each of which there is a row of angles

void write_preset(const std::filesystem::path& path, const model::EncoderPreset& preset,
                  model::TensorType type) {
  constexpr std::uint64_t seed = 1;
  std::ostringstream text;
  for (const std::string& line : model::read_texts(default_texts())) text << line << '\n';
  const model::RandomEncoder encoder{
      preset, type, seed,
      model::train_bpe(text.str(), preset.shape.vocabulary - model::special_tokens)};
  const int threads = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  model::write_random_encoder(path, encoder, threads, [] { return false; });
}

std::size_t words_of(const std::string& text) {
  std::istringstream stream(text);
  std::size_t count = 0;
  for (std::string word; stream >> word;) ++count;
  return count;
}

/// Nine texts of each class, from the file that ships with the project.
struct Classes {
  std::vector<std::string> short_texts;
  std::vector<std::string> medium_texts;
  std::vector<std::string> long_texts;

  Classes() {
    for (const std::string& text : model::read_texts(default_texts())) {
      const std::size_t words = words_of(text);
      if (words <= 6) {
        short_texts.push_back(text);
      } else if (words <= 20) {
        medium_texts.push_back(text);
      } else if (words <= 60) {
        long_texts.push_back(text);
      }
    }
    for (auto* texts : {&short_texts, &medium_texts, &long_texts}) texts->resize(9);
  }
};

std::string no_model(const std::string& name) {
  std::vector<std::string> names;
  for (const model::EncoderPreset& known : model::encoder_presets()) {
    names.emplace_back(known.name);
  }
  return fmt::format("model = {}; expected a GGUF file or one of {}", name, fmt::join(names, ", "));
}

void check_model(const std::string& name_or_path) {
  if (model::find_encoder_preset(name_or_path)) return;
  if (!std::filesystem::exists(name_or_path)) throw UsageError(no_model(name_or_path));
}

void check_texts(const std::string& name_or_path) {
  const std::vector<std::string> names = texts_setting().values;
  if (std::find(names.begin(), names.end(), name_or_path) != names.end()) return;
  if (std::filesystem::exists(name_or_path)) return;
  throw UsageError(fmt::format("texts = {}; expected a file with one text per line or one of {}",
                               name_or_path, fmt::join(names, ", ")));
}

}  // namespace

EncoderFile::EncoderFile(const std::filesystem::path& path)
    : file_(model::GgufFile::open(path)),
      tokenizer_(file_),
      config_(model::read_encoder_config(file_)) {
  const auto tokens = static_cast<std::uint64_t>(tokenizer_.vocabulary().size());
  if (tokens > config_.shape.vocabulary) {
    throw model::GgufError(
        fmt::format("{}: {} tokens, but tensor 'token_embd.weight' has only {} rows", path.string(),
                    tokens, config_.shape.vocabulary));
  }
}

bool EncoderFile::is_q8() const {
  return file_.tensor("blk.0.attn_q.weight").type == model::TensorType::q8_0;
}

std::filesystem::path default_texts() {
  return std::filesystem::path(source_root) / "experiments" / "texts.txt";
}

std::filesystem::path preset_file(std::string_view preset, std::string_view type) {
  return std::filesystem::path(source_root) / "results" / "models" /
         fmt::format("{}-{}-seed1.gguf", preset, type);
}

std::filesystem::path model_file(const std::string& name_or_path, const std::string& type) {
  const model::EncoderPreset* const preset = model::find_encoder_preset(name_or_path);
  if (preset == nullptr) {
    if (std::filesystem::exists(name_or_path)) return name_or_path;
    throw std::invalid_argument(no_model(name_or_path));
  }
  const model::TensorTypeInfo* const info = model::find_tensor_type(type);
  if (info == nullptr || !model::has_codec(info->type)) {
    throw std::invalid_argument(
        fmt::format("type = {}; expected one of q8_0, f16, bf16, f32", type));
  }
  std::filesystem::path path = preset_file(preset->name, info->name);
  std::filesystem::create_directories(path.parent_path());
  if (std::filesystem::exists(path)) return path;
  write_once(path, [&] { write_preset(path, *preset, info->type); });
  return path;
}

void write_once(const std::filesystem::path& path, const std::function<void()>& write) {
  const FileLock lock(path.string() + ".lock");
  remove_unfinished(path);
  if (!std::filesystem::exists(path)) write();
}

harness::SettingInfo model_setting() {
  return {"model", {"tiny-encoder", "embeddinggemma-300m"}, true};
}

harness::SettingInfo texts_setting() {
  return {"texts", {"medium", "short", "long", "mixed"}, true};
}

void check_encoder_files(const harness::Plan& plan) {
  for (const harness::SectionPlan& section : plan.sections) {
    for (const harness::Arm& arm : section.arms) {
      const auto model = arm.settings.find("model");
      if (model != arm.settings.end()) check_model(model->second);
      const auto texts = arm.settings.find("texts");
      if (texts != arm.settings.end()) check_texts(texts->second);
    }
  }
}

std::vector<std::string> texts_of(const std::string& name_or_path) {
  if (name_or_path == "short") return Classes().short_texts;
  if (name_or_path == "medium") return Classes().medium_texts;
  if (name_or_path == "long") return Classes().long_texts;
  if (name_or_path != "mixed") return model::read_texts(name_or_path);
  const Classes classes;
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < 3; ++i) {
    mixed.push_back(classes.short_texts[i]);
    mixed.push_back(classes.medium_texts[i]);
    mixed.push_back(classes.long_texts[i]);
  }
  return mixed;
}

LoadedEncoder::LoadedEncoder(const std::filesystem::path& path)
    : encoder(path),
      longest_text(
          static_cast<kernels::Index>(std::min(encoder.config().shape.context, most_positions))),
      weights(encoder.file(), longest_text, false) {}

const LoadedEncoder& shared_encoder(const std::filesystem::path& path) {
  static std::map<std::filesystem::path, std::unique_ptr<LoadedEncoder>> models;
  std::unique_ptr<LoadedEncoder>& model = models[path];
  if (!model) model = std::make_unique<LoadedEncoder>(path);
  return *model;
}

TextIds token_ids_of(const LoadedEncoder& model, const std::string& name_or_path) {
  return model::tokenise(model.encoder.tokenizer(), texts_of(name_or_path),
                         static_cast<std::size_t>(model.longest_text), model::TooLong::error,
                         name_or_path)
      .ids;
}

TextIds texts_of_tokens(const LoadedEncoder& model, const std::string& name_or_path,
                        std::size_t count, std::size_t tokens) {
  if (tokens > static_cast<std::size_t>(model.longest_text)) {
    throw harness::Unsupported(
        fmt::format("texts of {} tokens; the model takes at most {}", tokens, model.longest_text));
  }
  std::vector<kernels::TokenId> stream;
  for (const auto& text : token_ids_of(model, name_or_path)) {
    stream.insert(stream.end(), text.begin(), text.end());
  }
  TextIds texts(count);
  std::size_t next = 0;
  for (auto& text : texts) {
    while (text.size() < tokens) text.push_back(stream[next++ % stream.size()]);
  }
  return texts;
}

model::Granularity granularity_of(const std::string& name) {
  return named(granularities, "granularity", name);
}
model::Schedule schedule_of(const std::string& name) { return named(schedules, "schedule", name); }
model::Regions regions_of(const std::string& name) { return named(region_kinds, "regions", name); }
std::vector<std::string> granularity_names() { return names_of(granularities); }
std::vector<std::string> schedule_names() { return names_of(schedules); }
std::vector<std::string> regions_names() { return names_of(region_kinds); }

}  // namespace crossover::experiments
