#include "harness/results/stored_run.h"

#include <stdexcept>

#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/sample_rows.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

/// Puts what a row says where it belongs.
struct Reader {
  StoredRun& run;

  void operator()(const HeaderRow&) const {}
  void operator()(CellRow& row) const {
    run.evidence[row.section].set_facts(row.arm, row.problem, std::move(row.facts));
  }
  void operator()(const SampleRow& row) const {
    Evidence& evidence = run.evidence[row.section];
    if (evidence.facts(row.arm, row.problem) == nullptr) {
      throw std::invalid_argument("a sample of a cell without a row of its own before it");
    }
    evidence.add(row.arm, row.problem, row.sample);
  }
  void operator()(const ClosedRow& row) const {
    run.evidence[row.section].close();
    run.elapsed_seconds[row.section] = row.elapsed_seconds;
  }
  void operator()(const DiscardedRow& row) const { run.evidence[row.section].discard_open(); }
};

std::uint64_t seed(const StoredValue& value) {
  if (!value.json().is_number_unsigned()) value.refuse("a whole number, 0 or more");
  return value.json().get<std::uint64_t>();
}

/// All of a plan but its sections.
Plan plan_from(const StoredValue& manifest) {
  Plan plan;
  plan.experiment = manifest.at("experiment").text();
  plan.source = manifest.at("config_path").text();
  plan.config = manifest.at("config").text();
  for (const auto& [key, value] : manifest.at("overrides").members()) {
    plan.overrides.emplace_back(key, value.text());
  }
  plan.seed = seed(manifest.at("seed"));
  for (const StoredValue& warning : manifest.at("warnings").elements()) {
    plan.warnings.push_back(warning.text());
  }
  return plan;
}

}  // namespace

StoredRun read_run(const std::filesystem::path& path, Unfinished unfinished, const PairsOf& pairs) {
  StoredRun run;
  run.path = path;
  run.manifest = read_manifest(path);
  run.sections = read_sections(path, run.manifest);
  run.elapsed_seconds.resize(run.sections.size(), 0);
  for (const SectionPlan& section : run.sections) run.evidence.emplace_back(pairs(section));
  for_each_row(path, [&](const Json& json) {
    StoredRow row = stored_row_from(json, run.sections);
    std::visit(Reader{run}, row);
  });
  for (std::size_t section = 0; section < run.evidence.size(); ++section) {
    Evidence& evidence = run.evidence[section];
    if (evidence.is_open()) run.unfinished.push_back(section);
    if (unfinished == Unfinished::discard) evidence.discard_open();
    evidence.close();
  }
  return run;
}

Plan plan_from(const StoredRun& run) {
  try {
    Plan plan = plan_from(StoredValue(run.manifest));
    plan.sections = run.sections;
    return plan;
  } catch (const std::invalid_argument& error) {
    throw damaged_manifest(run.path, error);
  }
}

}  // namespace crossover::harness
