#pragma once

#include <optional>
#include <string>

namespace crossover::harness {

/// Lines of text over a socket, one message per line.
class Channel {
 public:
  /// Takes over the descriptor and closes it in the end.
  explicit Channel(int descriptor) : descriptor_(descriptor) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// False when the other side is gone.
  bool send(const std::string& line);

  enum class Received { line, closed, timeout, interrupted };

  /// Waits for a whole line; for ever when `timeout_seconds` is nullopt. A signal ends the wait
  /// only when interrupt_requested() (interrupt.h) is true.
  Received receive(std::string& line, std::optional<double> timeout_seconds);

 private:
  int descriptor_;
  std::string buffer_;
};

}  // namespace crossover::harness
