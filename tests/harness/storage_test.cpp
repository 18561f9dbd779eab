#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

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

/// Puts `samples.jsonl.gz` with this text into the folder; the members of a gzip file follow each
/// other.
fs::path pack(const fs::path& run, const std::string& text, const char* mode = "wb9") {
  const fs::path path = run / "samples.jsonl.gz";
  const gzFile file = gzopen(path.c_str(), mode);
  EXPECT_EQ(gzfwrite(text.data(), 1, text.size(), file), text.size());
  EXPECT_EQ(gzclose(file), Z_OK);
  return path;
}

/// So many rows that the text fills several of the reader's blocks, with lengths that differ.
std::string many_rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += Json{{"row", i}, {"text", std::string(static_cast<std::size_t>(i % 97), 'x')}}.dump();
    text += '\n';
  }
  return text;
}

TEST_F(Storage, CompressedRowsAreThoseOfThePlainFile) {
  const std::string text = many_rows(5000);
  std::ofstream(base_ / "samples.jsonl") << text;
  const std::vector<Json> plain = rows_of(base_);
  ASSERT_EQ(plain.size(), 5000u);
  EXPECT_EQ(plain.back().at("row"), 4999);
  fs::remove(base_ / "samples.jsonl");
  pack(base_, text);
  EXPECT_EQ(rows_of(base_), plain);
  const std::size_t middle = text.size() / 2;  // of a row, most likely
  pack(base_, text.substr(0, middle));
  pack(base_, text.substr(middle), "ab9");
  EXPECT_EQ(rows_of(base_), plain) << "of a file in two members";
}

TEST_F(Storage, OfBothFilesThePlainOneCounts) {
  pack(base_, "{\"row\": \"old\"}\n");
  EXPECT_EQ(rows_of(base_).at(0).at("row"), "old");
  std::ofstream(base_ / "samples.jsonl") << "{\"row\": \"new\"}\n";
  EXPECT_EQ(rows_of(base_).at(0).at("row"), "new");
}

TEST_F(Storage, WhatACrashLeftOfTheLastLineMayBeCompressedToo) {
  pack(base_, "{\"row\": 1}\n{\"row\": ");
  EXPECT_EQ(rows_of(base_).size(), 1u);
}

TEST_F(Storage, CompressedSamplesThatWereCutOffAreAnErrorWhereverThatWas) {
  const fs::path path = pack(base_, many_rows(500));
  const std::string whole = text_of(path);
  ASSERT_GT(whole.size(), 1000u);
  for (std::size_t size = 0; size < whole.size(); size += size < 20 ? 1 : 97) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, size);
    EXPECT_EQ(error_of([&] { rows_of(base_); }), path.string() + ": damaged: it was cut off")
        << size << " bytes";
  }
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() - 1);
  EXPECT_EQ(error_of([&] { rows_of(base_); }), path.string() + ": damaged: it was cut off");
}

TEST_F(Storage, DamagedCompressedSamplesAreAnErrorWithTheFile) {
  const fs::path path = pack(base_, many_rows(500));
  const std::string whole = text_of(path);
  const auto error_with = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    return error_of([&] { rows_of(base_); });
  };
  const std::string damaged = path.string() + ": damaged: ";
  EXPECT_EQ(error_with("{\"row\": 1}\n"), damaged + "incorrect header check");
  EXPECT_EQ(error_with(whole + "more"), damaged + "incorrect header check");
  std::string changed = whole;
  changed[whole.size() - 8] ^= 1;  // the checksum
  EXPECT_EQ(error_with(changed), damaged + "incorrect data check");
  changed = whole;
  changed[whole.size() - 4] ^= 1;  // the length
  EXPECT_EQ(error_with(changed), damaged + "incorrect length check");
  pack(base_, "{\"row\": 1}\n{broken\n{}\n");
  EXPECT_EQ(error_of([&] { rows_of(base_); }),
            path.string() + ":2: damaged: not a JSON object: unexpected byte at offset 1");
}

TEST_F(Storage, FilesThatExpandBeyondAllMeasureAreRefused) {
  std::string row = "{\"row\": 1}" + std::string(40'000, ' ') + "\n";
  std::string bomb;
  for (int i = 0; i < 1000; ++i) bomb += row;  // 40 MB
  const fs::path path = pack(base_, bomb);
  ASSERT_LT(fs::file_size(path), 150'000u);
  EXPECT_EQ(error_of([&] { rows_of(base_); }),
            path.string() + ": damaged: expands to more than 100 times its size");
  fs::remove(path);
  std::ofstream(base_ / "samples.jsonl") << bomb;
  EXPECT_EQ(rows_of(base_).size(), 1000u) << "as plain text it is no more than it looks";
}

TEST_F(Storage, ALineWithoutEndIsRefused) {
  std::ofstream(base_ / "samples.jsonl") << std::string((1 << 24) + 100'000, ' ');
  EXPECT_EQ(error_of([&] { rows_of(base_); }),
            (base_ / "samples.jsonl").string() + ": damaged: a line without end");
}

TEST_F(Storage, NothingIsAppendedToCompressedSamples) {
  const fs::path path = pack(base_, "{\"row\": 1}\n");
  const std::string error = error_of([&] { RunDirectory run(base_); });
  EXPECT_NE(error.find("type: gunzip " + path.string()), std::string::npos) << error;
  EXPECT_FALSE(fs::exists(base_ / "samples.jsonl"));
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
  fs::create_directories(base_ / "sub" / "folder" / "full");
  EXPECT_NE(error_of([&] { write_file(base_ / "sub" / "folder", "x"); }).find("cannot write"),
            std::string::npos);
  for (const auto& entry : fs::directory_iterator(base_ / "sub")) {
    EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }
}

TEST_F(Storage, WhatAKilledProcessWasWritingIsRemovedByWhoGoesOn) {
  std::optional<RunDirectory> killed(std::in_place, base_, "experiment", "host");
  const fs::path run = killed->path();
  killed.reset();
  fs::create_directories(run / "tables");
  for (const fs::path& left : {run / "manifest.json.17.part", run / "tables" / "a.csv.17.part"}) {
    std::ofstream(left) << "half";
  }
  RunDirectory resumed(run);
  EXPECT_FALSE(fs::exists(run / "manifest.json.17.part"));
  EXPECT_FALSE(fs::exists(run / "tables" / "a.csv.17.part"));
  EXPECT_TRUE(fs::exists(run / "samples.jsonl"));
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
