#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "model/gguf/gguf_writer.h"
#include "tests/model/file_image.h"
#include "tests/model/shared_files.h"

namespace crossover::model::test {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The weights of tensor `i` in image_of(): the low bytes of their places.
std::vector<std::byte> weights_of(const GgufHeader& header, std::size_t i) {
  std::vector<std::byte> bytes(header.tensor_bytes(i));
  for (std::size_t j = 0; j < bytes.size(); ++j) {
    bytes[j] = static_cast<std::byte>(header.tensor_offset(i) + j);
  }
  return bytes;
}

TEST(GgufWriter, WritesFromManyThreadsInAnyOrder) {
  const TestFolder folder;
  const auto path = folder / "model.gguf";
  GgufWriter writer(path, varied_header());
  {
    std::vector<std::jthread> team;
    for (std::size_t i = writer.header().tensor_count(); i-- > 0;) {
      team.emplace_back([&writer, i] {
        const auto bytes = weights_of(writer.header(), i);
        const auto half = bytes.size() / 2;
        writer.write(i, half, std::span(bytes).subspan(half));
        writer.write(i, 0, std::span(bytes).first(half));
      });
    }
  }
  EXPECT_EQ(folder.names().size(), 1U);  // the unfinished one
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.commit();
  EXPECT_EQ(folder.names(), std::vector<std::string>{"model.gguf"});
  const GgufFile file = GgufFile::open(path);
  EXPECT_EQ(file.name(), path.string());
  for (std::size_t i = 0; i < file.tensors().size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(file.tensors()[i].bytes, weights_of(writer.header(), i))) << i;
  }
}

TEST(GgufWriter, LeavesNothingWithoutCommit) {
  const TestFolder folder;
  std::ofstream(folder / "model.gguf") << "old";
  { const GgufWriter writer(folder / "model.gguf", varied_header()); }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"model.gguf"});
  EXPECT_EQ(content(folder / "model.gguf"), "old");
}

TEST(GgufWriter, ReplacesAFileOnlyWhenItIsComplete) {
  const TestFolder folder;
  std::ofstream(folder / "model.gguf") << "old";
  {
    GgufWriter writer(folder / "model.gguf", varied_header());
    writer.write(0, 0, weights_of(writer.header(), 0));
    EXPECT_THROW(writer.commit(), std::logic_error);
    EXPECT_EQ(content(folder / "model.gguf"), "old");
    for (std::size_t i = 1; i < writer.header().tensor_count(); ++i) {
      writer.write(i, 0, weights_of(writer.header(), i));
    }
    writer.commit();
  }
  EXPECT_NO_THROW(GgufFile::open(folder / "model.gguf"));
  struct stat status {};
  ASSERT_EQ(stat((folder / "model.gguf").c_str(), &status), 0);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(status.st_mode & 0777U, 0666U & ~mask);
}

TEST(GgufWriter, RefusesBytesBeyondATensor) {
  const TestFolder folder;
  GgufWriter writer(folder / "model.gguf", varied_header());
  const std::vector<std::byte> bytes(48);
  EXPECT_THROW(writer.write(0, 1, bytes), std::invalid_argument);
  EXPECT_THROW(writer.write(0, 49, {}), std::invalid_argument);
  EXPECT_THROW(writer.write(0, ~std::uint64_t{0}, bytes), std::invalid_argument);
}

/// While it lives, no file of this process may grow beyond `bytes`: as on a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(GgufWriter, NoticesAFullDiskAtOnceAndLeavesNothing) {
  const TestFolder folder;
  const SmallDisk disk(512);
  try {
    const GgufWriter writer(folder / "model.gguf", varied_header());
    FAIL() << "accepted";
  } catch (const FileError& error) {
    EXPECT_EQ(std::string(error.what()),
              fmt::format("cannot write {}: File too large", (folder / "model.gguf").string()));
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(GgufWriter, SaysWhyAFileCannotBeWritten) {
  const TestFolder folder;
  std::ofstream(folder / "file") << "no folder";
  EXPECT_THROW(GgufWriter(folder / "file" / "model.gguf", varied_header()), FileError);
  std::filesystem::create_directory(folder / "folder");
  EXPECT_THROW(GgufWriter(folder / "folder", varied_header()), FileError);
  EXPECT_NO_THROW(GgufWriter(folder / "new" / "model.gguf", varied_header()));
}

TEST(GgufFile, SaysWhyAFileCannotBeRead) {
  const TestFolder folder;
  EXPECT_THROW(GgufFile::open(folder / "missing.gguf"), GgufError);
  std::filesystem::create_directory(folder / "folder");
  EXPECT_THROW(GgufFile::open(folder / "folder"), GgufError);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(GgufFile::open(folder / "pipe"), GgufError);
  std::ofstream(folder / "empty.gguf").flush();
  EXPECT_THROW(GgufFile::open(folder / "empty.gguf"), GgufError);
}

TEST(GgufFile, MayBeMoved) {
  const TestFolder folder;
  {
    GgufWriter writer(folder / "model.gguf", varied_header());
    for (std::size_t i = 0; i < writer.header().tensor_count(); ++i) {
      writer.write(i, 0, weights_of(writer.header(), i));
    }
    writer.commit();
  }
  GgufFile file = GgufFile::open(folder / "model.gguf");
  GgufFile moved = std::move(file);
  EXPECT_EQ(moved.tensor("first.weight").bytes[1], std::byte{1});
  moved = GgufFile::open(folder / "model.gguf");
  EXPECT_EQ(moved.tensor("first.weight").bytes[2], std::byte{2});
}

}  // namespace
}  // namespace crossover::model::test
