#include "kernels/core/module.h"

#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>
#include <vector>

#include "kernels/build_facts.h"

namespace crossover::kernels {
namespace {

namespace fs = std::filesystem;

// The place beside the executable comes first, so that a build directory that was moved uses its
// own modules.
std::vector<fs::path> module_directories() {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> directories;
  if (!error) directories.push_back(executable.parent_path() / "kernels");
  directories.emplace_back(CROSSOVER_MODULE_DIRECTORY);
  return directories;
}

}  // namespace

std::optional<std::string> module_file(std::string_view name) {
  const std::string file = fmt::format("libcrossover_{}.so", name);
  for (const fs::path& directory : module_directories()) {
    std::error_code error;
    if (fs::is_regular_file(directory / file, error)) return (directory / file).string();
  }
  return std::nullopt;
}

std::optional<std::string> why_no_module(std::string_view name, std::string_view library) {
  if (module_file(name)) return std::nullopt;
  return fmt::format("not built: {} was not found when configuring", library);
}

const void* load_module(std::string_view name, const char* symbol) {
  const std::optional<std::string> file = module_file(name);
  if (!file) throw std::runtime_error(fmt::format("no file libcrossover_{}.so", name));
  void* module = dlopen(file->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module) throw std::runtime_error(fmt::format("cannot load {}: {}", *file, dlerror()));
  const void* table = dlsym(module, symbol);
  if (!table) throw std::runtime_error(fmt::format("{} has no symbol {}", *file, symbol));
  return table;
}

}  // namespace crossover::kernels
