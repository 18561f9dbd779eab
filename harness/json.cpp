#include "harness/json.h"

#include "harness/names.h"
#include "harness/plan/limits.h"
#include "harness/stored_cell.h"

namespace crossover::harness {
namespace {

std::optional<std::int64_t> count_at(const StoredValue& object, const char* key) {
  return optional_at(object, key, [](const StoredValue& value) { return value.count(); });
}

std::optional<std::uint64_t> unsigned_at(const StoredValue& object, const char* key) {
  const auto count = count_at(object, key);
  return count ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
}

std::optional<double> seconds_at(const StoredValue& object, const char* key) {
  return optional_at(object, key, [](const StoredValue& value) { return value.not_negative(); });
}

std::optional<std::string> text_at(const StoredValue& object, const char* key) {
  return optional_at(object, key, [](const StoredValue& value) { return value.text(); });
}

std::map<std::string, double> numbers_at(const StoredValue& object, const char* key) {
  std::map<std::string, double> numbers;
  if (!object.has(key)) return numbers;
  for (const auto& [name, value] : object.at(key).members()) numbers[name] = value.finite();
  return numbers;
}

Status status_at(const StoredValue& row) {
  const StoredValue value = row.at("status");
  const std::string name = value.text();
  try {
    return status_from(name);
  } catch (const std::invalid_argument&) {
    value.refuse("measured, unsupported, wrong, failed or skipped");
  }
}

Work work_from(const StoredValue& value) {
  if (value.is_null()) return {};
  return {value.at("flops").not_negative(), value.at("bytes").not_negative(),
          numbers_at(value, "items")};
}

CallCounts counts_from(const StoredValue& counters) {
  CallCounts counts;
  counts.execution = {unsigned_at(counters, "parallel_regions"), unsigned_at(counters, "tasks"),
                      unsigned_at(counters, "threads_used"), text_at(counters, "code_path"),
                      unsigned_at(counters, "threads_started")};
  counts.allocations = unsigned_at(counters, "allocations");
  counts.allocated_bytes = unsigned_at(counters, "allocated_bytes");
  return counts;
}

}  // namespace

Json to_json(const Problem& problem) {
  Json object = Json::object();
  for (const auto& [name, extent] : problem) object[name] = extent;
  return object;
}

Problem problem_from(const Json& object) { return problem_from(StoredValue(object)); }

Problem problem_from(const StoredValue& object) {
  Problem problem;
  for (const auto& [name, extent] : object.members()) {
    // Names become columns of tables and of databases.
    if (!is_name(name, "_")) object.refuse("names of extents that are letters, digits and _");
    problem.emplace_back(name, extent.whole(0, most_extent));
  }
  return problem;
}

Json to_json(const Settings& settings) {
  Json object = Json::object();
  for (const auto& [key, value] : settings) object[key] = value;
  return object;
}

Settings settings_from(const Json& object) { return settings_from(StoredValue(object)); }

Settings settings_from(const StoredValue& object) {
  Settings settings;
  for (const auto& [key, value] : object.members()) settings[key] = value.text();
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

CellFacts outcome_from(const StoredValue& row) {
  CellFacts facts;
  facts.status = status_at(row);
  facts.reason = text_at(row, "reason");
  return facts;
}

CellFacts cell_facts_from(const Json& object) {
  const StoredValue row(object);
  CellFacts facts = outcome_from(row);
  // A cell that failed after it was measured keeps what was found before.
  if (facts.status == Status::measured) {
    facts.iterations = row.at("iterations").whole(1, INT64_MAX);
    facts.call_seconds = row.at("call_seconds").positive();
  } else {
    facts.iterations = count_at(row, "iterations").value_or(0);
    facts.call_seconds = seconds_at(row, "call_seconds");
  }
  facts.prepare_seconds = seconds_at(row, "prepare_seconds");
  facts.setup_seconds = seconds_at(row, "setup_seconds");
  facts.work = work_from(row.at("work"));
  facts.counts = counts_from(row.at("counters"));
  facts.details = numbers_at(row, "details");
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

Sample sample_from(const Json& object) {
  const StoredValue row(object);
  // Time stolen is a difference of counters of the kernel, which have been seen to go backwards.
  const auto taken = [&](const char* key) {
    return optional_at(row, key, [](const StoredValue& value) { return value.finite(); });
  };
  return {row.at("launch").small(0),
          row.at("block").small(0),
          row.at("place").small(0),
          row.at("iterations").whole(1, INT64_MAX),
          row.at("seconds").positive(),
          row.at("cpu_seconds").not_negative(),
          row.at("voluntary_switches").count(),
          row.at("involuntary_switches").count(),
          taken("steal_seconds"),
          taken("foreign_seconds"),
          row.at("others_ran").truth(),
          count_at(row, "cycles"),
          count_at(row, "instructions"),
          count_at(row, "cache_misses")};
}

}  // namespace crossover::harness
