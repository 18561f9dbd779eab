#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "harness/duration.h"
#include "harness/names.h"
#include "harness/results/comparison.h"
#include "harness/results/pair_verdict.h"

namespace crossover::harness {
namespace {

constexpr const char* unpaired_label = "unpaired: not interleaved";
constexpr const char* paired_label = "paired, from the blocks of one run";
// More of them say no more; --format json has all.
constexpr std::size_t most_listed = 10;
constexpr std::size_t most_named = 4;

// In the words of a table, where "faster" would leave open what of.
constexpr Names<Verdict, 4> time_names{{{Verdict::faster, "less time"},
                                        {Verdict::slower, "more time"},
                                        {Verdict::equivalent, "equivalent"},
                                        {Verdict::undecided, "undecided"}}};
constexpr Names<GateVerdict, 3> gate_names{{{GateVerdict::pass, "pass"},
                                            {GateVerdict::regression, "regression"},
                                            {GateVerdict::undecided, "undecided"}}};

/// time(after) / time(before) - 1
double change(double log_ratio) { return std::expm1(-log_ratio); }

/// "-17.2% [-18.1, -16.3]", "~ [-0.5, +1.2]" where undecided.
std::string change_text(double log_ratio, const std::optional<Interval>& ci, bool undecided) {
  const double percent = 100;
  const std::string value = fmt::format("{:+.1f}%", percent * change(log_ratio));
  if (!ci) return value + " (no interval)";
  return fmt::format("{} [{:+.1f}, {:+.1f}]", undecided ? "~" : value, percent * change(ci->high),
                     percent * change(ci->low));
}

std::string launches_text(const Comparison& comparison, const ComparedCell& cell) {
  return comparison.paired ? fmt::format("n={}", cell.launches_after)
                           : fmt::format("n={}, {}", cell.launches_before, cell.launches_after);
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

const std::vector<std::string> data_columns{
    "section",       "kernel",     "problem",    "pairing",         "before_seconds",
    "after_seconds", "change",     "change_low", "change_high",     "ratio",
    "ratio_low",     "ratio_high", "verdict",    "launches_before", "launches_after"};

std::vector<std::string> data_row(const Comparison& comparison, const ComparedCell& cell) {
  const auto bound = [&](double value) { return cell.ci ? number(value) : std::string(); };
  const Interval ci = cell.ci.value_or(Interval{});
  return {cell.section,
          cell.label,
          label(cell.problem),
          comparison.paired ? "paired" : unpaired_label,
          number(cell.before_seconds),
          number(cell.after_seconds),
          number(change(cell.log_ratio)),
          bound(change(ci.high)),
          bound(change(ci.low)),
          number(std::exp(cell.log_ratio)),
          bound(std::exp(ci.low)),
          bound(std::exp(ci.high)),
          name_in(verdict_names, cell.verdict),
          std::to_string(cell.launches_before),
          std::to_string(cell.launches_after)};
}

Table section_table(const Comparison& comparison, const std::string& section) {
  std::vector<Json> problems;
  for (const ComparedCell& cell : comparison.cells) {
    if (cell.section == section) problems.push_back(to_json(cell.problem));
  }
  const ProblemColumns columns(problems);
  Table table;
  table.section = section;
  table.title = comparison.paired ? fmt::format("{}: B = {} against A = {} ({})", section,
                                                comparison.after, comparison.before, paired_label)
                                  : fmt::format("{}: B against A ({})", section, unpaired_label);
  table.columns = columns.names;
  for (const char* name : {"kernel", "time A", "time B", "B against A [95%]", "verdict"}) {
    table.columns.emplace_back(name);
  }
  table.data_columns = data_columns;
  for (const ComparedCell& cell : comparison.cells) {
    if (cell.section != section) continue;
    std::vector<std::string> row = columns.values(to_json(cell.problem));
    const bool undecided = cell.verdict == Verdict::undecided;
    for (const std::string& field :
         {cell.label, duration_text(cell.before_seconds), duration_text(cell.after_seconds),
          change_text(cell.log_ratio, cell.ci, undecided) + " " + launches_text(comparison, cell),
          name_in(time_names, cell.verdict)}) {
      row.push_back(field);
    }
    table.rows.push_back(std::move(row));
    table.data.push_back(data_row(comparison, cell));
  }
  return table;
}

std::string mean_text(const Comparison& comparison) {
  const double mean = *comparison.geometric_mean;
  const std::optional<Interval>& ci = comparison.geometric_mean_ci;
  const bool undecided = ci && ci->low <= 0 && ci->high >= 0;
  std::string words = "no interval";
  if (ci) words = undecided ? "undecided" : mean > 0 ? "less time" : "more time";
  return fmt::format("Geometric mean of {} cells: {}, {} ({}).", comparison.cells.size(),
                     change_text(mean, ci, undecided), words, comparison.geometric_mean_rule);
}

/// One note per reason, with the first few cells of it.
void list_unmatched(Table& table, const std::vector<UnmatchedCell>& cells, const char* here,
                    const char* there) {
  std::vector<std::string> reasons;
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const UnmatchedCell& cell : cells) {
    if (by_reason[cell.reason].empty()) reasons.push_back(cell.reason);
    by_reason[cell.reason].push_back(cell.name);
  }
  for (const std::string& reason : reasons) {
    std::vector<std::string> names = by_reason[reason];
    const std::size_t count = names.size();
    names.resize(std::min(count, most_named));
    if (count > most_named) names.push_back(fmt::format("{} more", count - most_named));
    table.notes.push_back(fmt::format("Only in {} ({} in {}), {} cell{}: {}.", here, reason, there,
                                      count, count == 1 ? "" : "s", fmt::join(names, "; ")));
  }
}

std::string gate_rule(const Comparison& comparison) {
  return fmt::format(
      "simultaneous intervals, 95% for all {} cells together (Bonferroni{}); regression: one lies "
      "wholly beyond the margin; pass: all lie wholly within; else undecided",
      comparison.cells.size(), comparison.paired ? " over cells and looks" : " over cells");
}

/// The cells that decided, or kept the gate from deciding.
std::vector<std::string> decisive_cells(const Comparison& comparison, double margin,
                                        GateVerdict verdict) {
  std::vector<std::string> names;
  if (verdict == GateVerdict::pass) return names;
  for (const ComparedCell& cell : comparison.cells) {
    if (gate(cell.simultaneous, margin) != verdict) continue;
    const bool bounded = std::isfinite(cell.simultaneous.low);
    names.push_back(fmt::format(
        "{}: {} at {}: {}", cell.section, cell.label, label(cell.problem),
        bounded ? change_text(cell.log_ratio, cell.simultaneous, false) : "no interval"));
  }
  for (const UnmatchedCell& cell : comparison.only_before) {
    if (cell.lost && verdict == GateVerdict::undecided) {
      names.push_back(fmt::format("{}: {} in B", cell.name, cell.reason));
    }
  }
  return names;
}

void add_gate(Table& table, const Comparison& comparison, double margin) {
  const GateVerdict verdict = gate(comparison, margin);
  table.notes.push_back(fmt::format("Gate, {:g}% more time at most: {} ({}).", 100 * margin,
                                    name_in(gate_names, verdict), gate_rule(comparison)));
  const std::vector<std::string> names = decisive_cells(comparison, margin, verdict);
  for (std::size_t i = 0; i < names.size() && i < most_listed; ++i) {
    table.notes.push_back(fmt::format("Gate: {}: {}.", name_in(gate_names, verdict), names[i]));
  }
  if (names.size() > most_listed) {
    table.notes.push_back(fmt::format("Gate: {} more cells.", names.size() - most_listed));
  }
}

Json interval_json(const std::optional<Interval>& ci, double (*map)(double), bool reversed) {
  if (!ci || !std::isfinite(ci->low) || !std::isfinite(ci->high)) return nullptr;
  const double low = map(reversed ? ci->high : ci->low);
  const double high = map(reversed ? ci->low : ci->high);
  return {low, high};
}

double ratio(double log_ratio) { return std::exp(log_ratio); }

Json estimate_json(double log_ratio, const std::optional<Interval>& ci) {
  return {{"ratio", ratio(log_ratio)},
          {"ci95", interval_json(ci, ratio, false)},
          {"change", change(log_ratio)},
          {"change_ci95", interval_json(ci, change, true)}};
}

Json cell_json(const ComparedCell& cell) {
  Json row{{"section", cell.section},
           {"label", cell.label},
           {"problem", to_json(cell.problem)},
           {"before_seconds", cell.before_seconds},
           {"after_seconds", cell.after_seconds}};
  row.update(estimate_json(cell.log_ratio, cell.ci));
  row.update({{"simultaneous", interval_json(cell.simultaneous, ratio, false)},
              {"verdict", name_in(verdict_names, cell.verdict)},
              {"launches_before", cell.launches_before},
              {"launches_after", cell.launches_after},
              {"discarded", cell.discarded}});
  return row;
}

Json unmatched_json(const std::vector<UnmatchedCell>& cells) {
  Json list = Json::array();
  for (const UnmatchedCell& cell : cells) {
    list.push_back({{"cell", cell.name}, {"reason", cell.reason}, {"lost", cell.lost}});
  }
  return list;
}

}  // namespace

std::vector<Table> comparison_tables(const Comparison& comparison, std::optional<double> margin) {
  std::vector<Table> tables;
  for (const ComparedCell& cell : comparison.cells) {
    if (tables.empty() || tables.back().section != cell.section) {
      tables.push_back(section_table(comparison, cell.section));
    }
  }
  if (tables.empty()) return tables;
  Table& last = tables.back();
  last.notes = comparison.notes;
  last.notes.emplace_back(
      "B against A = time(B) / time(A) - 1: negative is less time, positive is more time; ~ is "
      "undecided.");
  if (comparison.cells.size() > 1) {
    last.notes.push_back(
        fmt::format("Intervals are of each cell alone: of {} cells, one in twenty may miss.",
                    comparison.cells.size()));
  }
  last.notes.push_back(mean_text(comparison));
  list_unmatched(last, comparison.only_before, "A", "B");
  list_unmatched(last, comparison.only_after, "B", "A");
  if (margin) add_gate(last, comparison, *margin);
  return tables;
}

Json comparison_json(const Comparison& comparison, std::optional<double> margin) {
  Json cells = Json::array();
  for (const ComparedCell& cell : comparison.cells) cells.push_back(cell_json(cell));
  Json mean = nullptr;
  if (comparison.geometric_mean) {
    mean = estimate_json(*comparison.geometric_mean, comparison.geometric_mean_ci);
    mean["rule"] = comparison.geometric_mean_rule;
  }
  Json gate_result = nullptr;
  if (margin) {
    const GateVerdict verdict = gate(comparison, *margin);
    gate_result = {{"margin", *margin},
                   {"verdict", name_in(gate_names, verdict)},
                   {"rule", gate_rule(comparison)},
                   {"cells", decisive_cells(comparison, *margin, verdict)}};
  }
  return {{"pairing", comparison.paired ? "paired" : unpaired_label},
          {"before", comparison.before},
          {"after", comparison.after},
          {"cells", cells},
          {"geometric_mean", mean},
          {"only_before", unmatched_json(comparison.only_before)},
          {"only_after", unmatched_json(comparison.only_after)},
          {"notes", comparison.notes},
          {"gate", gate_result}};
}

}  // namespace crossover::harness
