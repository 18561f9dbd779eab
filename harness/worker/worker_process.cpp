#include "harness/worker/worker_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/json.h"
#include "harness/stored_cell.h"
#include "harness/worker/channel.h"
#include "harness/worker/cpu_time.h"

namespace crossover::harness {
namespace {

constexpr int worker_socket = 3;  // the descriptor under which a worker finds its end

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// The child's side between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_worker(pid_t coordinator, int socket, int errors, const cpu_set_t* cpus,
                                char* const* command, char* const* environment) {
  setpgid(0, 0);                             // Ctrl-C on the terminal reaches the coordinator only
  prctl(PR_SET_PDEATHSIG, SIGKILL);          // a stopped orphan could not end by itself
  if (getppid() != coordinator) _exit(127);  // died before the signal was asked for
  // Here, and not wherever the coordinator's SIGSTOP would find it: stopped before it has asked for
  // the signal, it would outlive the coordinator and keep the machine's lock.
  kill(getpid(), SIGSTOP);
  if (cpus != nullptr) sched_setaffinity(0, sizeof *cpus, cpus);
  dup2(errors, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  if (socket == worker_socket) {
    fcntl(socket, F_SETFD, 0);
  } else {
    dup2(socket, worker_socket);
  }
  execve(command[0], command, environment);
  _exit(127);
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() { reset(-1); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }
  void reset(int value) {
    if (value_ >= 0) close(value_);
    value_ = value;
  }

 private:
  int value_ = -1;
};

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "crashed with signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  }
  if (WIFEXITED(status)) return "ended with exit status " + std::to_string(WEXITSTATUS(status));
  return "ended";
}

}  // namespace

/// One worker process and its socket.
class WorkerProcess : public Worker {
 public:
  WorkerProcess(ProcessHost& host, const Placement& placement) : host_(host) {
    if (placement.pin_threads) pinned_cpus_ = placement.cpus;
    spawn(placement);
    wait_until_stopped();
    host_.live_.insert(this);
  }

  ~WorkerProcess() override {
    host_.live_.erase(this);
    end();
  }

  CellFacts prepare(const Cell& cell, const PrepareOptions& options, double timeout) override {
    Settings settings = cell.arm.settings;
    settings.erase(program_setting);
    const Json request{{"do", "prepare"},
                       {"cell",
                        {{"section", cell.section},
                         {"family", cell.arm.family},
                         {"variant", cell.arm.variant},
                         {"settings", to_json(settings)},
                         {"replica", cell.arm.replica},
                         {"problem", to_json(cell.problem)}}},
                       {"cpus", pinned_cpus_},
                       {"check", options.check},
                       {"min_sample_seconds", options.min_sample_seconds}};
    const Json answer = turn(request, timeout).answer;
    return understand([&] {
      return options.check ? cell_facts_from(answer) : outcome_from(StoredValue(answer));
    });
  }

  Sample sample(std::int64_t iterations, double warm_up_seconds, double timeout) override {
    const Turn result =
        turn({{"do", "sample"}, {"iterations", iterations}, {"warm_up_seconds", warm_up_seconds}},
             timeout);
    Sample sample = understand([&] { return sample_from(result.answer); });
    sample.others_ran = result.others_ran;
    return sample;
  }

  void release(double timeout) override { turn({{"do", "release"}}, timeout); }

  int protocol(double timeout) {
    const Json answer = turn({{"do", "protocol"}}, timeout).answer;
    constexpr int before_it_was_told = 1;
    return understand([&] { return answer.value("protocol", before_it_was_told); });
  }

 private:
  struct Turn {
    Json answer;
    bool others_ran = false;
  };

  void spawn(const Placement& placement);
  void end();
  int wait_for_end();

  void pause() {
    kill(process_, SIGSTOP);
    wait_until_stopped();
  }

  /// Waits until the kernel confirms that all threads of the process stand still.
  void wait_until_stopped() {
    int status = 0;
    while (waitpid(process_, &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    if (!WIFSTOPPED(status)) fail_ended(status);
  }

  void resume() { kill(process_, SIGCONT); }

  /// Continues the worker, asks, waits for the answer, stops it, and looks whether any other worker
  /// used CPU time meanwhile.
  Turn turn(const Json& request, double timeout) {
    const auto before = others_cpu_seconds();
    resume();
    Turn result{ask(request, timeout)};
    pause();
    for (const auto& [other, seconds] : before) {
      if (other->cpu_seconds() > seconds) result.others_ran = true;
    }
    ++host_.isolation_.turns;
    host_.isolation_.others_ran += result.others_ran;
    if (result.answer.contains("failure")) {
      throw WorkerFailure(
          understand([&] { return StoredValue(result.answer).at("failure").text(); }));
    }
    return result;
  }

  Json ask(const Json& request, double timeout);

  /// What `read` makes of an answer. A worker whose answers lack something, or cannot be true, is
  /// of no use.
  template <class Read>
  auto understand(const Read& read) -> decltype(read()) {
    try {
      return read();
    } catch (const std::exception& error) {
      end();
      throw WorkerFailure(std::string("answered in another protocol: ") + error.what());
    }
  }

  std::map<const WorkerProcess*, double> others_cpu_seconds() const {
    std::map<const WorkerProcess*, double> seconds;
    for (const WorkerProcess* other : host_.live_) {
      if (other != this) seconds[other] = other->cpu_seconds();
    }
    return seconds;
  }

  double cpu_seconds() const { return process_cpu_seconds(process_).value_or(0); }

  [[noreturn]] void fail_ended(int status) {
    process_ = -1;
    std::string reason = describe_end(status);
    const std::string words = last_words();
    if (!words.empty()) reason += ": " + words;
    throw WorkerFailure(reason);
  }

  /// The end of what the worker wrote to its standard error, on one line.
  std::string last_words() const;

  ProcessHost& host_;
  std::vector<int> pinned_cpus_;
  pid_t process_ = -1;
  Descriptor errors_;  // memory file that takes the worker's output
  std::unique_ptr<Channel> channel_;
};

void WorkerProcess::spawn(const Placement& placement) {
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    throw WorkerFailure(std::string("cannot make a socket for a worker: ") + strerror(errno));
  }
  channel_ = std::make_unique<Channel>(sockets[0]);
  errors_.reset(memfd_create("worker-output", MFD_CLOEXEC));
  if (errors_.get() < 0) {
    close(sockets[1]);
    throw WorkerFailure(std::string("cannot make a file for a worker's output: ") +
                        strerror(errno));
  }

  std::vector<std::string> command = host_.command_;
  if (!placement.program.empty()) command.front() = placement.program;
  command.push_back(std::to_string(worker_socket));
  std::vector<std::string> environment;
  for (const auto& [name, value] : placement.environment) environment.push_back(name + "=" + value);
  const std::vector<char*> command_pointers = pointers(command);
  const std::vector<char*> environment_pointers = pointers(environment);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const int cpu : placement.cpus) CPU_SET(cpu, &cpus);

  const pid_t coordinator = getpid();
  process_ = fork();
  if (process_ == 0) {
    become_worker(coordinator, sockets[1], errors_.get(), placement.cpus.empty() ? nullptr : &cpus,
                  command_pointers.data(), environment_pointers.data());
  }
  close(sockets[1]);
  if (process_ < 0) {
    throw WorkerFailure(std::string("cannot start a worker: ") + strerror(errno));
  }
}

void WorkerProcess::end() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

Json WorkerProcess::ask(const Json& request, double timeout) {
  std::string line;
  const bool sent = channel_->send(text_of(request));
  const auto received = sent ? channel_->receive(line, timeout) : Channel::Received::closed;
  switch (received) {
    case Channel::Received::line: {
      Json answer = Json::parse(line, nullptr, false);
      if (answer.is_object()) return answer;
      end();
      throw WorkerFailure("answered with something that is no JSON object");
    }
    case Channel::Received::interrupted:
      throw Interrupted();
    case Channel::Received::timeout:
      end();
      throw WorkerFailure("hung: no answer within " + std::to_string(std::lround(timeout)) + " s");
    case Channel::Received::closed:
      break;
  }
  fail_ended(wait_for_end());
}

int WorkerProcess::wait_for_end() {
  // It hung up, so it is dying; one that lives on without its socket is ended by force.
  constexpr int patience_milliseconds = 5000;
  int status = 0;
  for (int waited = 0; waited < patience_milliseconds; ++waited) {
    if (waitpid(process_, &status, WNOHANG) == process_) return status;
    usleep(1000);
  }
  kill(process_, SIGKILL);
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string WorkerProcess::last_words() const {
  constexpr off_t most = 400;
  const off_t size = lseek(errors_.get(), 0, SEEK_END);
  if (size <= 0) return {};
  std::string text(static_cast<std::size_t>(std::min(size, most)), '\0');
  const ssize_t count =
      pread(errors_.get(), text.data(), text.size(), std::max<off_t>(0, size - most));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& character : text) {
    if (character == '\n') character = ' ';
  }
  return text;
}

ProcessHost::ProcessHost(std::vector<std::string> command, Place place)
    : command_(std::move(command)), place_(std::move(place)) {
  // Two descriptors per arm; the usual soft limit would end at some 500 arms.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::unique_ptr<Worker> ProcessHost::start(const Arm& arm) {
  return std::make_unique<WorkerProcess>(*this, place_(arm));
}

int ProcessHost::protocol(const Arm& arm, double timeout_seconds) {
  return WorkerProcess(*this, place_(arm)).protocol(timeout_seconds);
}

}  // namespace crossover::harness
