#include "harness/simulation/simulate.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

namespace crossover::harness {
namespace {

/// FNV-1a: the same everywhere, where std::hash need not be.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::mt19937_64 randomness(std::uint64_t seed, std::uint64_t scenario, std::uint64_t repetition) {
  constexpr std::uint64_t low = 0xffffffff;  // seed_seq keeps 32 bits of each of its values
  std::seed_seq parts{seed >> 32,     seed & low,       scenario >> 32,
                      scenario & low, repetition >> 32, repetition & low};
  return std::mt19937_64(parts);
}

Record repetition_of(const Scenario& scenario, std::mt19937_64 random, const Method& method) {
  const TimingModel model = scenario.draw(random);
  Plan plan = scenario.plan;
  plan.seed = random();
  return simulate_once(std::move(plan), model, method);
}

}  // namespace

std::vector<Record> simulate(const Scenario& scenario, std::size_t repetitions, std::uint64_t seed,
                             int threads, const Method& method) {
  if (threads < 1) {
    throw std::invalid_argument("simulate: threads = " + std::to_string(threads) +
                                "; expected at least 1");
  }
  const std::uint64_t which = hash_of(scenario.name);
  std::vector<Record> records(repetitions);
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < repetitions; i = next++) {
        records[i] = repetition_of(scenario, randomness(seed, which, i), method);
      }
    } catch (...) {
      const std::scoped_lock lock(failure_mutex);
      failure = std::current_exception();
      next = repetitions;
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return records;
}

}  // namespace crossover::harness
