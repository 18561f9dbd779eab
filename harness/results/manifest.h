#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/run_directory.h"
#include "harness/worker/machine.h"
#include "harness/worker/worker_process.h"

namespace crossover::harness {

/// The section that measures the machine's ceilings; a config cannot have one of that name.
inline const std::string ceilings_section = "(ceilings)";

/// The section that measures the bandwidth of the caches, after the one above; not in every run.
inline const std::string bandwidth_section = "(bandwidth)";

/// Whether the section measures the machine and not what the config asks for.
inline bool measures_machine(const std::string& section) {
  return section == ceilings_section || section == bandwidth_section;
}

/// What is known of the program itself; injected, so that the harness does not depend on a build.
struct BuildInfo {
  std::string version;
  std::string git;
  std::string compiler;
  std::string flags;
  std::vector<std::pair<std::string, std::string>> libraries;
};

/// The manifest at the start of a run: state "running", no ceilings yet.
Json make_manifest(const Plan& plan, const Machine& machine, const BuildInfo& build,
                   const std::vector<std::string>& command_line,
                   const std::vector<std::string>& instruction_sets,
                   const ProcessHost::Place& place);

/// The member "sections" of a manifest; changes while running where brackets are sharpened.
Json sections_json(const std::vector<SectionPlan>& plans, const ProcessHost::Place& place);

/// The section plans of a manifest. Whatever they say can be relied on: indices are of something,
/// lists that belong together are as long as each other, numbers are such as a plan may have, and
/// names are fit for files. Throws std::invalid_argument("sections[1].comparisons[0].variant = 77;
/// expected a whole number in 0..3").
std::vector<SectionPlan> sections_from(const Json& manifest);

/// The same of the manifest of that run: throws StorageError, with the file.
std::vector<SectionPlan> read_sections(const std::filesystem::path& run, const Json& manifest);

/// What is thrown about the manifest of that run.
StorageError damaged_manifest(const std::filesystem::path& run, const std::exception& error);

std::string to_string(Question question);
Question question_from(const std::string& text);  // throws std::invalid_argument

}  // namespace crossover::harness
