#include "harness/worker/hardware_counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace crossover::harness {
namespace {

/// A descriptor, or -1 for whatever reason: no such event here (ENOENT, EOPNOTSUPP), not allowed
/// (EACCES, EPERM), no such system call (ENOSYS), too many (EMFILE, EBUSY). In all of them the
/// measurement is as good without.
int open_event(std::uint64_t event) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = event;
  attributes.inherit = 1;  // threads that are started later
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  // Inherited events cannot be read as a group, so each has a descriptor of its own.
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  constexpr pid_t this_thread = 0;
  constexpr int any_cpu = -1;
  constexpr int no_group = -1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, this_thread, any_cpu, no_group,
                                  PERF_FLAG_FD_CLOEXEC));
}

std::optional<EventReading> read_event(int descriptor) {
  if (descriptor < 0) return std::nullopt;
  EventReading reading;
  static_assert(sizeof reading == 3 * sizeof(std::uint64_t), "as the kernel writes it");
  if (read(descriptor, &reading, sizeof reading) != sizeof reading) return std::nullopt;
  return reading;
}

}  // namespace

std::optional<std::int64_t> events_between(const std::optional<EventReading>& before,
                                           const std::optional<EventReading>& after) {
  if (!before || !after) return std::nullopt;
  const auto enabled =
      static_cast<double>(after->enabled_nanoseconds - before->enabled_nanoseconds);
  const auto running =
      static_cast<double>(after->running_nanoseconds - before->running_nanoseconds);
  constexpr double whole = 0.999;  // the two clocks are read one after the other
  if (enabled == 0 || running < whole * enabled) return std::nullopt;
  return static_cast<std::int64_t>(after->count - before->count);
}

HardwareCounters::HardwareCounters()
    : events_{open_event(PERF_COUNT_HW_CPU_CYCLES), open_event(PERF_COUNT_HW_INSTRUCTIONS),
              open_event(PERF_COUNT_HW_CACHE_MISSES)} {}

HardwareCounters::~HardwareCounters() {
  for (const int event : events_) {
    if (event >= 0) close(event);
  }
}

HardwareCounters::Reading HardwareCounters::read() const {
  return {read_event(events_[0]), read_event(events_[1]), read_event(events_[2])};
}

}  // namespace crossover::harness
