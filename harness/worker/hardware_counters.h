#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace crossover::harness {

/// One reading of one event since it was opened, summed over all threads.
struct EventReading {
  std::uint64_t count = 0;
  std::uint64_t enabled_nanoseconds = 0;  // the threads ran, with the event wanted
  std::uint64_t running_nanoseconds = 0;  // and a hardware counter was there for it
};

/// How often the event happened between two readings. Null where one of them is missing, where
/// nothing was counted in between, and where the event had to share its hardware counter with
/// others for more than a thousandth of the time (running < enabled): the kernel takes turns every
/// few milliseconds, so that what it missed of a sample of one cannot be scaled up from what it
/// saw.
std::optional<std::int64_t> events_between(const std::optional<EventReading>& before,
                                           const std::optional<EventReading>& after);

/// Counts in user space what all threads of this process do that are started after it was made,
/// and the thread that made it; so made first, it covers a vendor's thread pool too. An event that
/// the machine or its settings do not allow (virtual machines, containers,
/// kernel.perf_event_paranoid) is null and nothing else.
class HardwareCounters {
 public:
  struct Reading {
    std::optional<EventReading> cycles;
    std::optional<EventReading> instructions;
    std::optional<EventReading> cache_misses;  // of the last level, as the kernel maps them
  };

  HardwareCounters();
  ~HardwareCounters();
  HardwareCounters(const HardwareCounters&) = delete;
  HardwareCounters& operator=(const HardwareCounters&) = delete;

  /// Cost: one system call per event that is allowed.
  Reading read() const;

 private:
  std::array<int, 3> events_;  // descriptors; -1 where not allowed
};

}  // namespace crossover::harness
