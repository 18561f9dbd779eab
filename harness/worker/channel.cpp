#include "harness/worker/channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/run/interrupt.h"

namespace crossover::harness {
namespace {

using Clock = std::chrono::steady_clock;

// A signal between the look at interrupt_requested() and poll() would go unnoticed; it waits no
// longer than this.
constexpr double longest_wait_milliseconds = 200;

double remaining_milliseconds(Clock::time_point deadline) {
  return std::chrono::duration<double, std::milli>(deadline - Clock::now()).count();
}

}  // namespace

Channel::~Channel() { close(descriptor_); }

bool Channel::send(const std::string& line) {
  const std::string message = line + "\n";
  std::size_t sent = 0;
  while (sent < message.size()) {
    const ssize_t count =
        ::send(descriptor_, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

Channel::Received Channel::receive(std::string& line, std::optional<double> timeout_seconds) {
  std::optional<Clock::time_point> deadline;
  if (timeout_seconds) {
    deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(*timeout_seconds));
  }
  while (true) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return Received::line;
    }
    if (interrupt_requested()) return Received::interrupted;
    int wait = -1;
    bool overdue = false;
    if (deadline) {
      const double left = remaining_milliseconds(*deadline);
      overdue = left <= 0;  // still one look: this process may have been stopped meanwhile
      wait = overdue ? 0 : static_cast<int>(std::ceil(std::min(left, longest_wait_milliseconds)));
    }
    pollfd waiting{descriptor_, POLLIN, 0};
    const int ready = poll(&waiting, 1, wait);
    if (ready == 0 && overdue) return Received::timeout;
    if (ready == 0) continue;
    if (ready < 0) {
      if (errno == EINTR) continue;
      return Received::closed;
    }
    std::array<char, 65536> chunk;
    const ssize_t count = recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Received::closed;
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace crossover::harness
