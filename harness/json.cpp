#include "harness/json.h"

namespace crossover::harness {

Json to_json(const Problem& problem) {
  Json object = Json::object();
  for (const auto& [name, extent] : problem) object[name] = extent;
  return object;
}

Problem problem_from(const Json& object) {
  Problem problem;
  for (const auto& [name, extent] : object.items()) problem.emplace_back(name, extent);
  return problem;
}

Json to_json(const Settings& settings) {
  Json object = Json::object();
  for (const auto& [key, value] : settings) object[key] = value;
  return object;
}

Settings settings_from(const Json& object) {
  Settings settings;
  for (const auto& [key, value] : object.items()) settings[key] = value;
  return settings;
}

Json to_json(const CellFacts& facts) {
  const ExecutionCounts& execution = facts.counts.execution;
  const bool measured = facts.status == Status::measured;
  Json work{{"flops", facts.work.flops}, {"bytes", facts.work.bytes}};
  if (!facts.work.items.empty()) work["items"] = facts.work.items;
  Json row = {{"status", to_string(facts.status)},
              {"reason", nullable(facts.reason)},
              {"iterations", measured ? Json(facts.iterations) : Json(nullptr)},
              {"call_seconds", nullable(facts.call_seconds)},
              {"prepare_seconds", nullable(facts.prepare_seconds)},
              {"setup_seconds", nullable(facts.setup_seconds)},
              {"work", measured ? work : Json(nullptr)},
              {"counters",
               {{"parallel_regions", nullable(execution.parallel_regions)},
                {"tasks", nullable(execution.tasks)},
                {"threads_used", nullable(execution.threads_used)},
                {"code_path", nullable(execution.code_path)},
                {"threads_started", nullable(execution.threads_started)},
                {"allocations", nullable(facts.counts.allocations)},
                {"allocated_bytes", nullable(facts.counts.allocated_bytes)}}}};
  if (!facts.details.empty()) row["details"] = facts.details;
  return row;
}

CellFacts cell_facts_from(const Json& row) {
  CellFacts facts;
  facts.status = status_from(row.at("status"));
  facts.reason = optional_from<std::string>(row, "reason");
  facts.iterations = optional_from<std::int64_t>(row, "iterations").value_or(0);
  facts.call_seconds = optional_from<double>(row, "call_seconds");
  facts.prepare_seconds = optional_from<double>(row, "prepare_seconds");
  facts.setup_seconds = optional_from<double>(row, "setup_seconds");
  if (const Json& work = row.at("work"); !work.is_null()) {
    facts.work = {work.at("flops"), work.at("bytes"),
                  work.value("items", std::map<std::string, double>())};
  }
  const Json& counters = row.at("counters");
  facts.counts.execution = {optional_from<std::uint64_t>(counters, "parallel_regions"),
                            optional_from<std::uint64_t>(counters, "tasks"),
                            optional_from<std::uint64_t>(counters, "threads_used"),
                            optional_from<std::string>(counters, "code_path"),
                            optional_from<std::uint64_t>(counters, "threads_started")};
  facts.counts.allocations = optional_from<std::uint64_t>(counters, "allocations");
  facts.counts.allocated_bytes = optional_from<std::uint64_t>(counters, "allocated_bytes");
  facts.details = row.value("details", facts.details);
  return facts;
}

Json to_json(const Sample& sample) {
  return {{"launch", sample.launch},
          {"block", sample.block},
          {"place", sample.place},
          {"iterations", sample.iterations},
          {"seconds", sample.seconds},
          {"cpu_seconds", sample.cpu_seconds},
          {"voluntary_switches", sample.voluntary_switches},
          {"involuntary_switches", sample.involuntary_switches},
          {"steal_seconds", nullable(sample.steal_seconds)},
          {"foreign_seconds", nullable(sample.foreign_seconds)},
          {"others_ran", sample.others_ran},
          {"cycles", nullable(sample.cycles)},
          {"instructions", nullable(sample.instructions)},
          {"cache_misses", nullable(sample.cache_misses)}};
}

Sample sample_from(const Json& row) {
  return {row.at("launch"),
          row.at("block"),
          row.at("place"),
          row.at("iterations"),
          row.at("seconds"),
          row.at("cpu_seconds"),
          row.at("voluntary_switches"),
          row.at("involuntary_switches"),
          optional_from<double>(row, "steal_seconds"),
          optional_from<double>(row, "foreign_seconds"),
          row.at("others_ran"),
          optional_from<std::int64_t>(row, "cycles"),
          optional_from<std::int64_t>(row, "instructions"),
          optional_from<std::int64_t>(row, "cache_misses")};
}

}  // namespace crossover::harness
