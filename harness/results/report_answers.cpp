#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "harness/results/report.h"
#include "harness/results/sentence.h"
#include "harness/results/tables.h"

namespace crossover::harness {
namespace {

std::string text(const Json& value) { return value.get<std::string>(); }

/// "m=n=k=256", as the tables name problems.
class ProblemNames {
 public:
  explicit ProblemNames(const std::vector<Json>& members) : columns_(problems(members)) {}

  std::string operator()(const Json& problem) const {
    const std::vector<std::string> values = columns_.values(problem);
    std::string name;
    for (std::size_t i = 0; i < values.size(); ++i) {
      name += fmt::format("{}{}={}", i == 0 ? "" : " ", columns_.names[i], values[i]);
    }
    return name.empty() ? "the one problem" : name;
  }

 private:
  static std::vector<Json> problems(const std::vector<Json>& members) {
    std::vector<Json> found;
    for (const Json& member : members) found.push_back(member.at("problem"));
    return found;
  }

  ProblemColumns columns_;
};

/// As many digits as the tables give a ratio.
int digits(double ratio) { return ratio >= 10 ? 1 : ratio >= 2 ? 2 : 3; }

/// "1.98 times [1.95, 2.00] the speed of simd"
std::string speed_text(const Json& ratio, const Json& ci, const Json& against) {
  if (ci.is_null()) {
    const double value = ratio;
    return fmt::format("{:.{}f} times (no interval) the speed of {}", value, digits(value),
                       text(against));
  }
  const double high = ci.at(1);
  return fmt::format("{0:.{3}f} times [{1:.{3}f}, {2:.{3}f}] the speed of {4}", ratio.get<double>(),
                     ci.at(0).get<double>(), high, digits(high), text(against));
}

std::string crossover_answer(const Json& crossover) {
  std::string answer = text(crossover.at("sentence"));
  const Json& points = crossover.at("points");
  if (!points.empty() && !points.back().at("ci").is_null()) {
    const Json& last = points.back();
    answer +=
        fmt::format("; at {} {} it has {}", text(crossover.at("axis")),
                    last.at("axis_value").get<std::int64_t>(),
                    speed_text(last.at("ratio"), last.at("ci"), crossover.at("against_label")));
  }
  return answer + ".";
}

/// What undid a difference that the interval alone would show.
std::string why_undecided(const Json& comparison, double low, double high) {
  if (low <= 0 && high >= 0) return "";
  return comparison.at("verdict") == "undecided"
             ? ", but too much was disturbed to trust that"
             : ", which does not stand among that many comparisons";
}

/// "takes 17.2% less time than simd [16.3, 18.1]"
std::string time_text(const Json& comparison) {
  const double change = 100 * (1 / comparison.at("ratio").get<double>() - 1);
  const Json& ci = comparison.at("ci95");
  const std::string against = text(comparison.at("against_label"));
  if (ci.is_null()) {
    return fmt::format("takes {:.1f}% {} time than {} (too few launches for an interval)",
                       std::abs(change), change < 0 ? "less" : "more", against);
  }
  const double low = 100 * (1 / ci.at(1).get<double>() - 1);
  const double high = 100 * (1 / ci.at(0).get<double>() - 1);
  const std::string interval = fmt::format("[{:+.1f}%, {:+.1f}%]", low, high);
  const std::string verdict = text(comparison.at("verdict_adjusted"));
  if (verdict == "undecided") {
    return fmt::format("cannot be told from {}: the change of its time is within {}{}", against,
                       interval, why_undecided(comparison, low, high));
  }
  if (verdict == "equivalent") {
    return fmt::format("is equivalent to {}: the change of its time is within {}", against,
                       interval);
  }
  return fmt::format("takes {:.1f}% {} time than {} {}", std::abs(change),
                     change < 0 ? "less" : "more", against, interval);
}

/// How often each verdict was reached: "faster on 3, undecided on 1 of 4 problems".
std::string verdict_counts(const std::vector<Json>& comparisons) {
  std::map<std::string, int> counts;
  for (const Json& comparison : comparisons) ++counts[text(comparison.at("verdict_adjusted"))];
  std::string list;
  for (const char* verdict : {"faster", "equivalent", "undecided", "slower"}) {
    if (counts[verdict] == 0) continue;
    list += fmt::format("{}{} on {}", list.empty() ? "" : ", ", verdict, counts[verdict]);
  }
  return fmt::format("{} of {} problems", list, comparisons.size());
}

/// One sentence per compared arm: the largest problem, and how the others went.
void add_comparisons(std::vector<std::string>& answers, const std::vector<Json>& comparisons) {
  const ProblemNames name(comparisons);
  std::vector<std::string> order;
  std::map<std::string, std::vector<Json>> by_arms;
  for (const Json& comparison : comparisons) {
    const std::string arms = comparison.at("label").dump() + comparison.at("against_label").dump();
    if (by_arms[arms].empty()) order.push_back(arms);
    by_arms[arms].push_back(comparison);
  }
  for (const std::string& arms : order) {
    const std::vector<Json>& rows = by_arms[arms];
    std::string answer = fmt::format("{} {} at {}", text(rows.back().at("label")),
                                     time_text(rows.back()), name(rows.back().at("problem")));
    if (rows.size() > 1) answer += "; " + verdict_counts(rows);
    answers.push_back(answer + ".");
  }
}

/// The cells of the largest problem on which arms can be compared, as two or more were measured; or
/// of the largest that was measured at all.
std::vector<const Json*> cells_of_largest(const std::vector<Json>& cells) {
  std::vector<const Json*> largest;
  std::vector<const Json*> current;
  for (const Json& cell : cells) {
    if (cell.at("replica") != 0 || cell.at("seconds").at("median").is_null()) continue;
    if (!current.empty() && current.back()->at("problem") != cell.at("problem")) current.clear();
    current.push_back(&cell);
    if (current.size() >= 2 || largest.size() < 2) largest = current;
  }
  return largest;
}

/// The arm with the least time on the largest problem.
void add_fastest(std::vector<std::string>& answers, const std::vector<Json>& cells,
                 const std::vector<Json>& comparisons) {
  const std::vector<const Json*> candidates = cells_of_largest(cells);
  if (candidates.empty()) {
    answers.emplace_back("Nothing was measured.");
    return;
  }
  const auto median = [](const Json* cell) {
    return cell->at("seconds").at("median").get<double>();
  };
  const Json& best = **std::min_element(
      candidates.begin(), candidates.end(),
      [&](const Json* one, const Json* other) { return median(one) < median(other); });
  const Json& seconds = best.at("seconds");
  const std::string time = duration_with_interval(seconds.at("median"), seconds.at("ci95"));
  std::string answer = fmt::format("At {} ", ProblemNames(cells)(best.at("problem")));
  if (candidates.size() == 1) {
    answer += fmt::format("{} alone was measured: {}", text(best.at("label")), time);
  } else {
    answer += fmt::format("{} has the least time of {} arms, {}", text(best.at("label")),
                          candidates.size(), time);
  }
  for (const Json& row : comparisons) {
    if (row.at("problem") != best.at("problem") || row.at("label") != best.at("label")) continue;
    answer += ": " + speed_text(row.at("ratio"), row.at("ci95"), row.at("against_label"));
    break;
  }
  answers.push_back(answer + ".");
}

std::vector<std::string> section_answers(const Json& section, const Json& summary) {
  std::vector<std::string> answers;
  const std::string name = section.at("name");
  const std::vector<Json> comparisons = of_section(summary.at("comparisons"), name);
  if (section.at("question") == "crossover") {
    for (const Json& crossover : of_section(summary.at("crossovers"), name)) {
      answers.push_back(crossover_answer(crossover));
    }
  } else if (section.at("question") == "cost") {
    for (const Json& cost : of_section(summary.value("costs", Json::array()), name)) {
      answers.push_back(text(cost.at("sentence")) + ".");
    }
  } else if (section.at("question") == "compare" && !comparisons.empty()) {
    add_comparisons(answers, comparisons);
  } else {
    add_fastest(answers, of_section(summary.at("cells"), name), comparisons);
  }
  return answers;
}

}  // namespace

std::vector<std::string> report_answers(const Json& summary) {
  std::vector<std::string> answers;
  const Json& sections = summary.at("sections");
  for (const Json& section : sections) {
    for (const std::string& answer : section_answers(section, summary)) {
      answers.push_back(sections.size() == 1 ? answer : text(section.at("name")) + ": " + answer);
    }
  }
  return answers;
}

}  // namespace crossover::harness
