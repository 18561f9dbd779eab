#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crossover::harness {

struct Cache {
  int level = 0;
  std::string type;  // Data, Instruction, Unified
  std::int64_t bytes = 0;
  int shared_by = 1;  // CPUs
};

/// What is known of this machine from /proc and /sys; null where the kernel does not tell.
struct Machine {
  std::string cpu;                       // model name, which virtual machines make up
  std::optional<std::string> cpu_model;  // what the CPU itself says: "family 26 model 2"
  int cores = 1;           // CPUs that this process may use, hardware threads included
  int physical_cores = 1;  // of which those are the hardware threads
  std::optional<bool> smt;
  std::vector<Cache> caches;  // of the first CPU
  double memory_bytes = 0;
  double available_bytes = 0;
  std::optional<std::string> governor;
  std::optional<std::string> hypervisor;
  std::string kernel;
  std::string hostname;
  std::vector<int> cpus;  // allowed CPUs in the order in which arms occupy them

  /// "AMD EPYC, family 26 model 2 (2 CPUs)"
  std::string name() const;
};

Machine read_machine();

/// Without its end; nullopt where there is none that can be read.
std::optional<std::string> first_line(const std::filesystem::path& path);

/// The order in which an arm's threads occupy CPUs: one hardware thread per core first, and the
/// lowest core last, since that one usually serves most interrupts.
/// Each element of `siblings` lists the CPUs of one core.
std::vector<int> placement_order(std::vector<std::vector<int>> siblings);

}  // namespace crossover::harness
