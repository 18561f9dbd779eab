#include "harness/results/run_directory.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

#include "harness/results/sample_lines.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
  throw StorageError(fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read", path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The first name that is not taken yet.
std::filesystem::path make_unused(const std::filesystem::path& wanted) {
  for (int number = 1;; ++number) {
    std::filesystem::path path =
        number == 1 ? wanted : std::filesystem::path(fmt::format("{}-{}", wanted.string(), number));
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (!error && std::filesystem::create_directory(path, error)) return path;
    if (error) {
      throw StorageError(
          fmt::format("cannot make the run directory {}: {}; choose another place with --out",
                      path.string(), error.message()));
    }
  }
}

/// Makes the file end with a whole line: a row that lacks only its end gets it, half a row goes.
void end_last_line(const std::filesystem::path& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out | std::ios::ate);
  if (!file) fail("cannot write", path);
  std::streamoff start = file.tellg();  // of the last line
  const std::streamoff size = start;
  for (char character = 0; start > 0; --start) {
    file.seekg(start - 1).get(character);
    if (character == '\n') break;
  }
  if (start == size) return;
  std::string line(static_cast<std::size_t>(size - start), '\0');
  file.seekg(start).read(line.data(), size - start);
  if (Json::accept(line)) {
    file.seekp(size).put('\n').flush();
    if (!file) fail("cannot write", path);
    return;
  }
  std::error_code error;
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(start), error);
  if (error) throw StorageError(fmt::format("cannot write {}: {}", path.string(), error.message()));
}

/// What write_file() of a process that was killed left.
void remove_unfinished_files(const std::filesystem::path& run) {
  std::error_code ignored;
  std::vector<std::filesystem::path> unfinished;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run, ignored)) {
    if (entry.path().extension() == ".part") unfinished.push_back(entry.path());
  }
  for (const auto& path : unfinished) std::filesystem::remove(path, ignored);
}

}  // namespace

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

RunDirectory::RunDirectory(const std::filesystem::path& base, const std::string& experiment,
                           const std::string& host)
    : path_(
          make_unused(base / experiment /
                      fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::time(nullptr)), host))) {
  try {
    open_samples();
    append({{"row", "header"}, {"schema", schema_version}, {"experiment", experiment}});
    flush();
  } catch (const StorageError&) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    throw;
  }
}

RunDirectory::RunDirectory(const std::filesystem::path& existing) : path_(existing) {
  if (const std::filesystem::path samples = samples_file(existing); samples.extension() == ".gz") {
    throw StorageError(
        fmt::format("{} is compressed, and nothing can be appended to it; type: gunzip {}",
                    samples.string(), samples.string()));
  }
  open_samples();
  remove_unfinished_files(path_);
  end_last_line(path_ / "samples.jsonl");
}

void RunDirectory::open_samples() {
  const std::filesystem::path samples = path_ / "samples.jsonl";
  samples_.reset(std::fopen(samples.c_str(), "ae"));
  if (!samples_) fail("cannot write", samples);
  // Two processes that append would make the rows of each other unreadable. Some network file
  // systems have no locks: that alone is no reason to stop.
  if (flock(fileno(samples_.get()), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw StorageError(
        fmt::format("another process is writing {}; wait for its end", samples.string()));
  }
}

void RunDirectory::append(const Json& row) {
  const std::string line = text_of(row) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), samples_.get()) != line.size()) {
    fail("cannot write", path_ / "samples.jsonl");
  }
}

void RunDirectory::flush() {
  if (std::fflush(samples_.get()) != 0) fail("cannot write", path_ / "samples.jsonl");
}

void RunDirectory::write(const std::filesystem::path& relative, const std::string& content) {
  write_file(path_ / relative, content);
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) throw StorageError(fmt::format("cannot write {}: {}", path.string(), error.message()));
  // Of its own for every process: two may write the same file.
  const std::filesystem::path unfinished = fmt::format("{}.{}.part", path.string(), getpid());
  {
    std::ofstream file(unfinished, std::ios::binary);
    file << content;
    file.close();
    if (!file) {
      const int reason = errno;
      std::filesystem::remove(unfinished, error);
      errno = reason;
      fail("cannot write", path);
    }
  }
  std::filesystem::rename(unfinished, path, error);
  if (error) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    throw StorageError(fmt::format("cannot write {}: {}", path.string(), error.message()));
  }
}

Json read_manifest(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "manifest.json";
  std::error_code none;
  if (std::filesystem::status(path, none).type() == std::filesystem::file_type::not_found) {
    throw StorageError(run.string() + ": is not a run directory, it has no manifest.json");
  }
  Json manifest;
  try {
    manifest = stored_object(read_file(path));
  } catch (const std::invalid_argument& error) {
    throw StorageError(fmt::format("{}: damaged: {}", path.string(), error.what()));
  }
  const Json version = manifest.value("schema", Json(nullptr));
  if (version != schema_version) {
    throw StorageError(fmt::format("{}: schema {} is not supported; expected {}", path.string(),
                                   version.dump(), schema_version));
  }
  return manifest;
}

void for_each_row(const std::filesystem::path& run, const std::function<void(const Json&)>& use) {
  SampleLines lines(run);
  const std::string path = lines.file().string();
  std::string line;
  for (int number = 1; lines.next(line); ++number) {
    Json row;
    try {
      row = stored_object(line);
    } catch (const std::invalid_argument& error) {
      if (lines.unfinished()) return;
      throw StorageError(fmt::format("{}:{}: damaged: {}", path, number, error.what()));
    }
    try {
      use(row);
    } catch (const std::invalid_argument& error) {
      throw StorageError(fmt::format("{}:{}: damaged: {}", path, number, error.what()));
    } catch (const std::exception& error) {
      throw StorageError(fmt::format("{}:{}: {}", path, number, error.what()));
    }
  }
}

}  // namespace crossover::harness
