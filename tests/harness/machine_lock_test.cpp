#include "harness/run/machine_lock.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

/// A lock file of its own for each test.
class MachineLockTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "lockXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "crossover.lock"; }
  MachineLock::Request request(const std::string& command) const { return {file(), command}; }

  std::string refusal() const {
    try {
      const MachineLock lock(request("the second"));
    } catch (const MachineBusy& busy) {
      return busy.what();
    }
    return "not refused";
  }

  std::filesystem::path folder_;
};

/// Another process that holds the lock until it is ended.
class Holder {
 public:
  explicit Holder(const MachineLock::Request& request) {
    int ready[2];
    if (pipe(ready) != 0) std::abort();
    process_ = fork();
    if (process_ == 0) {
      alarm(60);  // does not outlive a test that was killed
      MachineLock lock(request);
      lock.set_place("results/there");
      [[maybe_unused]] const ssize_t ignored = write(ready[1], "x", 1);
      while (true) pause();
    }
    char byte = 0;
    [[maybe_unused]] const ssize_t ignored = read(ready[0], &byte, 1);
    close(ready[0]);
    close(ready[1]);
  }
  ~Holder() { end(); }

  void end() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  pid_t process() const { return process_; }

 private:
  pid_t process_ = -1;
};

TEST_F(MachineLockTest, SecondProcessIsRefusedAndToldByWhom) {
  const Holder holder(request("crossover run quickstart"));
  const std::string words = refusal();
  EXPECT_NE(words.find("process " + std::to_string(holder.process()) + " since 20"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("(crossover run quickstart), writing results/there"), std::string::npos)
      << words;
  EXPECT_NE(words.find("--wait"), std::string::npos) << words;
}

TEST_F(MachineLockTest, EndOfTheHoldersProcessReleasesIt) {
  Holder holder(request("first"));
  EXPECT_NE(refusal(), "not refused");
  holder.end();
  EXPECT_EQ(refusal(), "not refused");
}

TEST_F(MachineLockTest, EndOfItsObjectReleasesIt) {
  { const MachineLock lock(request("first")); }
  EXPECT_EQ(refusal(), "not refused");
}

TEST_F(MachineLockTest, WaitsForTheHolderAndSaysSoOnce) {
  Holder holder(request("first"));
  const pid_t process = holder.process();
  std::vector<std::string> told;
  MachineLock::Request waiting = request("second");
  waiting.wait = true;
  waiting.on_wait = [&](const std::string& who) {
    told.push_back(who);
    holder.end();
  };
  const MachineLock lock(waiting);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("process " + std::to_string(process))) << told[0];
}

TEST_F(MachineLockTest, EverybodyMayUseTheFileWhateverTheUmask) {
  const mode_t before = umask(077);
  { const MachineLock lock(request("first")); }
  umask(before);
  struct stat facts {};
  ASSERT_EQ(stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0666u);
}

TEST_F(MachineLockTest, ALinkIsNotFollowed) {
  std::ofstream(folder_ / "precious") << "text";
  std::filesystem::create_symlink(folder_ / "precious", file());
  EXPECT_THROW(MachineLock lock(request("first")), StorageError);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "precious"), 4u);
}

TEST_F(MachineLockTest, AForeignFileOrGarbageStillLocks) {
  std::ofstream(file()) << "not JSON";
  std::filesystem::permissions(file(), std::filesystem::perms::owner_read);
  const MachineLock lock(request("first"));
  EXPECT_NE(refusal(), "not refused");
}

TEST_F(MachineLockTest, MissingFolderIsNamed) {
  try {
    const MachineLock lock({folder_ / "none" / "file", "first"});
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_NE(std::string(error.what()).find("none/file"), std::string::npos) << error.what();
  }
}

TEST(LockFile, EnvironmentVariableWins) {
  const char* before = std::getenv("CROSSOVER_LOCK_FILE");
  const std::string kept = before == nullptr ? "" : before;
  setenv("CROSSOVER_LOCK_FILE", "/somewhere/else", 1);
  EXPECT_EQ(lock_file(), "/somewhere/else");
  unsetenv("CROSSOVER_LOCK_FILE");
  EXPECT_EQ(lock_file().filename(), "crossover.lock");
  if (before != nullptr) setenv("CROSSOVER_LOCK_FILE", kept.c_str(), 1);
}

}  // namespace
}  // namespace crossover::harness
