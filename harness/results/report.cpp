#include "harness/results/report.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sstream>

#include "harness/duration.h"
#include "harness/results/manifest.h"
#include "harness/results/sentence.h"
#include "harness/results/tables.h"

namespace crossover::harness {
namespace {

using Row = std::vector<std::string>;

std::string text(const Json& value) {
  if (value.is_null()) return "not known";
  return value.is_string() ? value.get<std::string>() : text_of(value);
}

/// "a=1 b=2"
std::string pairs_text(const Json& object) {
  std::string list;
  for (const auto& [key, value] : object.items()) {
    list += fmt::format("{}{}={}", list.empty() ? "" : " ", key, text(value));
  }
  return list;
}

/// The part of a figure's name that says its section: as plots/plot.py makes it.
std::string stem_of(const std::string& section) {
  std::string stem;
  for (const char character : section) {
    const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                       std::string("._-").find(character) != std::string::npos;
    if (plain) {
      stem += character;
    } else if (stem.empty() || stem.back() != '_') {
      stem += '_';
    }
  }
  return stem;
}

/// Whose figure a file is: the section of the longest name that its name begins with.
std::string section_of(const std::filesystem::path& figure, const Json& sections) {
  std::string best;
  std::string best_stem;
  for (const Json& section : sections) {
    const std::string stem = stem_of(section.at("name")) + "_";
    if (figure.filename().string().starts_with(stem) && stem.size() > best_stem.size()) {
      best = section.at("name");
      best_stem = stem;
    }
  }
  return best;
}

std::string figure_caption(const std::filesystem::path& figure, const std::string& section) {
  const std::string stem = figure.stem().string();
  const std::string kind =
      stem.size() > stem_of(section).size() ? stem.substr(stem_of(section).size() + 1) : stem;
  return fmt::format("{}: {}", section, kind);
}

std::string question_text(const Json& section) {
  const std::string question = section.at("question");
  const std::string family = section.at("family");
  if (question == "crossover") {
    return fmt::format("Question: from which {} does one arm of {} overtake the other?",
                       text(section.at("axis")), family);
  }
  if (question == "compare") {
    return fmt::format("Question: how do two arms of {} compare on each problem?", family);
  }
  if (question == "cost") {
    return fmt::format(
        "Question: what does one call of {} cost whatever its size, and what per {}?", family,
        text(section.at("axis")));
  }
  return fmt::format("Question: how fast is each arm of {} on each problem?", family);
}

void add_sections(Document& document, const Json& summary,
                  const std::vector<std::filesystem::path>& figures) {
  const std::string noise = noise_sentence(summary.at("noise_floor"));
  const std::string ceilings = ceilings_sentence(summary.at("ceilings"));
  const std::vector<Table> tables = make_tables(summary);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Json& section = summary.at("sections").at(i);
    document.blocks.emplace_back(Heading{tables[i].section});
    document.blocks.emplace_back(Paragraph{question_text(section)});
    for (const std::filesystem::path& figure : figures) {
      if (section_of(figure, summary.at("sections")) != tables[i].section) continue;
      document.blocks.emplace_back(Figure{figure_caption(figure, tables[i].section), figure});
    }
    document.blocks.emplace_back(Grid{tables[i].columns, tables[i].rows});
    for (const std::string& note : tables[i].notes) {
      if (note == noise || note == ceilings) continue;  // told once, for all sections
      if (note.starts_with("WARNING")) {
        document.blocks.emplace_back(Warning{note});
      } else {
        document.blocks.emplace_back(Paragraph{note});
      }
    }
  }
}

void add_noise(Document& document, const Json& noise) {
  document.blocks.emplace_back(Heading{"Noise floor"});
  document.blocks.emplace_back(Paragraph{
      "Identical arms are measured against each other like different ones. What they seem to "
      "differ by is what this run cannot tell from nothing."});
  document.blocks.emplace_back(Paragraph{noise_sentence(noise)});
  Grid grid{{"section", "arm", "problem", "A/A ratio [95%]", "n"}, {}};
  for (const Json& pair : noise.at("pairs")) {
    const Json& ci = pair.at("ci95");
    const std::string interval =
        ci.is_null()
            ? " (no interval)"
            : fmt::format(" [{:.4f}, {:.4f}]", ci.at(0).get<double>(), ci.at(1).get<double>());
    grid.rows.push_back({text(pair.at("section")), text(pair.at("label")),
                         label(problem_from(pair.at("problem"))),
                         fmt::format("{:.4f}{}", pair.at("ratio").get<double>(), interval),
                         text(pair.at("launches"))});
  }
  if (!grid.rows.empty()) document.blocks.emplace_back(std::move(grid));
}

/// Best and worst launch of one ceiling, whichever kind it is.
std::pair<std::string, std::string> best_and_worst(const Json& entry) {
  constexpr double giga = 1e9;
  const auto rate = [&](const char* name, const char* unit) {
    const auto value = optional_from<double>(entry, name);
    return value ? fmt::format("{:.1f} {}", *value / giga, unit) : std::string();
  };
  const auto duration = [&](const char* name) {
    const auto value = optional_from<double>(entry, name);
    return value ? duration_text(*value) : std::string();
  };
  if (entry.contains("flops_per_second")) {
    return {rate("flops_per_second", "GFLOP/s"), rate("lowest_launch", "GFLOP/s")};
  }
  if (entry.contains("bytes_per_second")) {
    return {rate("bytes_per_second", "GB/s"), rate("lowest_launch", "GB/s")};
  }
  return {duration("fastest_launch"), duration("slowest_launch")};
}

/// What a construct's team was, or how much memory each thread went through.
std::string team_or_memory(const Json& entry) {
  const Json kib = entry.value("kib", Json(nullptr));
  if (!kib.is_null()) return text(kib) + " KiB per thread";
  return pairs_text(entry.value("team", Json::object()));
}

void add_ceilings(Document& document, const Json& ceilings) {
  document.blocks.emplace_back(Heading{"Ceilings"});
  document.blocks.emplace_back(Paragraph{ceilings_sentence(ceilings)});
  Grid grid{{"probe", "threads", "team or memory", "best launch", "worst launch", "n"}, {}};
  for (const auto& [probe, entries] : ceilings.items()) {
    for (const Json& entry : entries) {
      const auto [best, worst] = best_and_worst(entry);
      grid.rows.push_back({probe, text(entry.at("threads")), team_or_memory(entry), best, worst,
                           text(entry.value("launches", Json(nullptr)))});
    }
  }
  if (!grid.rows.empty()) document.blocks.emplace_back(std::move(grid));
}

void add_discarded(Document& document, const Json& manifest, const Json& summary) {
  document.blocks.emplace_back(Heading{"What was set aside"});
  document.blocks.emplace_back(Paragraph{
      "A block of samples is set aside only for a cause outside the program: time that the "
      "hypervisor or another process took, or a worker that ran out of turn. Where more than 10% "
      "or unequal shares were set aside, the result rests on all blocks."});
  Grid grid{{"section", "arm", "against", "problem", "set aside", "ratio", "ratio of all blocks"},
            {}};
  for (const Json& row : summary.at("comparisons")) {
    if (row.at("discarded").get<double>() == 0) continue;
    grid.rows.push_back({text(row.at("section")), text(row.at("label")),
                         text(row.at("against_label")), label(problem_from(row.at("problem"))),
                         fmt::format("{:.1f}%", 100 * row.at("discarded").get<double>()),
                         fmt::format("{:.4g}", row.at("ratio").get<double>()),
                         fmt::format("{:.4g}", row.at("ratio_undiscarded").get<double>())});
  }
  if (grid.rows.empty()) {
    document.blocks.emplace_back(Paragraph{"No block was set aside."});
  } else {
    document.blocks.emplace_back(std::move(grid));
  }
  const Json isolation = manifest.value("isolation", Json::object());
  document.blocks.emplace_back(Paragraph{fmt::format(
      "Turns of a worker while all others stood still: {}; another worker ran meanwhile: {}.",
      text(isolation.value("turns", Json(nullptr))),
      text(isolation.value("others_ran", Json(nullptr))))});
  for (const Json& warning : manifest.value("warnings", Json::array())) {
    document.blocks.emplace_back(Warning{text(warning)});
  }
}

void add_machine(Document& document, const Json& manifest) {
  const Json& machine = manifest.at("machine");
  Grid grid{{"fact", "value"}, {}};
  for (const auto& [name, member] : {std::pair{"machine", "name"},
                                     {"CPU", "cpu"},
                                     {"CPU model", "cpu_model"},
                                     {"CPUs", "cores"},
                                     {"SMT", "smt"},
                                     {"governor", "governor"},
                                     {"hypervisor", "hypervisor"},
                                     {"kernel", "kernel"},
                                     {"host", "hostname"}}) {
    grid.rows.push_back({name, text(machine.value(member, Json(nullptr)))});
  }
  std::string caches;
  for (const Json& cache : machine.value("caches", Json::array())) {
    caches +=
        fmt::format("{}L{} {} {} for {} CPU{}", caches.empty() ? "" : "; ", text(cache.at("level")),
                    text(cache.at("type")), bytes_text(cache.at("bytes")),
                    text(cache.at("shared_by")), cache.at("shared_by") == 1 ? "" : "s");
  }
  grid.rows.push_back({"caches", caches});
  grid.rows.push_back({"memory", bytes_text(machine.at("memory_bytes"))});
  std::string isa;
  for (const Json& name : machine.value("isa", Json::array())) isa += text(name) + " ";
  grid.rows.push_back({"instruction sets", isa});
  const Json& build = manifest.at("build");
  grid.rows.push_back({"compiler", text(build.at("compiler"))});
  grid.rows.push_back({"flags", text(build.at("flags"))});
  grid.rows.push_back({"libraries", pairs_text(build.at("libraries"))});
  document.blocks.emplace_back(Heading{"Machine and build"});
  document.blocks.emplace_back(std::move(grid));
}

void add_arms(Document& document, const Json& manifest) {
  document.blocks.emplace_back(Heading{"Arms and their environment"});
  Grid grid{{"section", "arm", "settings", "environment", "CPUs"}, {}};
  for (const Json& section : manifest.at("sections")) {
    for (const Json& arm : section.at("arms")) {
      std::string cpus;
      for (const Json& cpu : arm.at("cpus")) cpus += (cpus.empty() ? "" : ",") + text(cpu);
      grid.rows.push_back({text(section.at("name")), text(arm.at("label")),
                           pairs_text(arm.at("settings")), pairs_text(arm.at("environment")),
                           cpus});
    }
  }
  document.blocks.emplace_back(std::move(grid));
}

void add_method(Document& document, const Json& manifest, const std::string& method_link) {
  document.blocks.emplace_back(Heading{"Method"});
  Bullets method{{
      "Every result was verified on the inputs that are timed, before anything was timed.",
      "Each arm runs in a process of its own; while one takes its turn, all others are stopped.",
      "Arms take turns in palindromic blocks, so that a drift of the machine cancels.",
      "A launch (fresh processes) is the independent unit.",
      "Intervals are those of the median over launches, from order statistics.",
      "Those of a crossover are simultaneous over its sizes.",
      "More launches are added while an interval is too wide or a sign is not certain.",
  }};
  document.blocks.emplace_back(std::move(method));
  for (const Json& section : manifest.at("sections")) {
    if (measures_machine(section.at("name"))) continue;
    const Json& protocol = section.at("protocol");
    std::string looks;
    for (const Json& look : protocol.at("looks")) looks += (looks.empty() ? "" : ", ") + text(look);
    document.blocks.emplace_back(Paragraph{fmt::format(
        "{}: looks after {} launches, {} quartets each, equivalence margin {:.3g}%, target half "
        "width {:.3g}%, budget {:.3g} s.",
        text(section.at("name")), looks, text(protocol.at("quartets")),
        100 * protocol.at("equivalence_margin").get<double>(),
        100 * protocol.at("target_half_width").get<double>(),
        protocol.at("budget_seconds").get<double>())});
  }
  document.blocks.emplace_back(
      Reference{"The whole procedure and what it was tested on: ", "METHOD.md", method_link});
}

/// A word as a shell would take it.
std::string shell_word(const std::string& word) {
  const bool plain =
      !word.empty() && word.find_first_of(" \t\n\"'\\$&|;<>()*?[]#~`!{}") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char character : word) {
    quoted += character == '\'' ? std::string("'\\''") : std::string(1, character);
  }
  return quoted + "'";
}

void add_reproduction(Document& document, const Json& manifest) {
  document.blocks.emplace_back(Heading{"How to reproduce"});
  std::string command;
  for (const Json& word : manifest.at("command_line")) {
    command += (command.empty() ? "" : " ") + shell_word(word);
  }
  document.blocks.emplace_back(Code{command});
  Grid grid{{"fact", "value"}, {}};
  for (const auto& [name, member] : {std::pair{"version", "version"},
                                     {"git commit", "git"},
                                     {"seed", "seed"},
                                     {"config", "config_path"},
                                     {"started", "started"},
                                     {"finished", "finished"},
                                     {"state", "state"}}) {
    grid.rows.push_back({name, text(manifest.value(member, Json(nullptr)))});
  }
  const Json overrides = manifest.value("overrides", Json::object());
  if (!overrides.empty()) grid.rows.push_back({"overrides", pairs_text(overrides)});
  document.blocks.emplace_back(std::move(grid));
  document.blocks.emplace_back(Paragraph{"The config:"});
  document.blocks.emplace_back(Code{text(manifest.at("config"))});
}

}  // namespace

std::vector<std::string> leading_comment(const std::string& config) {
  std::vector<std::string> paragraphs;
  bool open = false;
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line) && line.starts_with("#");) {
    const std::size_t begin = line.find_first_not_of("# \t");
    if (begin == std::string::npos) {
      open = false;
      continue;
    }
    const std::string words = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    if (open) {
      paragraphs.back() += " " + words;
    } else {
      paragraphs.push_back(words);
    }
    open = true;
  }
  return paragraphs;
}

Document make_report(const Json& manifest, const Json& summary,
                     const std::vector<std::filesystem::path>& figures,
                     const std::string& method_link) {
  Document document;
  document.title = text(manifest.at("experiment"));
  document.subtitle =
      fmt::format("{}, {}", text(manifest.at("machine").at("name")), text(manifest.at("started")));
  document.answers = report_answers(summary);
  if (manifest.at("state") != "done") {
    document.blocks.emplace_back(
        Warning{fmt::format("This run did not end (state: {}). All below rests on what was "
                            "measured until then.",
                            text(manifest.at("state")))});
  }
  const std::vector<std::string> question = leading_comment(text(manifest.at("config")));
  if (!question.empty()) document.blocks.emplace_back(Heading{"Question"});
  for (const std::string& paragraph : question) {
    document.blocks.emplace_back(Paragraph{paragraph});
  }
  add_sections(document, summary, figures);
  add_noise(document, summary.at("noise_floor"));
  add_ceilings(document, summary.at("ceilings"));
  add_discarded(document, manifest, summary);
  add_machine(document, manifest);
  add_arms(document, manifest);
  add_method(document, manifest, method_link);
  add_reproduction(document, manifest);
  return document;
}

Document make_index(const std::vector<IndexEntry>& entries, const std::string& file) {
  Document document;
  document.title = "Reports";
  document.subtitle = fmt::format("{} runs", entries.size());
  for (const IndexEntry& entry : entries) {
    const Json& summary = *entry.summary;
    document.blocks.emplace_back(Heading{
        fmt::format("{}, {}", text(summary.at("experiment")), text(summary.at("started")))});
    document.blocks.emplace_back(Bullets{report_answers(summary)});
    document.blocks.emplace_back(
        Reference{fmt::format("{}, commit {}, {}: ", text(summary.at("machine")),
                              text(summary.at("git")), text(summary.at("state"))),
                  "report", entry.folder + "/" + file});
  }
  return document;
}

}  // namespace crossover::harness
