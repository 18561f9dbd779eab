#include "experiments/other_build.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/command.h"
#include "experiments/environment.h"
#include "harness/worker/channel.h"
#include "harness/worker/worker_main.h"
#include "harness/worker/worker_process.h"

namespace crossover::experiments {
namespace {

constexpr double patience_seconds = 20;

/// The first line that `program --version` prints within the time; empty where it prints none.
std::string version_line(const std::string& program) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return "";
  harness::Channel channel(sockets[0]);
  const pid_t child = fork();
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(sockets[1], STDOUT_FILENO);
    dup2(sockets[1], STDERR_FILENO);
    execl(program.c_str(), program.c_str(), "--version", nullptr);
    _exit(127);
  }
  close(sockets[1]);
  if (child < 0) return "";
  std::string line;
  channel.receive(line, patience_seconds);
  kill(child, SIGKILL);  // one that does not know --version may go on
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return line;
}

void require_same_protocol(const OtherBuild& build) {
  const harness::Arm arm{"", "", {}, 0};
  harness::ProcessHost host({build.path, "worker"}, place);
  int protocol = 0;
  try {
    protocol = host.protocol(arm, patience_seconds);
  } catch (const harness::WorkerFailure& failure) {
    throw std::runtime_error(fmt::format("{} ({}) does not work as a worker: it {}", build.path,
                                         build.version, failure.what()));
  }
  if (protocol == harness::worker_protocol) return;
  throw std::runtime_error(fmt::format(
      "{} ({}) speaks worker protocol {}, this program {}; take builds whose protocols agree",
      build.path, build.version, protocol, harness::worker_protocol));
}

}  // namespace

OtherBuild read_build(const std::string& path) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::canonical(path, error);
  if (error) throw UsageError(fmt::format("{}: {}; expected a program", path, error.message()));
  if (!std::filesystem::is_regular_file(program) || access(program.c_str(), X_OK) != 0) {
    throw UsageError(path + " is not a program that can be started");
  }
  OtherBuild build{program.string(), version_line(program.string())};
  if (!build.version.starts_with("crossover ")) {
    throw UsageError(
        fmt::format("{} is no build of this program: its --version says '{}'; expected 'crossover "
                    "VERSION ...'",
                    path, build.version));
  }
  require_same_protocol(build);
  return build;
}

}  // namespace crossover::experiments
