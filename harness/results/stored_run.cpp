#include "harness/results/stored_run.h"

#include <fmt/format.h>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

void read_row(const Json& row, StoredRun& run) {
  const std::string kind = row.at("row");
  if (kind == "header") return;
  const std::size_t section = row.at("section");
  Evidence& evidence = run.evidence.at(section);
  if (kind == "closed") {
    evidence.close();
    run.elapsed_seconds[section] = row.at("elapsed_seconds");
    return;
  }
  if (kind == "discarded") {
    evidence.discard_open();
    return;
  }
  const std::size_t arm = row.at("arm");
  const std::size_t problem = row.at("problem");
  const SectionPlan& plan = run.sections[section];
  if (arm >= plan.arms.size() || problem >= plan.problems.size()) {
    throw StorageError(fmt::format("arm {}, problem {} of section {}: not in the manifest", arm,
                                   problem, section));
  }
  if (kind == "cell") evidence.set_facts(arm, problem, cell_facts_from(row));
  if (kind == "sample") evidence.add(arm, problem, sample_from(row));
}

std::vector<SectionPlan> read_sections(const std::filesystem::path& path, const Json& manifest) {
  try {
    return sections_from(manifest);
  } catch (const std::exception& error) {
    throw StorageError(fmt::format("{}: {}", (path / "manifest.json").string(), error.what()));
  }
}

}  // namespace

StoredRun read_run(const std::filesystem::path& path, Unfinished unfinished, const PairsOf& pairs) {
  StoredRun run;
  run.path = path;
  run.manifest = read_manifest(path);
  run.sections = read_sections(path, run.manifest);
  run.elapsed_seconds.resize(run.sections.size(), 0);
  for (const SectionPlan& section : run.sections) run.evidence.emplace_back(pairs(section));
  for_each_row(path, [&](const Json& row) { read_row(row, run); });
  for (std::size_t section = 0; section < run.evidence.size(); ++section) {
    Evidence& evidence = run.evidence[section];
    if (evidence.is_open()) run.unfinished.push_back(section);
    if (unfinished == Unfinished::discard) evidence.discard_open();
    evidence.close();
  }
  return run;
}

Plan plan_from(const StoredRun& run) {
  Plan plan;
  plan.experiment = run.manifest.at("experiment");
  plan.source = run.manifest.at("config_path");
  plan.config = run.manifest.at("config");
  for (const auto& [key, value] : run.manifest.at("overrides").items()) {
    plan.overrides.emplace_back(key, value);
  }
  plan.seed = run.manifest.at("seed");
  plan.sections = run.sections;
  plan.warnings = run.manifest.at("warnings").get<std::vector<std::string>>();
  return plan;
}

}  // namespace crossover::harness
