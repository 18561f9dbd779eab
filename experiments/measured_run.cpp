#include "experiments/measured_run.h"

#include <algorithm>
#include <fmt/format.h>

#include "build_info.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "experiments/probe_cases.h"
#include "git_version.h"
#include "harness/results/manifest.h"
#include "harness/results/summary.h"
#include "harness/results/summary_files.h"
#include "harness/worker/cpu_time.h"
#include "harness/worker/pinning.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {
namespace {

using harness::Json;

harness::BuildInfo build_info() {
  harness::BuildInfo info{program_version, git_version, build_compiler, build_flags, {}};
  for (const LibraryVersion& library : library_versions) {
    info.libraries.emplace_back(library.name, library.version);
  }
  return info;
}

/// Workers may use most of what is free; the rest is for the system and this process.
double usable_bytes(const harness::Machine& machine) {
  constexpr double usable_share = 0.8;
  return usable_share * machine.available_bytes;
}

void require_same(const char* what, const Json& stored, const Json& here,
                  const std::filesystem::path& run) {
  if (stored == here) return;
  throw harness::StorageError(fmt::format("{} cannot be resumed here: its {} is {}, here it is {}",
                                          run.string(), what, stored.dump(), here.dump()));
}

/// Throws Json::exception where the manifest lacks something.
void require_same_place(const harness::StoredRun& stored, const harness::Machine& here) {
  if (stored.manifest.contains("builds")) {
    throw harness::StorageError(stored.path.string() +
                                " compares two programs, and only one of them could go on with it; "
                                "measure again with crossover compare --live");
  }
  const Json& machine = stored.manifest.at("machine");
  require_same("CPU", machine.at("cpu"), here.cpu, stored.path);
  if (machine.contains("cpu_model")) {
    require_same("CPU model", machine.at("cpu_model"), harness::nullable(here.cpu_model),
                 stored.path);
  }
  require_same("number of CPUs", machine.at("cores"), here.cores, stored.path);
  require_same("build", stored.manifest.at("git"), git_version, stored.path);
}

harness::Plan plan_to_resume(const harness::StoredRun& stored, const harness::Machine& here) {
  try {
    require_same_place(stored, here);
    return harness::plan_from(stored);
  } catch (const Json::exception& error) {
    throw harness::damaged_manifest(stored.path, error);
  }
}

bool any_bad(const Json& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const Json& cell) {
    return cell.at("status") == "failed" || cell.at("status") == "wrong";
  });
}

}  // namespace

MeasuredRun::MeasuredRun(harness::Plan plan, const std::string& out, const Arguments& command_line)
    : MeasuredRun(std::move(plan), out, command_line, {place}) {}

MeasuredRun::MeasuredRun(harness::Plan plan, const std::string& out, const Arguments& command_line,
                         const Ways& ways)
    : place_(ways.place),
      machine_(harness::read_machine()),
      plan_(std::move(plan)),
      directory_(out, plan_.experiment, machine_.hostname),
      manifest_(harness::make_manifest(plan_, machine_, build_info(), command_line,
                                       kernels::instruction_sets(), place_)),
      host_({"/proc/self/exe", "worker"}, place_),
      recorder_(plan_, &directory_, [this] { save_manifest(); }),
      runner_(plan_, {host_, recorder_, monotonic_seconds, usable_bytes(machine_), families(),
                      harness::model_machine(machine_), ways.wanted}) {
  try {
    save_manifest();
  } catch (const harness::StorageError&) {
    std::error_code ignored;  // a directory without a manifest is of no use to anybody
    std::filesystem::remove_all(path(), ignored);
    throw;
  }
}

MeasuredRun::MeasuredRun(harness::StoredRun stored)
    : place_(place),
      machine_(harness::read_machine()),
      plan_(plan_to_resume(stored, machine_)),
      directory_(stored.path),
      manifest_(std::move(stored.manifest)),
      host_({"/proc/self/exe", "worker"}, place_),
      recorder_(plan_, &directory_, [this] { save_manifest(); }),
      runner_(plan_, {host_, recorder_, monotonic_seconds, usable_bytes(machine_), families(),
                      harness::model_machine(machine_)}) {
  runner_.resume(std::move(stored.evidence), std::move(stored.elapsed_seconds));
  manifest_["state"] = "running";
  manifest_["resumed"].push_back(harness::utc_now());
  try {
    for (const std::size_t section : stored.unfinished) {
      directory_.append({{"row", "discarded"}, {"section", section}});
    }
    directory_.flush();
    save_manifest();
  } catch (const harness::StorageError& error) {
    give_up(error);
  }
}

/// Where this process disturbs no arm, if there is such a place.
std::vector<int> MeasuredRun::coordinator_cpus() const {
  std::vector<harness::Placement> placements;
  for (const harness::SectionPlan& section : plan_.sections) {
    for (const harness::Arm& arm : section.arms) placements.push_back(place_(arm));
  }
  return harness::spare_cpus(harness::allowed_cpus(), placements);
}

int MeasuredRun::measure() {
  const std::vector<int> spare = coordinator_cpus();
  manifest_["coordinator_cpus"] = spare.empty() ? Json(nullptr) : Json(spare);
  const harness::OwnAffinity affinity(spare);
  int status = exit_done;
  try {
    save_manifest();
    try {
      measure_sections();
    } catch (const harness::Interrupted&) {
      status = exit_interrupted;
    }
    recorder_.on_flush();
    finish(status == exit_interrupted ? "interrupted" : "done");
  } catch (const harness::StorageError& error) {
    give_up(error);
  }
  const bool bad = recorder_.bad_cells() > 0 || any_bad(summary_.at("cells"));
  if (status == exit_done && bad) status = exit_cells_failed;
  return status;
}

void MeasuredRun::measure_sections() {
  std::size_t first = 0;
  while (first < plan_.sections.size() && harness::measures_machine(plan_.sections[first].name)) {
    runner_.check(first++);
  }
  const auto launch_ceilings = [&](bool bandwidth) {
    for (std::size_t section = 0; section < first; ++section) {
      if (!bandwidth && plan_.sections[section].name == harness::bandwidth_section) continue;
      runner_.launch(section, launches_per_ceiling);
    }
  };
  for (std::size_t section = first; section < plan_.sections.size(); ++section) {
    launch_ceilings(section == first);
    runner_.check(section);
    runner_.measure(section);
  }
  launch_ceilings(true);
}

void MeasuredRun::finish(const std::string& state) {
  const harness::Isolation isolation = host_.isolation();
  const Json counted = manifest_.at("isolation");  // by earlier processes of this run as well
  manifest_["isolation"] = {
      {"turns", counted.at("turns").get<std::int64_t>() + isolation.turns},
      {"others_ran", counted.at("others_ran").get<std::int64_t>() + isolation.others_ran}};
  manifest_["state"] = state;
  manifest_["finished"] = harness::utc_now();
  summary_ = harness::summarise(manifest_, runner_.evidence());
  manifest_["ceilings"] = summary_.at("ceilings");
  tables_ = harness::write_summary(path(), summary_);
  save_manifest();  // last: what says that it is done has all of its files
}

/// Says how to go on after a write that failed. A comparison of two programs cannot be resumed.
void MeasuredRun::give_up(const harness::StorageError& error) const {
  const std::string advice =
      manifest_.contains("builds")
          ? "when there is room, measure again"
          : "when there is room, go on with: crossover run --resume " + path().string();
  throw harness::StorageError(
      fmt::format("{}\nWhat was measured until then is readable; {}", error.what(), advice));
}

/// The plan may have grown since.
void MeasuredRun::save_manifest() {
  manifest_["sections"] = harness::sections_json(plan_.sections, place_);
  directory_.write("manifest.json", harness::text_of(manifest_, 1) + "\n");
}

}  // namespace crossover::experiments
