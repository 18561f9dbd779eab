#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "harness/cell.h"
#include "harness/results/evidence.h"

namespace crossover::harness {

/// A worker that crashed, hung or broke the protocol. It is dead; the message says what happened.
class WorkerFailure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user asked to stop (SIGINT or SIGTERM) while a worker was busy.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// What prepare() does beyond building the case.
struct PrepareOptions {
  bool check = false;  // verify, calibrate `iterations`, count what executes
  double min_sample_seconds = 1e-3;
};

/// One process with one arm's settings, measuring one cell at a time when it is told to. All calls
/// throw WorkerFailure after `timeout` seconds without an answer, and Interrupted.
class Worker {
 public:
  virtual ~Worker() = default;

  /// Builds the cell's case, calls it once and pins the threads that it started. The facts say
  /// whether it can be measured; `wrong`, `unsupported` and `failed` are answers, not failures of
  /// the worker.
  virtual CellFacts prepare(const Cell& cell, const PrepareOptions& options, double timeout) = 0;

  /// Times `iterations` calls of the prepared case after at least `warm_up_seconds` of the same
  /// work (0: none). Fills everything but launch, block and place.
  virtual Sample sample(std::int64_t iterations, double warm_up_seconds, double timeout) = 0;

  /// Frees the case's memory.
  virtual void release(double timeout) = 0;
};

/// How often one worker was continued while all others were stopped, and how often that failed.
struct Isolation {
  std::int64_t turns = 0;
  std::int64_t others_ran = 0;
};

/// Where workers come from: processes in a real run, a simulation in tests.
class WorkerHost {
 public:
  virtual ~WorkerHost() = default;
  virtual std::unique_ptr<Worker> start(const Arm& arm) = 0;
  virtual Isolation isolation() const { return {}; }
};

}  // namespace crossover::harness
