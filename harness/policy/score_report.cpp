#include "harness/policy/score_report.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

std::string percent(double share) { return fmt::format("{:.2f}%", 100 * share); }

std::string percent(double share, const Interval& ci) {
  return fmt::format("{} [{}, {}]", percent(share), percent(ci.low), percent(ci.high));
}

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.m, shape.n, shape.k);
}

std::string met_text(const std::optional<bool>& met) {
  if (!met) return "undecided";
  return *met ? "met" : "missed";
}

Json pair_json(const Interval& ci) { return {ci.low, ci.high}; }

TargetVerdict bound_verdict(const std::string& what, double value, const Interval& ci,
                            double bound) {
  return {fmt::format("{} regret of the policy at most {:.0f}%", what, 100 * bound),
          percent(value, ci), at_most(ci, bound)};
}

/// Whether the mean regret is below that of a rule, from the paired differences.
std::optional<bool> is_below(const RegretFinding& rule) {
  const Interval& behind = rule.behind_first->ci;
  if (behind.low > 0) return true;
  if (behind.high < 0) return false;
  return std::nullopt;
}

/// The claim "below all" needs every single one; each may be tested at the full level, since all
/// must hold (an intersection-union test).
TargetVerdict below_all(const Score& score) {
  TargetVerdict verdict{"less mean regret than every published rule", "", true};
  std::vector<std::string> open;
  std::vector<std::string> better;
  for (const RegretFinding& finding : score.findings) {
    if (!finding.published) continue;
    const std::optional<bool> below = is_below(finding);
    if (!below) open.push_back(finding.name);
    if (below == std::optional(false)) better.push_back(finding.name);
  }
  if (!open.empty()) verdict.met = std::nullopt;
  if (!better.empty()) verdict.met = false;
  verdict.result = open.empty() && better.empty() ? "below all of them" : "";
  if (!better.empty()) verdict.result = fmt::format("above {}", fmt::join(better, ", "));
  if (!open.empty()) {
    verdict.result +=
        fmt::format("{}not told apart from {}", better.empty() ? "" : "; ", fmt::join(open, ", "));
  }
  return verdict;
}

Json finding_json(const RegretFinding& finding) {
  Json behind = nullptr;
  Json behind_ci = nullptr;
  if (finding.behind_first) {
    behind = finding.behind_first->value;
    behind_ci = pair_json(finding.behind_first->ci);
  }
  return {{"strategy", finding.name},
          {"rule", finding.rule},
          {"source", finding.source},
          {"published", finding.published},
          {"mean_regret", finding.mean},
          {"mean_ci95", pair_json(finding.mean_ci)},
          {"p95_regret", finding.p95},
          {"p95_ci95", pair_json(finding.p95_ci)},
          {"worst_regret", finding.worst_regret},
          {"worst_shape", {finding.worst.m, finding.worst.n, finding.worst.k}},
          {"wrong_choices", finding.wrong},
          {"approximated", finding.approximated},
          {"behind_policy", behind},
          {"behind_policy_ci95", behind_ci}};
}

void add_notes(const Score& score, Table& table) {
  table.notes.push_back(
      "regret = T(its choice) / T(best choice) - 1; the best is chosen on one half of the launches "
      "and judged on the other, so that noise can make it negative.");
  for (const TargetVerdict& verdict : verdicts(score)) {
    table.notes.push_back(
        fmt::format("Target: {}: {} ({}).", verdict.target, met_text(verdict.met), verdict.result));
  }
  table.notes.push_back(
      fmt::format("{} held-out shapes, at least {} launches each; {} bootstrap samples, seed {}.",
                  score.shapes, score.launches, score.replicates, score.seed));
  if (!score.dropped.empty()) {
    table.notes.push_back(fmt::format("Dropped: {} shape{} that the policy was fitted to, e.g. {}.",
                                      score.dropped.size(), score.dropped.size() == 1 ? "" : "s",
                                      shape_text(score.dropped.front())));
  }
  if (score.incomplete > 0) {
    table.notes.push_back(
        fmt::format("Left out: {} shapes that were not measured with every count of threads.",
                    score.incomplete));
  }
  for (const RegretFinding& finding : score.findings) {
    if (finding.approximated == 0) continue;
    table.notes.push_back(fmt::format(
        "{}: at {} of {} shapes it asks for a count of threads that was not measured; the nearest "
        "one stands for it.",
        finding.name, finding.approximated, score.shapes));
  }
  table.notes.push_back(fmt::format("{}; {}; threads {}.", score.machine,
                                    condition_text(score.condition),
                                    fmt::join(score.threads, ", ")));
}

}  // namespace

std::vector<TargetVerdict> verdicts(const Score& score) {
  const RegretFinding& ours = score.findings.front();
  return {bound_verdict("mean", ours.mean, ours.mean_ci, target_mean_regret),
          bound_verdict("95th percentile of", ours.p95, ours.p95_ci, target_p95_regret),
          below_all(score)};
}

Json score_json(const Score& score) {
  Json strategies = Json::array();
  for (const RegretFinding& finding : score.findings) strategies.push_back(finding_json(finding));
  Json targets = Json::array();
  for (const TargetVerdict& verdict : verdicts(score)) {
    targets.push_back(
        {{"target", verdict.target}, {"result", verdict.result}, {"met", nullable(verdict.met)}});
  }
  Json runs = Json::array();
  for (const PolicySource& run : score.runs) {
    runs.push_back({{"experiment", run.experiment},
                    {"started", run.started},
                    {"git", run.git},
                    {"directory", run.directory}});
  }
  Json dropped = Json::array();
  for (const Shape& shape : score.dropped) dropped.push_back({shape.m, shape.n, shape.k});
  return {{"schema", schema_version},
          {"machine", score.machine},
          {"policy_made", score.policy_made},
          {"condition", score.condition},
          {"threads", score.threads},
          {"runs", runs},
          {"held_out_shapes", score.shapes},
          {"dropped_shapes", dropped},
          {"incomplete_shapes", score.incomplete},
          {"launches", score.launches},
          {"replicates", score.replicates},
          {"seed", score.seed},
          {"targets", targets},
          {"strategies", strategies}};
}

Table score_table(const Score& score) {
  Table table;
  table.section = "score";
  table.title = "Regret of dispatch rules on held-out shapes";
  table.columns = {"strategy",     "mean regret [95%]", "p95 [95%]", "worst",
                   "at m x n x k", "wrong choice",      "rule"};
  table.data_columns = {"strategy", "mean_regret", "mean_low", "mean_high",     "p95_regret",
                        "p95_low",  "p95_high",    "worst",    "wrong_choices", "published"};
  std::vector<const RegretFinding*> sorted;
  for (const RegretFinding& finding : score.findings) sorted.push_back(&finding);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->mean < b->mean; });
  for (const RegretFinding* finding : sorted) {
    table.rows.push_back({finding->name, percent(finding->mean, finding->mean_ci),
                          percent(finding->p95, finding->p95_ci), percent(finding->worst_regret),
                          shape_text(finding->worst), fmt::format("{:.0f}%", 100 * finding->wrong),
                          finding->rule});
    table.data.push_back(
        {finding->name, fmt::format("{}", finding->mean), fmt::format("{}", finding->mean_ci.low),
         fmt::format("{}", finding->mean_ci.high), fmt::format("{}", finding->p95),
         fmt::format("{}", finding->p95_ci.low), fmt::format("{}", finding->p95_ci.high),
         fmt::format("{}", finding->worst_regret), fmt::format("{}", finding->wrong),
         finding->published ? "true" : "false"});
  }
  add_notes(score, table);
  return table;
}

}  // namespace crossover::harness
