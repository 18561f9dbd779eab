#include "experiments/stored_runs.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "experiments/command.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;

/// The newest run up to three folders below; empty where there is none.
std::string newest_below(const fs::path& folder) {
  std::vector<fs::path> runs;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end;
       entry.increment(error)) {
    if (error) break;
    if (entry.depth() >= 3) entry.disable_recursion_pending();
    if (entry->path().filename() == "manifest.json") runs.push_back(entry->path().parent_path());
  }
  // The names of runs begin with their time.
  const auto newest = std::max_element(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
    return a.filename() < b.filename();
  });
  return newest == runs.end() ? "" : newest->string();
}

}  // namespace

fs::path run_directory(const std::string& path) {
  if (fs::exists(fs::path(path) / "manifest.json")) return path;
  if (!fs::exists(path)) throw UsageError(fmt::format("{}: no such run directory", path));
  if (!fs::is_directory(path)) {
    throw UsageError(fmt::format("{}: is a file; expected a run directory", path));
  }
  const std::string newest = newest_below(path);
  throw UsageError(fmt::format("{}: is not a run directory, it has no manifest.json{}", path,
                               newest.empty()
                                   ? "; crossover list results shows the runs there are"
                                   : fmt::format("; the newest run below it is {}", newest)));
}

}  // namespace crossover::experiments
