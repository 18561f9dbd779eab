#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "harness/cell.h"

namespace crossover::harness {

/// How much one call does; the basis of GFLOP/s and of estimated times.
struct Work {
  double flops = 0;
  double bytes = 0;                          // compulsory traffic: every operand once
  std::map<std::string, double> items = {};  // what else a call gets done: {{"texts", 32}}
};

/// What executed during one untimed call. Missing is null, not 0: a vendor's library does not tell.
struct ExecutionCounts {
  std::optional<std::uint64_t> parallel_regions;
  std::optional<std::uint64_t> tasks;
  std::optional<std::uint64_t> threads_used;
  std::optional<std::string> code_path;
  std::optional<std::uint64_t> threads_started = {};  // that ended with the call
};

/// One cell made ready to be measured: the whole of what the harness knows of a kernel or a model.
struct Case {
  Work work;

  /// Seconds spent on what is done once (packing weights, a vendor's plan); never part of a sample.
  double prepare_seconds = 0;

  /// One call of the thing that is timed.
  std::function<void()> call;

  /// Poisons the outputs, calls once, and verifies the result on the very inputs that are timed.
  /// Nullopt when right, else the first violation with its place, value and bound.
  std::function<std::optional<std::string>()> why_wrong;

  /// One call between a reset and a reading of the execution counters.
  std::function<ExecutionCounts()> count;

  /// What one more untimed call tells about itself, by name, e.g. {{"attention_seconds", 0.01}}.
  /// May be empty.
  std::function<std::map<std::string, double>()> details = {};

  /// Called before every call and off the clock: gives back what the call before left. Its CPU time
  /// counts. May be empty.
  std::function<void()> give_back = {};
};

/// Thrown by a factory for a cell that cannot run here; becomes a row "unsupported" with its
/// reason.
class Unsupported : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Turns a cell into a case, inside the worker process. Throws Unsupported, or any std::exception,
/// which becomes a row "failed".
using CaseFactory = std::function<Case(const Cell&)>;

}  // namespace crossover::harness
