#include "harness/worker/worker_process.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/worker/cpu_time.h"
#include "harness/worker/worker_main.h"

namespace crossover::harness {
namespace {

constexpr double timeout = 20;
constexpr PrepareOptions check{true, 1e-4};

ProcessHost test_host() {
  return ProcessHost({"/proc/self/exe", "worker"}, [](const Arm&) {
    return Placement{{}, false, {{"PATH", "/usr/bin:/bin"}}};
  });
}

Cell cell_of(const std::string& variant, std::int64_t n = 1) {
  return {"section", {"test", variant, {{"threads", "1"}}, 0}, {{"n", n}}};
}

CellFacts prepare(Worker& worker, const std::string& variant, std::int64_t n = 1) {
  return worker.prepare(cell_of(variant, n), check, timeout);
}

std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const WorkerFailure& failure) {
    return failure.what();
  }
  return "no failure";
}

TEST(WorkerProcess, MeasuresAGoodCase) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("good").arm);
  const CellFacts facts = prepare(*worker, "good");
  EXPECT_EQ(facts.status, Status::measured);
  EXPECT_GE(facts.iterations * *facts.call_seconds, 1e-4);
  EXPECT_EQ(facts.counts.execution.code_path, "test");
  const Sample sample = worker->sample(50, 1e-4, timeout);
  EXPECT_EQ(sample.iterations, 50);
  EXPECT_GT(sample.seconds, 1e-8);
  EXPECT_LT(sample.seconds, 1e-2);
  // CPU time is that of all 50 calls: 100,000 additions in a chain, 2 cycles each at up to 10 GHz.
  EXPECT_GT(sample.cpu_seconds, 20e-6);
  EXPECT_FALSE(sample.others_ran);
}

TEST(WorkerProcess, HardwareEventsAreCountedOrNull) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("good").arm);
  prepare(*worker, "good");
  const Sample sample = worker->sample(50, 0, timeout);
  EXPECT_GT(sample.cycles.value_or(1), 0);
  EXPECT_GT(sample.instructions.value_or(100'001), 100'000) << "50 calls of 2,000 additions each";
}

TEST(WorkerProcess, ReportsWrongUnsupportedAndThrowingCases) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("good").arm);
  const CellFacts wrong = prepare(*worker, "wrong");
  EXPECT_EQ(wrong.status, Status::wrong);
  EXPECT_EQ(wrong.reason, "row 3: 1.0, expected 2.0");
  const CellFacts unsupported = prepare(*worker, "unsupported");
  EXPECT_EQ(unsupported.status, Status::unsupported);
  EXPECT_EQ(unsupported.reason, "no such unit");
  const CellFacts throws = prepare(*worker, "throws");
  EXPECT_EQ(throws.status, Status::failed);
  EXPECT_EQ(throws.reason, "prepared badly");
  const CellFacts bytes = prepare(*worker, "throws_bytes");
  EXPECT_EQ(bytes.status, Status::failed);
  EXPECT_EQ(bytes.reason, "no text: \xef\xbf\xbd");
  EXPECT_EQ(prepare(*worker, "good").status, Status::measured) << "the worker goes on";
}

TEST(WorkerProcess, CrashIsReportedWithItsSignal) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("crashes").arm);
  const std::string failure = failure_of([&] { prepare(*worker, "crashes"); });
  EXPECT_NE(failure.find("signal 11"), std::string::npos) << failure;
}

TEST(WorkerProcess, HangEndsAtTheTimeout) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("hangs").arm);
  const std::string failure = failure_of([&] { worker->prepare(cell_of("hangs"), check, 1); });
  EXPECT_EQ(failure, "hung: no answer within 1 s");
}

TEST(WorkerProcess, ExceptionWhileSamplingIsAFailure) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("throws_late").arm);
  worker->prepare(cell_of("throws_late"), {}, timeout);
  EXPECT_EQ(failure_of([&] { worker->sample(200, 0, timeout); }), "threw: tired");
}

TEST(WorkerProcess, SampleBeforePrepareIsAFailure) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("good").arm);
  EXPECT_NE(failure_of([&] { worker->sample(1, 0, timeout); }).find("before"), std::string::npos);
}

TEST(WorkerProcess, CountsAllocationsOfOneCall) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("allocates").arm);
  const CellFacts facts = prepare(*worker, "allocates");
  if (!facts.counts.allocations) GTEST_SKIP() << "a sanitizer brings its own allocator";
  EXPECT_EQ(facts.counts.allocations, 2u);
  EXPECT_EQ(facts.counts.allocated_bytes, 1024u);
  EXPECT_EQ(prepare(*worker, "good").counts.allocations, 0u);
}

TEST(WorkerProcess, IdleWorkersStandStillThoughTheyWouldSpin) {
  ProcessHost host = test_host();
  const auto spinner = host.start(cell_of("spins").arm);
  prepare(*spinner, "spins");
  const auto worker = host.start(cell_of("good").arm);
  prepare(*worker, "good");
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(worker->sample(100, 1e-4, timeout).others_ran);
  EXPECT_GE(host.isolation().turns, 22);
  EXPECT_EQ(host.isolation().others_ran, 0);
}

TEST(WorkerProcess, PinsEveryThreadThatTheCaseStarted) {
  const std::vector<int> cpus = allowed_cpus();
  ProcessHost host({"/proc/self/exe", "worker"}, [&](const Arm&) {
    return Placement{cpus, true, {{"PATH", "/usr/bin:/bin"}}};
  });
  const auto worker = host.start(cell_of("spins").arm);
  prepare(*worker, "spins");
  std::ifstream list("/proc/self/task/" + std::to_string(getpid()) + "/children");
  std::string child;
  list >> child;
  std::vector<int> places;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + child + "/task")) {
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(std::stoi(thread.path().filename()), sizeof set, &set), 0);
    ASSERT_EQ(CPU_COUNT(&set), 1);
    for (const int cpu : cpus) {
      if (CPU_ISSET(cpu, &set)) places.push_back(cpu);
    }
  }
  ASSERT_EQ(places.size(), 2u);
  if (cpus.size() > 1) {
    EXPECT_NE(places[0], places[1]);
  }
}

/// The state letter of a process, from /proc/PID/stat: T is stopped.
char state_of(const std::filesystem::path& process) {
  std::ifstream file(process / "stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  return end == std::string::npos ? '?' : text[end + 2];
}

TEST(WorkerProcess, IsStoppedBetweenItsTurns) {
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("spins").arm);
  prepare(*worker, "spins");
  int children = 0;
  std::ifstream list("/proc/self/task/" + std::to_string(getpid()) + "/children");
  for (std::string child; list >> child; ++children) {
    EXPECT_EQ(state_of("/proc/" + child), 'T');
  }
  EXPECT_EQ(children, 1);
}

bool forks_linger = false;

/// In the child of a fork, before anything else: long enough for its parent to do what it does
/// next.
void linger() {
  constexpr useconds_t microseconds = 300'000;
  if (forks_linger) usleep(microseconds);
}

/// A process of its own that starts one worker, says so through `ready`, and waits to be killed.
[[noreturn]] void coordinate(int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGHUP, SIG_IGN);  // the kernel sends it to some orphans that are stopped, but not to all
  forks_linger = true;
  ProcessHost host = test_host();
  const auto worker = host.start(cell_of("good").arm);
  if (write(ready, "!", 1) != 1) _exit(1);
  for (;;) pause();
}

/// The first child of a process, stopped or not.
std::optional<pid_t> child_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream list("/proc/" + id + "/task/" + id + "/children");
  pid_t child = 0;
  return list >> child ? std::optional(child) : std::nullopt;
}

/// How the process ended; nullopt where it did not within the timeout.
std::optional<int> end_of(pid_t process) {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < std::chrono::duration<double>(timeout)) {
    int status = 0;
    if (waitpid(process, &status, WNOHANG) == process) return status;
    usleep(1000);
  }
  return std::nullopt;
}

TEST(WorkerProcess, AStoppedWorkerDiesWithItsCoordinator) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphan becomes a child of this process
  ASSERT_EQ(pthread_atfork(nullptr, nullptr, linger), 0);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t coordinator = fork();
  if (coordinator == 0) coordinate(ready[1]);
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  const auto worker = child_of(coordinator);
  ASSERT_TRUE(worker);
  EXPECT_EQ(state_of("/proc/" + std::to_string(*worker)), 'T');

  kill(coordinator, SIGKILL);
  ASSERT_EQ(waitpid(coordinator, nullptr, 0), coordinator);
  const auto end = end_of(*worker);
  EXPECT_TRUE(end) << "it is stopped and has nobody who could continue it";
  if (end) {
    EXPECT_TRUE(WIFSIGNALED(*end) && WTERMSIG(*end) == SIGKILL);
  } else {
    kill(*worker, SIGKILL);
    waitpid(*worker, nullptr, 0);
  }
  close(ready[0]);
  close(ready[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(WorkerProcess, WorkersThatCannotStartAreFailures) {
  ProcessHost host({"/nonexistent/program", "worker"}, [](const Arm&) { return Placement{}; });
  const std::string failure = failure_of([&] {
    const auto worker = host.start(cell_of("good").arm);
    prepare(*worker, "good");
  });
  EXPECT_NE(failure.find("exit status 127"), std::string::npos) << failure;
}

/// A host whose arms have a program of their own.
ProcessHost host_of(const std::string& program) {
  return ProcessHost({"/proc/self/exe", "worker"}, [=](const Arm&) {
    return Placement{{}, false, {{"PATH", "/usr/bin:/bin"}}, program};
  });
}

TEST(WorkerProcess, AnArmMayHaveAProgramOfItsOwn) {
  const std::string itself = std::filesystem::read_symlink("/proc/self/exe");
  ProcessHost host = host_of(itself);
  EXPECT_EQ(host.protocol(cell_of("good").arm, timeout), worker_protocol);
  Cell cell = cell_of("settings");
  cell.arm.settings[program_setting] = "A";
  const auto worker = host.start(cell.arm);
  const CellFacts facts = worker->prepare(cell, check, timeout);
  EXPECT_EQ(facts.counts.execution.code_path, "threads") << "the program's name is not for it";
}

TEST(WorkerProcess, AProgramThatIsNoWorkerIsAFailure) {
  ProcessHost cat = host_of("/bin/cat");
  const Arm arm = cell_of("good").arm;
  const std::string failure = failure_of([&] { cat.protocol(arm, timeout); });
  EXPECT_NE(failure.find("exit status 1"), std::string::npos) << failure;
  EXPECT_NE(failure.find("worker"), std::string::npos) << failure;
  ProcessHost none = host_of("/nonexistent/program");
  EXPECT_NE(failure_of([&] { none.protocol(arm, timeout); }).find("127"), std::string::npos);
}

/// A program that answers every request with the same line.
std::string program_that_answers(const std::string& name, const std::string& line) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << "#!/bin/sh\nwhile read request <&$2; do echo '" << line
                      << "' >&$2; done\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST(WorkerProcess, AnswersThatCannotBeUnderstoodAreFailures) {
  const Arm arm = cell_of("good").arm;
  ProcessHost chatty = host_of(program_that_answers("chatty", "hello"));
  EXPECT_EQ(failure_of([&] { chatty.protocol(arm, timeout); }),
            "answered with something that is no JSON object");
  ProcessHost future = host_of(program_that_answers("future", R"({"protocol":99})"));
  EXPECT_EQ(future.protocol(arm, timeout), 99);
  const auto worker = future.start(arm);
  EXPECT_NE(failure_of([&] { prepare(*worker, "good"); }).find("another protocol"),
            std::string::npos);
  ProcessHost older = host_of(program_that_answers("older", "{}"));
  EXPECT_EQ(older.protocol(arm, timeout), 1);
}

TEST(WorkerProcess, AnswersThatCannotBeTrueAreFailures) {
  const Arm arm = cell_of("good").arm;
  const auto failure_after = [&](const std::string& seconds) {
    ProcessHost host = host_of(program_that_answers(
        "untrue",
        R"({"launch":0,"block":0,"place":0,"iterations":1,"cpu_seconds":0,)"
        R"("voluntary_switches":0,"involuntary_switches":0,"others_ran":false,"seconds":)" +
            seconds + "}"));
    return failure_of([&] { host.start(arm)->sample(1, 0, timeout); });
  };
  EXPECT_EQ(failure_after("1e-6"), "no failure");
  for (const char* seconds : {"0", "-1", "null", "[]"}) {
    EXPECT_EQ(failure_after(seconds),
              "answered in another protocol: seconds = " + std::string(seconds) +
                  "; expected a finite number above 0");
  }
  ProcessHost uncalibrated = host_of(program_that_answers(
      "uncalibrated", R"({"status":"measured","iterations":0,"work":null,"counters":{}})"));
  const auto worker = uncalibrated.start(arm);
  EXPECT_EQ(worker->prepare(cell_of("good"), {}, timeout).status, Status::measured);
  EXPECT_EQ(failure_of([&] { prepare(*worker, "good"); }),
            "answered in another protocol: iterations = 0; expected a whole number, 1 or more");
}

}  // namespace
}  // namespace crossover::harness
