#include "model/transformer/pass_profile.h"

namespace crossover::model {
namespace {

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, operations> names = {
      "lookup", "norm",    "projection", "qk_norm_rope", "attention",
      "output", "gate_up", "activation", "down",         "pooling"};
  return names[static_cast<std::size_t>(operation)];
}

PassProfile::PassProfile(int teams, int threads, std::size_t texts, std::size_t most_events)
    : teams_(static_cast<std::size_t>(teams)),
      waiting_(static_cast<std::size_t>(threads)),
      text_seconds_(texts) {
  for (Team& team : teams_) team.events.reserve(most_events);
}

void PassProfile::restart() {
  for (Team& team : teams_) {
    team.seconds = {};
    team.events.clear();
  }
  for (Waiting& waiting : waiting_) waiting.seconds = 0;
  start_ = Clock::now();
}

void PassProfile::Team::add(Operation operation, std::int32_t text, Clock::time_point begin,
                            Clock::time_point end) {
  seconds[static_cast<std::size_t>(operation)] += seconds_between(begin, end);
  if (events.size() < events.capacity()) events.push_back({operation, text, begin, end});
}

std::vector<double> PassProfile::waiting_seconds() const {
  std::vector<double> seconds;
  for (const Waiting& waiting : waiting_) seconds.push_back(waiting.seconds);
  return seconds;
}

std::array<double, operations> PassProfile::seconds() const {
  std::array<double, operations> sum{};
  for (const Team& team : teams_) {
    for (std::size_t i = 0; i < operations; ++i) sum[i] += team.seconds[i];
  }
  return sum;
}

WaitingObserver::WaitingObserver(PassProfile& profile, int first_thread, int threads)
    : profile_(profile),
      first_thread_(first_thread),
      arrivals_(static_cast<std::size_t>(threads)) {}

void WaitingObserver::restart() { last_end_ = Clock::now(); }

void WaitingObserver::began() {
  // Since the region before, all but the calling thread had nothing to do.
  const Clock::time_point now = Clock::now();
  for (std::size_t thread = 1; thread < arrivals_.size(); ++thread) {
    profile_.add_waiting(first_thread_ + static_cast<int>(thread), seconds_between(last_end_, now));
  }
  // Threads that take no part wait from here on.
  for (Arrival& arrival : arrivals_) arrival.time = now;
}

void WaitingObserver::arrived(int thread) {
  arrivals_[static_cast<std::size_t>(thread)].time = Clock::now();
}

void WaitingObserver::ended() {
  last_end_ = Clock::now();
  for (std::size_t thread = 0; thread < arrivals_.size(); ++thread) {
    profile_.add_waiting(first_thread_ + static_cast<int>(thread),
                         seconds_between(arrivals_[thread].time, last_end_));
  }
}

}  // namespace crossover::model
