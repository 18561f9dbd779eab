#include "tests/harness/test_cases.h"

#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <unistd.h>

namespace crossover::harness {
namespace {

volatile double sink = 0;

void work() {
  for (int i = 0; i < 2000; ++i) sink = sink + 1;
}

/// Runs `then` from the given call on.
std::function<void()> after_calls(int calls, std::function<void()> then) {
  const auto count = std::make_shared<int>(0);
  return [=] {
    work();
    if (++*count > calls) then();
  };
}

[[noreturn]] void crash() {
  // Without a core dump, which would only make the test slow.
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  std::abort();
}

}  // namespace

Case make_test_case(const Cell& cell) {
  const std::string& variant = cell.arm.variant;
  if (variant == "unsupported") throw Unsupported("no such unit");
  if (variant == "throws") throw std::runtime_error("prepared badly");
  if (variant == "throws_bytes") throw std::runtime_error("no text: \xff");
  if (variant == "spins") {
    // A thread pool that never sleeps: what must stand still while others are measured.
    std::thread([] {
      while (true) sink = sink + 1;
    }).detach();
  }
  Case result;
  result.work.flops = static_cast<double>(extent(cell.problem, "n"));
  result.call = work;
  result.why_wrong = [] { return std::optional<std::string>(); };
  result.count = [] { return ExecutionCounts{0, 1, 1, "test"}; };
  if (variant == "settings") {
    // Tells which settings it was given, by key.
    std::string keys;
    for (const auto& [key, value] : cell.arm.settings) keys += (keys.empty() ? "" : ",") + key;
    result.count = [keys] { return ExecutionCounts{0, 1, 1, keys}; };
  }
  if (variant == "wrong") result.why_wrong = [] { return "row 3: 1.0, expected 2.0"; };
  if (variant == "throws_late") {
    result.call = after_calls(100, [] { throw std::runtime_error("tired"); });
  }
  if (variant == "crashes") result.call = crash;
  if (variant == "crashes_late" && extent(cell.problem, "n") == 2) {
    // Right while it is checked; a launch times it without checking it again.
    const auto checked = std::make_shared<bool>(false);
    result.why_wrong = [checked] {
      *checked = true;
      return std::optional<std::string>();
    };
    result.call = [checked] {
      work();
      if (!*checked) crash();
    };
  }
  if (variant == "hangs") {
    result.call = [] {
      while (true) sleep(1);
    };
  }
  if (variant == "allocates") {
    result.call = [] {
      // Volatile, or the compiler would see that nothing needs the memory.
      void* volatile first = std::malloc(1000);
      void* volatile second = std::malloc(24);
      std::free(first);
      std::free(second);
    };
  }
  return result;
}

}  // namespace crossover::harness
