#include "harness/run/machine_lock.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/json.h"
#include "harness/results/run_directory.h"
#include "harness/run/interrupt.h"
#include "harness/worker/worker.h"

namespace crossover::harness {
namespace {

/// Opens the file, making it where it is missing; -1 with errno where that fails.
int open_lock_file(const std::filesystem::path& path) {
  // In a folder like /tmp, O_CREAT on a file of another user is refused (fs.protected_regular), so
  // an existing one is opened without. O_NOFOLLOW: anybody may put a link there.
  constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  constexpr mode_t everybody = 0666;
  for (int attempt = 0; attempt < 2; ++attempt) {  // somebody else may make it in between
    int descriptor = open(path.c_str(), O_RDWR | flags);
    // A file that may only be read can be locked all the same, but not say by whom.
    if (descriptor < 0 && errno == EACCES) descriptor = open(path.c_str(), O_RDONLY | flags);
    if (descriptor >= 0 || errno != ENOENT) return descriptor;
    descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | flags, everybody);
    if (descriptor >= 0) fchmod(descriptor, everybody);  // whatever the umask is
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

/// What the holder wrote; nullopt where it could not or has not yet.
std::optional<LockHolder> read_holder(int descriptor) {
  std::array<char, 4096> buffer;
  const ssize_t count = pread(descriptor, buffer.data(), buffer.size(), 0);
  if (count <= 0) return std::nullopt;
  const Json object = Json::parse(buffer.data(), buffer.data() + count, nullptr, false);
  try {
    return LockHolder{object.at("process"), object.at("since"), object.at("command"),
                      optional_from<std::string>(object, "place")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string describe_holder(int descriptor) {
  const auto holder = read_holder(descriptor);
  return holder ? holder->text() : "a process that did not say which";
}

bool try_lock(int descriptor, const std::filesystem::path& path) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  throw StorageError(fmt::format("cannot lock {}: {}", path.string(), std::strerror(errno)));
}

bool is_usable(const std::filesystem::path& path) {
  const int descriptor = open_lock_file(path);
  if (descriptor < 0) return false;
  close(descriptor);
  return true;
}

}  // namespace

std::string LockHolder::text() const {
  return fmt::format("process {} since {} ({}){}", process, since, command,
                     place ? ", writing " + *place : "");
}

MachineLock::MachineLock(const Request& request)
    : descriptor_(open_lock_file(request.file)),
      holder_{getpid(), utc_now(), request.command, std::nullopt} {
  if (descriptor_ < 0) {
    throw StorageError(fmt::format(
        "cannot open the lock file {}: {}; name another one in CROSSOVER_LOCK_FILE, the same for "
        "all runs on this machine, or run with --no-lock",
        request.file.string(), std::strerror(errno)));
  }
  try {
    bool told = false;
    while (!try_lock(descriptor_, request.file)) {
      if (!request.wait) {
        throw MachineBusy(fmt::format(
            "another run measures on this machine, and two would spoil each other: {}; run with "
            "--wait to wait for its end, or with --no-lock to measure all the same",
            describe_holder(descriptor_)));
      }
      if (!told) request.on_wait(describe_holder(descriptor_));
      told = true;
      sleep(1);  // ends early when a signal arrives
      if (interrupt_requested()) throw Interrupted();
    }
  } catch (...) {
    close(descriptor_);
    throw;
  }
  holder_.since = utc_now();
  write_holder();
}

MachineLock::~MachineLock() {
  // Emptied, so that nobody who is refused a moment later reads a name that no longer holds.
  [[maybe_unused]] const int ignored = ftruncate(descriptor_, 0);
  close(descriptor_);
}

void MachineLock::set_place(const std::string& run_directory) {
  holder_.place = run_directory;
  write_holder();
}

void MachineLock::write_holder() const {
  const std::string text = text_of({{"process", holder_.process},
                                    {"since", holder_.since},
                                    {"command", holder_.command},
                                    {"place", nullable(holder_.place)}}) +
                           "\n";
  // Only those who are refused miss it where it cannot be written: a full disk is no reason to
  // stop.
  if (ftruncate(descriptor_, 0) != 0) return;
  [[maybe_unused]] const ssize_t ignored = pwrite(descriptor_, text.data(), text.size(), 0);
}

std::filesystem::path lock_file() {
  if (const char* chosen = std::getenv("CROSSOVER_LOCK_FILE"); chosen != nullptr && *chosen != '\0')
    return chosen;
  const std::filesystem::path first = "/run/lock/crossover.lock";
  return is_usable(first) ? first : "/tmp/crossover.lock";
}

}  // namespace crossover::harness
