#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/core/parallel.h"

namespace crossover::model {

/// What a pass spends its time on, as far as it can be told from outside the kernels: the products
/// of Q8_0 weights quantise their input themselves, and the variants of attention compute scores,
/// softmax and values in one go.
enum class Operation {
  lookup,        // of the tokens
  norm,          // with the residual sums
  projection,    // of queries, keys and values
  qk_norm_rope,  // norm and rotation of queries and keys
  attention,     // scores, softmax, values
  output,        // projection of the attention's result
  gate_up,       // the wide products of the feed-forward network
  activation,    // GELU, and the product with its gate
  down,          // the narrow product
  pooling,       // mean, dense layers, normalisation
};
inline constexpr std::size_t operations = 10;

std::string_view name_of(Operation operation);

using Clock = std::chrono::steady_clock;

/// A stretch of time on one thread.
struct Event {
  Operation operation = Operation::lookup;
  std::int32_t text = 0;  // the first of those that were computed
  Clock::time_point begin;
  Clock::time_point end;
};

/// Where the time of one pass over a batch went. Made before the pass, so that recording allocates
/// nothing; a pass without one reads no clock.
class PassProfile {
 public:
  /// `threads` of all teams; `most_events` per team are kept, the others are only added up.
  PassProfile(int teams, int threads, std::size_t texts, std::size_t most_events);

  void restart();

  Clock::time_point start() const { return start_; }

  /// Each team writes its own.
  struct Team {
    std::array<double, operations> seconds{};
    std::vector<Event> events;
    void add(Operation operation, std::int32_t text, Clock::time_point begin,
             Clock::time_point end);
  };
  Team& team(int number) { return teams_[static_cast<std::size_t>(number)]; }
  const std::vector<Team>& teams() const { return teams_; }

  /// Seconds in which a thread had nothing to do: at the ends of parallel regions, between them,
  /// and for want of texts. Each thread writes its own.
  void add_waiting(int thread, double seconds) {
    waiting_[static_cast<std::size_t>(thread)].seconds += seconds;
  }
  std::vector<double> waiting_seconds() const;

  /// From the first token to the embedding; of texts that were computed together, all of it.
  void set_text_seconds(std::size_t text, double seconds) { text_seconds_[text] = seconds; }
  const std::vector<double>& text_seconds() const { return text_seconds_; }

  /// Sum over all teams.
  std::array<double, operations> seconds() const;

 private:
  struct alignas(64) Waiting {
    double seconds = 0;
  };
  Clock::time_point start_;
  std::vector<Team> teams_;
  std::vector<Waiting> waiting_;
  std::vector<double> text_seconds_;
};

/// Measures how long the threads of a team wait for each other.
class WaitingObserver : public kernels::RegionObserver {
 public:
  /// Threads are numbered from `first_thread` in the profile.
  WaitingObserver(PassProfile& profile, int first_thread, int threads);

  void restart();
  void began() override;
  void arrived(int thread) override;
  void ended() override;

 private:
  struct alignas(64) Arrival {
    Clock::time_point time;
  };
  PassProfile& profile_;
  int first_thread_;
  Clock::time_point last_end_;
  std::vector<Arrival> arrivals_;
};

}  // namespace crossover::model
