#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, removed afterwards.
class Storage : public testing::Test {
 protected:
  Storage() { fs::create_directories(base_); }
  ~Storage() override { fs::remove_all(base_); }

  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  static std::vector<Json> rows_of(const fs::path& run) {
    std::vector<Json> rows;
    for_each_row(run, [&](const Json& row) { rows.push_back(row); });
    return rows;
  }

  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const StorageError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path base_ = fs::temp_directory_path() / ("crossover-storage-" + std::to_string(getpid()));
};

TEST_F(Storage, RowsComeBackInOrder) {
  RunDirectory run(base_, "experiment", "host");
  run.append({{"row", "sample"}, {"seconds", 0.125}});
  run.append({{"row", "sample"}, {"seconds", nullptr}});
  run.flush();
  const std::vector<Json> rows = rows_of(run.path());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].at("row"), "header");
  EXPECT_EQ(rows[1].at("seconds"), 0.125);
  EXPECT_TRUE(rows[2].at("seconds").is_null());
}

TEST_F(Storage, TwoRunsInOneSecondDoNotMeet) {
  RunDirectory one(base_, "experiment", "host");
  RunDirectory two(base_, "experiment", "host");
  EXPECT_NE(one.path(), two.path());
}

TEST_F(Storage, ATruncatedLastLineIsIgnored) {
  RunDirectory run(base_, "experiment", "host");
  run.append({{"row", "sample"}, {"seconds", 0.125}});
  run.flush();
  const fs::path samples = run.path() / "samples.jsonl";
  fs::resize_file(samples, fs::file_size(samples) - 5);
  EXPECT_EQ(rows_of(run.path()).size(), 1u);
}

TEST_F(Storage, DamageInTheMiddleIsAnErrorWithItsLine) {
  RunDirectory run(base_, "experiment", "host");
  run.flush();
  std::ofstream(run.path() / "samples.jsonl", std::ios::app) << "{\"row\": \"samp\n{\"row\": 1}\n";
  const std::string error = error_of([&] { rows_of(run.path()); });
  EXPECT_NE(error.find("samples.jsonl:2: damaged"), std::string::npos) << error;
}

TEST_F(Storage, ManifestOfAnotherSchemaIsRefused) {
  write_file(base_ / "manifest.json", R"({"schema": 7})");
  const std::string error = error_of([&] { read_manifest(base_); });
  EXPECT_NE(error.find("schema 7 is not supported; expected 1"), std::string::npos) << error;
  write_file(base_ / "manifest.json", R"({"schema": )");
  EXPECT_NE(error_of([&] { read_manifest(base_); }).find("damaged"), std::string::npos);
  EXPECT_NE(error_of([&] { read_manifest(base_ / "none"); }).find("is not a run directory"),
            std::string::npos);
}

TEST_F(Storage, ARunHasOneWriter) {
  std::optional<RunDirectory> first(std::in_place, base_, "experiment", "host");
  const fs::path run = first->path();
  EXPECT_NE(error_of([&] { RunDirectory second(run); }).find("another process is writing"),
            std::string::npos);
  first.reset();
  RunDirectory second(run);
}

TEST_F(Storage, FilesAreReplacedAsAWhole) {
  write_file(base_ / "sub" / "file", "old");
  write_file(base_ / "sub" / "file", "new");
  EXPECT_EQ(text_of(base_ / "sub" / "file"), "new");
  EXPECT_FALSE(fs::exists(base_ / "sub" / "file.part"));
}

TEST_F(Storage, UnwritablePlacesAreErrorsThatNameThem) {
  std::ofstream(base_ / "a-file") << "in the way";
  const std::string error =
      error_of([&] { RunDirectory run(base_ / "a-file", "experiment", "host"); });
  EXPECT_NE(error.find("a-file"), std::string::npos) << error;
  EXPECT_NE(error.find("--out"), std::string::npos) << error;
  EXPECT_NE(error_of([] { write_file("/proc/none/file", "x"); }).find("cannot write /proc/none"),
            std::string::npos);
}

/// While one lives, no file of this process grows beyond `bytes`. To a writer that is a full disk,
/// but for the system's words: "File too large" for "No space left on device".
class FullDisk {
 public:
  explicit FullDisk(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    limit(static_cast<rlim_t>(bytes));
  }
  ~FullDisk() {
    limit(before_.rlim_cur);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void limit(rlim_t bytes) {
    const rlimit limits{bytes, before_.rlim_max};
    if (setrlimit(RLIMIT_FSIZE, &limits) != 0) throw std::runtime_error("setrlimit failed");
  }

  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(Storage, FlushingToAFullDiskIsAnErrorAndKeepsTheRowsBefore) {
  RunDirectory run(base_, "experiment", "host");
  run.append({{"row", "sample"}, {"seconds", 0.125}});
  run.flush();
  const fs::path samples = run.path() / "samples.jsonl";
  const FullDisk disk(fs::file_size(samples) + 5);
  run.append({{"row", "sample"}, {"seconds", 0.25}});
  const std::string error = error_of([&] { run.flush(); });
  EXPECT_EQ(error, "cannot write " + samples.string() + ": File too large");
  const std::vector<Json> rows = rows_of(run.path());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].at("seconds"), 0.125);
}

TEST_F(Storage, AppendingToAFullDiskIsAnErrorOnceTheBufferIsFull) {
  RunDirectory run(base_, "experiment", "host");
  run.flush();
  const fs::path samples = run.path() / "samples.jsonl";
  const FullDisk disk(fs::file_size(samples));
  const Json row{{"row", std::string(1000, 'x')}};
  const std::string error = error_of([&] {
    for (int i = 0; i < 1000; ++i) run.append(row);
  });
  EXPECT_EQ(error, "cannot write " + samples.string() + ": File too large");
}

TEST_F(Storage, AFileThatAFullDiskCannotReplaceStaysAsItWas) {
  RunDirectory run(base_, "experiment", "host");
  run.write("summary.json", "old");
  {
    const FullDisk disk(1000);
    const std::string error = error_of([&] { run.write("summary.json", std::string(5000, 'x')); });
    EXPECT_NE(error.find("cannot write"), std::string::npos) << error;
    EXPECT_NE(error.find("File too large"), std::string::npos) << error;
  }
  EXPECT_EQ(text_of(run.path() / "summary.json"), "old");
}

}  // namespace
}  // namespace crossover::harness
