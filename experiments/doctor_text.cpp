#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <sstream>

#include "experiments/doctor.h"
#include "harness/duration.h"
#include "harness/results/tables.h"

namespace crossover::experiments {
namespace {

using harness::duration_text;
using harness::Json;

std::string line(const std::string& name, const std::string& value) {
  return fmt::format("  {:<14} {}\n", name, value);
}

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_null() ? otherwise : value.get<std::string>();
}

std::string caches_text(const Json& caches) {
  std::string text;
  for (const Json& cache : caches) {
    if (cache.at("type") == "Instruction") continue;
    const int shared = cache.at("shared_by");
    text += fmt::format("{}L{} {}{}", text.empty() ? "" : ", ", cache.at("level").get<int>(),
                        harness::bytes_text(cache.at("bytes").get<double>()),
                        shared > 1 ? fmt::format(" for {} CPUs", shared) : "");
  }
  return text.empty() ? "not known" : text;
}

std::string machine_text(const Json& machine) {
  const int cpus = machine.at("cpus");
  const int cores = machine.at("cores");
  std::string text = "This machine\n\n";
  const Json& model = machine.at("cpu_model");
  text +=
      line("CPU", fmt::format("{}{}, {} CPU{} on {} core{}", machine.at("cpu").get<std::string>(),
                              model.is_null() ? "" : ", " + model.get<std::string>(), cpus,
                              cpus == 1 ? "" : "s", cores, cores == 1 ? "" : "s"));
  text +=
      line("instructions",
           fmt::format("{}", fmt::join(machine.at("isa").get<std::vector<std::string>>(), ", ")));
  text += line("caches", caches_text(machine.at("caches")));
  text += line("memory", fmt::format("{}, huge pages {}",
                                     harness::bytes_text(machine.at("memory_bytes").get<double>()),
                                     text_or(machine.at("huge_pages"), "not known")));
  text += line("governor", text_or(machine.at("governor"), "the system does not tell"));
  text += line("hypervisor", text_or(machine.at("hypervisor"), "none seen"));
  text += line("counters", machine.at("no_counters").is_null()
                               ? "can be read"
                               : machine.at("no_counters").get<std::string>());
  return text + line("system", machine.at("kernel").get<std::string>()) + "\n";
}

/// The table with one empty line after it.
std::string section_text(const harness::Table& table) {
  std::string text = harness::as_text(table);
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n\n";
}

std::string threads_text(int threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

/// "118 GFLOP/s", with the worst launch where that is much lower.
std::string rate_text(const Json& entry, const char* member, const char* unit) {
  const double rate = entry.at(member);
  const double worst = entry.at("lowest_launch");
  constexpr double much_lower = 0.9;
  std::string text = fmt::format("{:.4g} {}", rate * 1e-9, unit);
  if (worst < much_lower * rate) text += fmt::format(" (worst {:.3g})", worst * 1e-9);
  return text;
}

struct Probe {
  const char* variant;
  const char* name;
  const char* member;
  const char* unit;
};

constexpr Probe probes[] = {{"fma_f32", "f32 multiply-adds", "flops_per_second", "GFLOP/s"},
                            {"int8_dot", "8-bit dot products", "flops_per_second", "GOP/s"},
                            {"stream_read", "memory reads", "bytes_per_second", "GB/s"}};

/// One row per probe and code path, one column per thread count.
std::string ceilings_text(const Json& ceilings) {
  using Row = std::map<int, std::string>;  // by threads
  std::set<int> counts;
  std::vector<std::pair<std::pair<std::string, std::string>, Row>> rows;
  std::size_t launches = 0;
  for (const Probe& probe : probes) {
    if (!ceilings.contains(probe.variant)) continue;
    for (const Json& entry : ceilings.at(probe.variant)) {
      const std::pair key{std::string(probe.name), text_or(entry.at("code_path"), "")};
      const auto found =
          std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == key; });
      Row& row = found == rows.end() ? rows.emplace_back(key, Row{}).second : found->second;
      row[entry.at("threads")] = rate_text(entry, probe.member, probe.unit);
      counts.insert(entry.at("threads").get<int>());
      launches = std::max(launches, entry.at("launches").get<std::size_t>());
    }
  }
  harness::Table table;
  table.title = fmt::format("Ceilings (best of {} launches)", launches);
  table.columns = {"", "code"};
  for (const int threads : counts) table.columns.push_back(threads_text(threads));
  for (const auto& [key, row] : rows) {
    table.rows.push_back({key.first, key.second});
    for (const int threads : counts) {
      table.rows.back().push_back(row.contains(threads) ? row.at(threads) : "-");
    }
  }
  return section_text(table);
}

/// One line per fit, and one for all that were refused for the same reason.
std::vector<std::string> fit_notes(const Json& fits) {
  std::vector<std::string> notes;
  for (const Json& fit : fits) {
    std::string note = fit.at("reason").is_null()
                           ? fmt::format("o(p) with {} waiting = {} + {} * p",
                                         fit.at("waiting").get<std::string>(),
                                         duration_text(fit.at("fixed_seconds")),
                                         duration_text(fit.at("seconds_per_thread")))
                           : "Not fitted: " + fit.at("reason").get<std::string>();
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
  return notes;
}

std::string fork_join_text(const Json& report) {
  const Json regions = report.at("ceilings").value("parallel_region", Json::array());
  if (regions.empty()) return "";
  std::set<int> counts;
  std::map<std::string, std::map<int, std::string>> rows;  // by waiting policy, threads
  for (const Json& region : regions) {
    counts.insert(region.at("threads").get<int>());
    rows[region.at("team").at("env.OMP_WAIT_POLICY")][region.at("threads")] = fmt::format(
        "{} ({} to {})", duration_text(region.at("seconds")),
        duration_text(region.at("fastest_launch")), duration_text(region.at("slowest_launch")));
  }
  harness::Table table;
  table.title = "One empty parallel region (median over launches, and their range)";
  table.columns = {"waiting"};
  for (const int threads : counts) table.columns.push_back(threads_text(threads));
  for (const auto& [policy, row] : rows) {
    table.rows.push_back({policy});
    for (const int threads : counts) table.rows.back().push_back(row.at(threads));
  }
  table.notes = fit_notes(report.at("fork_join"));
  return section_text(table);
}

std::string harness_text(const Json& harness) {
  if (harness.at("seconds_per_call").is_null()) return "";
  std::string text = fmt::format("The harness itself\n\n  {} per call",
                                 duration_text(harness.at("seconds_per_call")));
  if (!harness.at("seconds_per_sample").is_null()) {
    const double sample = harness.at("seconds_per_sample");
    constexpr double usual_sample = 1e-3;
    text += fmt::format(", {} per sample ({:.2g}% of one that lasts 1 ms)", duration_text(sample),
                        100 * sample / usual_sample);
  }
  return text + "\n\n";
}

std::string noise_text(const Json& noise) {
  if (noise.is_null() || noise.at("cells").empty()) return "";
  std::vector<Json> problems;
  for (const Json& cell : noise.at("cells")) problems.push_back(cell.at("problem"));
  const harness::ProblemColumns columns(problems);
  harness::Table table;
  table.title = fmt::format("Noise floor: {} against itself",
                            noise.at("cells").front().at("variant").get<std::string>());
  table.columns = columns.names;
  table.columns.insert(table.columns.end(),
                       {"ratio [95%]", "sd of launches", "set aside", "launches"});
  for (const Json& cell : noise.at("cells")) {
    table.rows.push_back(columns.values(cell.at("problem")));
    const Json& ci = cell.at("ci95");
    const Json& sd = cell.at("launch_sd");
    const std::string interval =
        ci.is_null() ? ""
                     : fmt::format(" [{:.4f}, {:.4f}]", ci[0].get<double>(), ci[1].get<double>());
    table.rows.back().insert(table.rows.back().end(),
                             {fmt::format("{:.4f}{}", cell.at("ratio").get<double>(), interval),
                              sd.is_null() ? "" : fmt::format("{:.2g}%", 100 * sd.get<double>()),
                              fmt::format("{:.0f}%", 100 * cell.at("discarded").get<double>()),
                              fmt::format("{}", cell.at("launches").get<int>())});
  }
  if (!noise.at("detectable_ratio").is_null()) {
    table.notes.push_back(fmt::format(
        "A comparison of {} launches finds a difference of {:.2g}% in 9 of 10 cases.",
        noise.at("launches").get<int>(), 100 * (noise.at("detectable_ratio").get<double>() - 1)));
  }
  return section_text(table);
}

/// Breaks lines between words; every line after the first is indented.
std::string wrapped(const std::string& text, std::size_t indentation) {
  constexpr std::size_t width = 96;
  std::string result;
  std::size_t column = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column > 0 && indentation + column + 1 + word.size() > width) {
      result += "\n" + std::string(indentation, ' ');
      column = 0;
    } else if (column > 0) {
      result += " ";
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string warnings_text(const Json& warnings) {
  if (warnings.empty()) return "Nothing was found that would spoil measurements here.\n";
  std::string text = "What spoils measurements here\n\n";
  for (const Json& warning : warnings) {
    constexpr std::size_t indentation = 4;
    text +=
        fmt::format("  - {}\n    {}\n", wrapped(warning.at("what").get<std::string>(), indentation),
                    wrapped("Remedy: " + warning.at("remedy").get<std::string>(), indentation));
  }
  return text;
}

}  // namespace

std::string doctor_text(const Json& report) {
  return machine_text(report.at("machine")) + ceilings_text(report.at("ceilings")) +
         fork_join_text(report) + harness_text(report.at("harness")) +
         noise_text(report.at("noise")) + warnings_text(report.at("warnings"));
}

}  // namespace crossover::experiments
