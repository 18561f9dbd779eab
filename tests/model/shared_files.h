#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace crossover::model::test {

/// Where reference models and vocabularies lie: the folder that CROSSOVER_SHARED names, or shared/
/// beside the project. Empty where there is none.
inline std::filesystem::path shared_folder() {
  const char* named = std::getenv("CROSSOVER_SHARED");
  const std::filesystem::path folder =
      named != nullptr ? named : std::filesystem::path(CROSSOVER_SOURCE_ROOT) / "../shared";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

inline constexpr const char* no_shared_files =
    "there is no folder shared/ with reference models beside the project, and CROSSOVER_SHARED "
    "names none";

/// The GGUF files in a folder of it, by name; none where it is missing.
inline std::vector<std::filesystem::path> shared_models(const char* folder) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path place = shared_folder() / folder;
  if (shared_folder().empty() || !std::filesystem::is_directory(place)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    if (entry.path().extension() == ".gguf") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// A folder of its own for a test, removed with all that it holds.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "crossover-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::filesystem::filesystem_error(name, {});
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      found.push_back(entry.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace crossover::model::test
