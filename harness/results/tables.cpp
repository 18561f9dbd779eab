#include "harness/results/tables.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "harness/results/sentence.h"

namespace crossover::harness {
namespace {

using Row = std::vector<std::string>;

void append(Row& row, const Row& more) { row.insert(row.end(), more.begin(), more.end()); }

/// Raw number or text for CSV; empty for null.
std::string raw(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string number(const Json& value, const char* format) {
  return value.is_null() ? "-" : fmt::format(fmt::runtime(format), value.get<double>());
}

std::string time_text(const Json& seconds) {
  if (seconds.at("median").is_null()) return "-";
  return duration_with_interval(seconds.at("median"), seconds.at("ci95"));
}

/// "1.83 [1.79, 1.86]", or "~ [0.97, 1.04]" where the sign is not known.
std::string interval_text(const Json& ratio, const Json& ci, bool undecided) {
  const double low = ci.at(0);
  const double high = ci.at(1);
  const int digits = high >= 10 ? 1 : high >= 2 ? 2 : 3;
  const std::string value = undecided ? "~" : fmt::format("{:.{}f}", ratio.get<double>(), digits);
  return fmt::format("{} [{:.{}f}, {:.{}f}]", value, low, digits, high, digits);
}

std::string ratio_text(const Json& comparison) {
  const Json& ci = comparison.at("ci95");
  if (ci.is_null()) {
    return fmt::format("{:.3g} (no interval)", comparison.at("ratio").get<double>());
  }
  return interval_text(comparison.at("ratio"), ci, comparison.at("verdict") == "undecided");
}

std::vector<Json> problems_of(const std::vector<Json>& members) {
  std::vector<Json> problems;
  for (const Json& member : members) problems.push_back(member.at("problem"));
  return problems;
}

/// Members of a summary by section, arm and problem, since a search per row would be quadratic.
class Lookup {
 public:
  /// `label` and `settings` name the members that identify the arm.
  Lookup(const std::vector<Json>& members, const char* label, const char* settings) {
    for (const Json& member : members) {
      members_[key(member, label, settings, member.at("problem"))] = &member;
    }
  }

  const Json* find(const Json& row, const char* label, const char* settings,
                   const Json& problem) const {
    const auto found = members_.find(key(row, label, settings, problem));
    return found == members_.end() ? nullptr : found->second;
  }

 private:
  static std::string key(const Json& row, const char* label, const char* settings,
                         const Json& problem) {
    return row.at(label).dump() + row.at(settings).dump() + problem.dump();
  }

  std::map<std::string, const Json*> members_;
};

const Row sweep_columns{"kernel",    "time [95% interval]", "GFLOP/s",
                        "% of peak", "ratio [95%]",         "verdict",
                        "B/call",    "allocs/call",         "n"};
const Row sweep_data_columns{"status",
                             "reason",
                             "seconds",
                             "seconds_low",
                             "seconds_high",
                             "gflops",
                             "gigabytes_per_second",
                             "percent_of_peak",
                             "ratio",
                             "ratio_low",
                             "ratio_high",
                             "verdict",
                             "verdict_adjusted",
                             "p_adjusted",
                             "allocated_bytes",
                             "allocations",
                             "parallel_regions",
                             "tasks",
                             "threads_used",
                             "code_path",
                             "launches"};

/// "faster*" where the number of comparisons could have brought it about.
std::string verdict_text(const Json& comparison) {
  const std::string verdict = raw(comparison.at("verdict"));
  return verdict == raw(comparison.at("verdict_adjusted")) ? verdict : verdict + "*";
}

/// Which member of the cells is their rate, its unit, and what percent_of_peak is of.
struct Rate {
  const char* member = "gflops";
  const char* unit = "GFLOP/s";
  const char* percent = "% of peak";
};

/// The probe of memory that bounds the cells; empty where they are bounded by arithmetic.
std::string memory_probe(const std::vector<Json>& cells) {
  for (const Json& cell : cells) {
    const Json ceiling = cell.value("ceiling", Json(nullptr));
    if (ceiling.contains("bytes_per_second")) return ceiling.at("probe");
  }
  return "";
}

Rate rate_of(const std::vector<Json>& cells) {
  if (!memory_probe(cells).empty()) return {"gigabytes_per_second", "GB/s", "% of bandwidth"};
  const auto has = [&](const char* member) {
    return std::any_of(cells.begin(), cells.end(),
                       [&](const Json& cell) { return !cell.at(member).is_null(); });
  };
  if (!has("gflops") && has("gigabytes_per_second")) {
    return {"gigabytes_per_second", "GB/s", "% of peak"};
  }
  return {};
}

/// The columns with the rate's own words.
Row with_rate(Row columns, const Rate& rate) {
  std::replace(columns.begin(), columns.end(), std::string("GFLOP/s"), std::string(rate.unit));
  std::replace(columns.begin(), columns.end(), std::string("% of peak"), std::string(rate.percent));
  return columns;
}

/// What the percentages of the section are of, where that is not the FMA peak.
void note_bandwidth(Table& table, const std::vector<Json>& cells, const Json& ceilings) {
  const std::string probe = memory_probe(cells);
  if (!probe.empty()) table.notes.push_back(bandwidth_sentence(ceilings, probe));
}

Row sweep_row(const Json& cell, const Json* comparison, const Rate& rate) {
  const Json& counters = cell.at("counters");
  Row row{cell.at("label")};
  if (cell.at("status") != "measured") {
    append(row, {fmt::format("{}: {}", raw(cell.at("status")), raw(cell.at("reason"))), "", "", "",
                 "", "", "", ""});
    return row;
  }
  append(row,
         {time_text(cell.at("seconds")), number(cell.at(rate.member), "{:.1f}"),
          number(cell.at("percent_of_peak"), "{:.0f}"), comparison ? ratio_text(*comparison) : "",
          comparison ? verdict_text(*comparison) : "",
          number(counters.at("allocated_bytes"), "{:.0f}"),
          number(counters.at("allocations"), "{:.0f}"), raw(cell.at("launches"))});
  return row;
}

Row sweep_data(const Json& cell, const Json* comparison) {
  const Json none = nullptr;
  const Json& counters = cell.at("counters");
  const auto low_high = [&](const Json& ci) {
    return ci.is_null() ? Row{"", ""} : Row{raw(ci.at(0)), raw(ci.at(1))};
  };
  Row row{cell.at("label"), raw(cell.at("status")), raw(cell.at("reason")),
          raw(cell.at("seconds").at("median"))};
  append(row, low_high(cell.at("seconds").at("ci95")));
  append(row, {raw(cell.at("gflops")), raw(cell.at("gigabytes_per_second")),
               raw(cell.at("percent_of_peak")), comparison ? raw(comparison->at("ratio")) : ""});
  append(row, low_high(comparison ? comparison->at("ci95") : none));
  for (const char* name : {"verdict", "verdict_adjusted", "p_adjusted"}) {
    row.push_back(comparison ? raw(comparison->at(name)) : "");
  }
  for (const char* name : {"allocated_bytes", "allocations", "parallel_regions", "tasks",
                           "threads_used", "code_path"}) {
    row.push_back(raw(counters.at(name)));
  }
  row.push_back(raw(cell.at("launches")));
  return row;
}

/// "ratio = time(naive) / time(kernel)": what the ratios of this section mean.
std::string ratio_note(const std::vector<Json>& comparisons) {
  std::set<std::string> bases;
  for (const Json& comparison : comparisons) bases.insert(raw(comparison.at("against_label")));
  if (bases.empty()) return "No comparison was possible.";
  return fmt::format(
      "ratio = time({}) / time(kernel): above 1 the kernel is faster; ~ is undecided.",
      bases.size() == 1 ? *bases.begin() : "baseline");
}

/// What the calls of these cells get done beside operations: texts, tokens.
std::vector<std::string> items_of(const std::vector<Json>& cells) {
  std::set<std::string> names;
  for (const Json& cell : cells) {
    const Json items = cell.value("items_per_second", Json::object());
    for (const auto& [name, rate] : items.items()) names.insert(name);
  }
  return {names.begin(), names.end()};
}

void add_cells(Table& table, const Json& summary) {
  std::vector<Json> cells;
  for (const Json& cell : summary.at("cells")) {
    if (cell.at("section") == table.section && cell.at("replica") == 0) cells.push_back(cell);
  }
  const std::vector<Json> comparisons = of_section(summary.at("comparisons"), table.section);
  const ProblemColumns columns(problems_of(cells));
  const Rate rate = rate_of(cells);
  const std::vector<std::string> items = items_of(cells);
  table.columns = columns.names;
  append(table.columns, with_rate(sweep_columns, rate));
  table.data_columns = columns.names;
  table.data_columns.push_back("kernel");
  append(table.data_columns, sweep_data_columns);
  for (const std::string& item : items) {
    table.columns.push_back(item + "/s");
    table.data_columns.push_back(item + "_per_second");
  }
  const Lookup by_arm(comparisons, "label", "settings");
  for (const Json& cell : cells) {
    const Json* comparison = by_arm.find(cell, "label", "settings", cell.at("problem"));
    Row row = columns.values(cell.at("problem"));
    Row data = row;
    append(row, sweep_row(cell, comparison, rate));
    append(data, sweep_data(cell, comparison));
    for (const std::string& item : items) {
      const Json per_second = cell.value("items_per_second", Json::object()).value(item, Json());
      row.push_back(number(per_second, "{:.1f}"));
      data.push_back(raw(per_second));
    }
    table.rows.push_back(std::move(row));
    table.data.push_back(std::move(data));
  }
  table.notes.push_back(ratio_note(comparisons));
  note_bandwidth(table, cells, summary.at("ceilings"));
  if (const std::string note = adjustment_sentence(comparisons); !note.empty()) {
    table.notes.push_back(note);
  }
}

const Row crossover_columns{
    "kernel",  "time [95% interval]",      "GFLOP/s", "%", "against", "time [95% interval]",
    "GFLOP/s", "ratio [simultaneous 95%]", "sign",    "n"};
const Row crossover_data_columns{
    "kernel",         "seconds", "gflops",    "percent_of_peak", "against", "against_seconds",
    "against_gflops", "ratio",   "ratio_low", "ratio_high",      "sign",    "launches"};

/// One size of one crossover: both arms side by side, and the sign that the outcome rests on.
struct CrossoverRow {
  const Json& crossover;
  const Json& point;
  const Json* variant;  // cells; null where there is none
  const Json* against;
  const Rate& rate;

  static Json of(const Json* cell, const char* member) {
    return cell == nullptr ? Json(nullptr) : cell->at(member);
  }

  Row text() const {
    const Json none{{"median", nullptr}, {"ci95", nullptr}};
    const auto time = [&](const Json* cell) {
      return time_text(cell == nullptr ? none : cell->at("seconds"));
    };
    const Json& ci = point.at("ci");
    return {raw(crossover.at("label")),
            time(variant),
            number(of(variant, rate.member), "{:.1f}"),
            number(of(variant, "percent_of_peak"), "{:.0f}"),
            raw(crossover.at("against_label")),
            time(against),
            number(of(against, rate.member), "{:.1f}"),
            ci.is_null() ? number(point.at("ratio"), "{:.3f}")
                         : interval_text(point.at("ratio"), ci, point.at("sign") == "?"),
            raw(point.at("sign")),
            raw(point.at("launches"))};
  }

  Row data() const {
    const auto median = [](const Json* cell) {
      return cell == nullptr ? Json(nullptr) : cell->at("seconds").at("median");
    };
    const Json& ci = point.at("ci");
    return {raw(crossover.at("label")),
            raw(median(variant)),
            raw(of(variant, "gflops")),
            raw(of(variant, "percent_of_peak")),
            raw(crossover.at("against_label")),
            raw(median(against)),
            raw(of(against, "gflops")),
            raw(point.at("ratio")),
            ci.is_null() ? "" : raw(ci.at(0)),
            ci.is_null() ? "" : raw(ci.at(1)),
            raw(point.at("sign")),
            raw(point.at("launches"))};
  }
};

/// Cells that were not measured are not rows of a crossover's table; they are told below it.
void note_unmeasured(Table& table, const std::vector<Json>& cells, const ProblemColumns& columns) {
  for (const Json& cell : cells) {
    if (cell.at("status") == "measured" || cell.at("replica") != 0) continue;
    table.notes.push_back(fmt::format("{} at {}: {}: {}", raw(cell.at("label")),
                                      fmt::join(columns.values(cell.at("problem")), " "),
                                      raw(cell.at("status")), raw(cell.at("reason"))));
  }
}

void add_crossover(Table& table, const Json& summary) {
  const std::vector<Json> cells = of_section(summary.at("cells"), table.section);
  const ProblemColumns columns(problems_of(cells));
  const Lookup by_arm(cells, "label", "settings");
  table.columns = columns.names;
  const Rate rate = rate_of(cells);
  append(table.columns, with_rate(crossover_columns, rate));
  table.data_columns = columns.names;
  append(table.data_columns, crossover_data_columns);
  const std::vector<Json> crossovers = of_section(summary.at("crossovers"), table.section);
  for (const Json& crossover : crossovers) {
    for (const Json& point : crossover.at("points")) {
      const Json& problem = point.at("problem");
      const CrossoverRow row{crossover, point, by_arm.find(crossover, "label", "settings", problem),
                             by_arm.find(crossover, "against_label", "against_settings", problem),
                             rate};
      table.rows.push_back(columns.values(problem));
      table.data.push_back(table.rows.back());
      append(table.rows.back(), row.text());
      append(table.data.back(), row.data());
    }
  }
  note_unmeasured(table, cells, columns);
  for (const Json& crossover : crossovers) {
    table.notes.push_back(raw(crossover.at("sentence")) + ".");
    for (const std::string& detail : crossing_details(crossover)) {
      table.notes.push_back("  " + detail + ".");
    }
  }
  note_bandwidth(table, cells, summary.at("ceilings"));
}

void note_costs(Table& table, const Json& summary) {
  for (const Json& cost : of_section(summary.value("costs", Json::array()), table.section)) {
    table.notes.push_back(raw(cost.at("sentence")) + ".");
  }
}

void add_warnings(Table& table, const Json& summary) {
  std::set<std::string> seen;
  for (const Json& row : of_section(summary.at("comparisons"), table.section)) {
    for (const Json& warning : row.at("warnings")) {
      const std::string text = fmt::format("WARNING: {} against {}: {}.", raw(row.at("label")),
                                           raw(row.at("against_label")), raw(warning));
      if (seen.insert(text).second) table.notes.push_back(text);
    }
  }
}

}  // namespace

std::vector<Table> make_tables(const Json& summary) {
  std::vector<Table> tables;
  for (const Json& section : summary.at("sections")) {
    Table table;
    table.section = section.at("name");
    table.title = fmt::format("{} / {}", raw(summary.at("experiment")), table.section);
    if (section.at("question") == "crossover") {
      add_crossover(table, summary);
    } else {
      add_cells(table, summary);
    }
    note_costs(table, summary);
    add_warnings(table, summary);
    table.notes.push_back(noise_sentence(summary.at("noise_floor")));
    table.notes.push_back(ceilings_sentence(summary.at("ceilings")));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace crossover::harness
