#include <cmath>
#include <fmt/format.h>
#include <map>
#include <numeric>

#include "harness/results/export.h"
#include "harness/results/export_plan.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

constexpr double nanoseconds_per_second = 1e9;

/// One launch of one cell: medians over its samples, per call.
struct Launch {
  double real_ns = 0;
  double cpu_ns = 0;
  std::int64_t iterations = 0;  // calls of all samples
};

/// The launches of one cell; only the samples of the one that is being read are held.
class CellLaunches {
 public:
  void add(const Sample& sample) {
    if (!real_ns_.empty() && sample.launch != current_) close();
    current_ = sample.launch;
    const auto calls = static_cast<double>(sample.iterations);
    real_ns_.push_back(sample.seconds * nanoseconds_per_second);
    cpu_ns_.push_back(sample.cpu_seconds / calls * nanoseconds_per_second);
    iterations_ += sample.iterations;
  }

  void close() {
    if (real_ns_.empty()) return;
    launches_.push_back({median(real_ns_), median(cpu_ns_), iterations_});
    real_ns_.clear();
    cpu_ns_.clear();
    iterations_ = 0;
  }

  const std::vector<Launch>& launches() const { return launches_; }

 private:
  int current_ = 0;
  std::vector<double> real_ns_;
  std::vector<double> cpu_ns_;
  std::int64_t iterations_ = 0;
  std::vector<Launch> launches_;
};

struct CellTimes {
  CellFacts facts;
  CellLaunches launches;
};

/// "table/simd_parallel[threads=2]/batch:1/m:64/n:64/k:64"
std::string benchmark_name(const ExportPlan& plan, const CellIndex& cell) {
  const Arm& arm = plan.arm(cell);
  std::vector<std::string> keys;
  for (const auto& [key, value] : arm.settings) {
    // Nothing set is not part of a name: a run of another version may not know the setting. But
    // the usual value of pin is to pin.
    const bool nothing_set = value == "auto" || (value == "none" && key != "pin");
    if (!nothing_set) keys.push_back(key);
  }
  std::string name = plan.section(cell).name + "/" + label(arm, keys);
  for (const auto& [extent, value] : plan.problem(cell)) {
    name += fmt::format("/{}:{}", extent, value);
  }
  return name;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double coefficient_of_variation(const std::vector<double>& values) {
  return standard_deviation(values) / mean(values);
}

double median_of(const std::vector<double>& values) { return median(values); }

struct Aggregate {
  const char* name;
  const char* unit;
  double (*of)(const std::vector<double>&);
};

// What Google Benchmark computes of repetitions.
constexpr std::array<Aggregate, 4> aggregates{{{"mean", "time", mean},
                                               {"median", "time", median_of},
                                               {"stddev", "time", standard_deviation},
                                               {"cv", "percentage", coefficient_of_variation}}};

/// The entries of one cell.
class Entries {
 public:
  Entries(const ExportPlan& plan, const CellIndex& cell, const std::vector<Launch>& launches)
      : name_(benchmark_name(plan, cell)), launches_(launches) {
    head_ = {{"run_name", name_},
             {"run_type", ""},
             {"repetitions", launches.size()},
             {"threads", threads_of(plan.arm(cell))}};
    std::size_t family = cell[1];
    for (std::size_t section = 0; section < cell[0]; ++section) {
      family += plan.sections[section].arms.size();
    }
    indices_ = {{"family_index", family}, {"per_family_instance_index", cell[2]}};
  }

  Json repetition(std::size_t index) const {
    const Launch& launch = launches_[index];
    Json entry = begin("", "iteration");
    entry["repetition_index"] = index;
    entry.update({{"iterations", launch.iterations},
                  {"real_time", launch.real_ns},
                  {"cpu_time", launch.cpu_ns},
                  {"time_unit", "ns"}});
    return entry;
  }

  Json aggregate(const Aggregate& aggregate) const {
    std::vector<double> real;
    std::vector<double> cpu;
    for (const Launch& launch : launches_) {
      real.push_back(launch.real_ns);
      cpu.push_back(launch.cpu_ns);
    }
    Json entry = begin(std::string("_") + aggregate.name, "aggregate");
    entry.update({{"aggregate_name", aggregate.name},
                  {"aggregate_unit", aggregate.unit},
                  {"iterations", launches_.size()},
                  {"real_time", aggregate.of(real)},
                  {"cpu_time", aggregate.of(cpu)},
                  {"time_unit", "ns"}});
    return entry;
  }

 private:
  Json begin(const std::string& suffix, const char* type) const {
    Json entry{{"name", name_ + suffix}};
    entry.update(indices_);
    entry.update(head_);
    entry["run_type"] = type;
    return entry;
  }

  std::string name_;
  const std::vector<Launch>& launches_;
  Json head_;
  Json indices_;
};

Json context(const ExportPlan& plan, const std::map<CellIndex, CellTimes>& cells) {
  const Json& manifest = plan.manifest;
  const Json& machine = manifest.at("machine");
  Json caches = Json::array();
  for (const Json& cache : machine.at("caches")) {
    caches.push_back({{"type", cache.at("type")},
                      {"level", cache.at("level")},
                      {"size", cache.at("bytes")},
                      {"num_sharing", cache.at("shared_by")}});
  }
  Json not_measured = Json::array();
  for (const auto& [index, cell] : cells) {
    if (!cell.launches.launches().empty()) continue;
    not_measured.push_back({{"name", benchmark_name(plan, index)},
                            {"status", to_string(cell.facts.status)},
                            {"reason", nullable(cell.facts.reason)}});
  }
  return {{"date", manifest.at("started")},
          {"host_name", machine.at("hostname")},
          {"executable", "crossover"},
          {"num_cpus", machine.at("cores")},
          {"caches", caches},
          {"load_avg", Json::array()},
          {"cpu", machine.at("cpu")},
          {"experiment", manifest.at("experiment")},
          {"git", manifest.at("git")},
          {"state", manifest.at("state")},
          {"not_measured", not_measured}};
}

std::map<CellIndex, CellTimes> read_launches(const std::filesystem::path& run,
                                             const ExportPlan& plan) {
  std::map<CellIndex, CellTimes> cells;
  for_each_kept_row(run, plan, [&](const Json& row) {
    const Json& kind = row.at("row");
    if (kind == "cell") cells[cell_index(row)].facts = cell_facts_from(row);
    if (kind == "sample") cells[cell_index(row)].launches.add(sample_from(row));
  });
  for (auto& [index, cell] : cells) cell.launches.close();
  return cells;
}

}  // namespace

void export_gbench(const std::filesystem::path& run, std::ostream& out) {
  const ExportPlan plan = read_export_plan(run);
  const std::map<CellIndex, CellTimes> cells = read_launches(run, plan);
  out << "{\n\"context\": " << text_of(context(plan, cells), 1) << ",\n\"benchmarks\": [";
  const char* separator = "\n";
  const auto write = [&](const Json& entry) {
    out << separator << text_of(entry);
    separator = ",\n";
  };
  for (const auto& [index, cell] : cells) {
    const std::vector<Launch>& launches = cell.launches.launches();
    const Entries entries(plan, index, launches);
    for (std::size_t i = 0; i < launches.size(); ++i) write(entries.repetition(i));
    if (launches.size() < 2) continue;
    for (const Aggregate& aggregate : aggregates) write(entries.aggregate(aggregate));
  }
  out << "\n]\n}\n" << std::flush;
  if (!out) throw StorageError("cannot write the JSON: the disk is full or the reader has gone");
}

}  // namespace crossover::harness
