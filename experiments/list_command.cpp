#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "build_info.h"
#include "experiments/command.h"
#include "experiments/encoder_setup.h"
#include "experiments/families.h"
#include "harness/json.h"
#include "harness/results/run_directory.h"
#include "model/transformer/encoder_preset.h"

namespace crossover::experiments {
namespace {

using harness::Json;

Json kernels_json() {
  Json list = Json::array();
  for (const harness::FamilyInfo& family : families()) {
    for (const harness::VariantInfo& variant : family.variants) {
      Json traits = Json::object();
      for (const auto& [name, value] : variant.traits) traits[name] = value;
      list.push_back({{"family", family.name},
                      {"variant", variant.name},
                      {"available", !variant.unavailable},
                      {"reason", harness::nullable(variant.unavailable)},
                      {"traits", traits},
                      {"source", variant.source},
                      {"details", harness::nullable(variant.details)}});
    }
  }
  return list;
}

/// The question of a config is its first comment line.
std::string question_of(const std::filesystem::path& config) {
  std::ifstream file(config);
  std::string line;
  std::getline(file, line);
  const std::size_t start = line.find_first_not_of("# ");
  return start == std::string::npos ? "" : line.substr(start);
}

Json experiments_json() {
  Json list = Json::array();
  std::vector<std::filesystem::path> configs;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(source_root) / "experiments")) {
    if (entry.path().extension() == ".cfg") configs.push_back(entry.path());
  }
  std::sort(configs.begin(), configs.end());
  for (const std::filesystem::path& config : configs) {
    list.push_back({{"name", config.stem().string()},
                    {"path", config.string()},
                    {"question", question_of(config)}});
  }
  return list;
}

Json results_json() {
  Json list = Json::array();
  std::error_code none;
  std::vector<std::filesystem::path> manifests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(source_root) / "results", none)) {
    if (entry.path().filename() == "manifest.json") manifests.push_back(entry.path());
  }
  std::sort(manifests.begin(), manifests.end());
  for (const std::filesystem::path& path : manifests) {
    Json row{{"path", path.parent_path().string()}};
    try {
      const Json manifest = harness::read_manifest(path.parent_path());
      for (const char* key : {"experiment", "started", "state"}) row[key] = manifest.at(key);
      row["machine"] = manifest.at("machine").at("name");
    } catch (const std::exception& error) {
      row["state"] = std::string("unreadable: ") + error.what();
    }
    list.push_back(std::move(row));
  }
  return list;
}

/// Presets, and where those that were made lie.
Json models_json() {
  Json list = Json::array();
  for (const model::EncoderPreset& preset : model::encoder_presets()) {
    for (const char* type : {"q8_0", "f16", "bf16", "f32"}) {
      const std::filesystem::path file = preset_file(preset.name, type);
      const bool exists = std::filesystem::exists(file);
      list.push_back({{"model", preset.name},
                      {"type", type},
                      {"state", exists ? "made" : "made where it is needed"},
                      {"path", file.string()}});
    }
  }
  return list;
}

void print_kernels(const Json& list) {
  for (const Json& row : list) {
    std::string traits;
    for (const auto& [name, value] : row.at("traits").items()) {
      traits += fmt::format("{}{}: {}", traits.empty() ? "" : ", ", name, value.get<std::string>());
    }
    std::cout << fmt::format("{:<8} {:<16} {:<12} {}\n", row.at("family").get<std::string>(),
                             row.at("variant").get<std::string>(),
                             row.at("available").get<bool>() ? "available" : "missing", traits);
    if (!row.at("reason").is_null()) {
      std::cout << "         because " << row.at("reason").get<std::string>() << "\n";
    }
    std::cout << "         source: " << row.at("source").get<std::string>() << "\n";
    if (!row.at("details").is_null()) {
      std::cout << "         here: " << row.at("details").get<std::string>() << "\n";
    }
  }
}

void print_rows(const Json& list) {
  for (const Json& row : list) {
    std::string line;
    for (const auto& [name, value] : row.items()) {
      if (name == "path" && row.contains("question")) continue;
      line += fmt::format("{}{}", line.empty() ? "" : "  ", value.get<std::string>());
    }
    std::cout << line << "\n";
  }
}

}  // namespace

int list_command(const Arguments& arguments) {
  Options options(
      "list kernels|experiments|results|models [options]",
      "Lists what can be measured, the experiments that ship with the program, stored runs, or\n"
      "models that need no download.",
      "crossover list kernels --format json");
  options.add()("format", boost::program_options::value<std::string>()->default_value("text"),
                "text or json");
  options.positional("what", 1);
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const std::string what =
      options.has("what") ? options.values()["what"].as<std::vector<std::string>>().front() : "";
  Json list;
  if (what == "kernels") {
    list = kernels_json();
  } else if (what == "experiments") {
    list = experiments_json();
  } else if (what == "results") {
    list = results_json();
  } else if (what == "models") {
    list = models_json();
  } else {
    throw UsageError(fmt::format("list {}: expected one of kernels, experiments, results, models",
                                 what.empty() ? "what?" : what));
  }
  if (json) {
    std::cout << harness::text_of(list, 1) << "\n";
  } else if (what == "kernels") {
    print_kernels(list);
  } else {
    print_rows(list);
  }
  return exit_done;
}

}  // namespace crossover::experiments
