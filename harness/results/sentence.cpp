#include "harness/results/sentence.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>

#include "harness/duration.h"
#include "harness/statistics/multiplicity.h"

namespace crossover::harness {
namespace {

std::string between(const std::string& axis, const Json& interval) {
  return fmt::format("between {} {} and {}", axis, interval.at(0).get<std::int64_t>(),
                     interval.at(1).get<std::int64_t>());
}

std::string crossing_sentence(const Json& crossover, const std::string& variant,
                              const std::string& against) {
  const std::string axis = crossover.at("axis");
  const Json& intervals = crossover.at("intervals");
  const Json& rising = crossover.at("variant_wins_above");
  std::string text = variant;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const bool overtakes = rising.at(i);
    text +=
        fmt::format("{} {} {} {}", i == 0 ? "" : ", then", overtakes ? "overtakes" : "falls behind",
                    i == 0 ? against : "it", between(axis, intervals.at(i)));
  }
  return text;
}

double width(const Json& interval) {
  return interval.at(1).get<double>() - interval.at(0).get<double>();
}

/// ", sharper 43.1 to 44.9"; empty where it is not.
std::string sharper(const Json& crossover) {
  const Json& sharp = crossover.at("sharp");
  if (sharp.is_null() || width(sharp) >= width(crossover.at("intervals").at(0))) return "";
  return fmt::format(", sharper {:.4g} to {:.4g}", sharp.at(0).get<double>(),
                     sharp.at(1).get<double>());
}

/// First and last value of the axis that was measured.
std::string range(const Json& crossover) {
  const Json& points = crossover.at("points");
  return fmt::format("{} {} to {}", crossover.at("axis").get<std::string>(),
                     points.front().at("axis_value").get<std::int64_t>(),
                     points.back().at("axis_value").get<std::int64_t>());
}

std::string fixed_text(const Json& fixed) {
  std::string text;
  for (const auto& [name, value] : fixed.items()) {
    if (name == "batch" && value == 1) continue;
    if (name == "tokens" && value == 0) continue;  // as many as each text has
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value.get<std::int64_t>());
  }
  return text.empty() ? text : text + ": ";
}

std::string outcome_text(const Json& crossover, const std::string& variant,
                         const std::string& against) {
  const std::string outcome = crossover.at("outcome");
  if (crossover.at("points").empty()) {
    return fmt::format("{} against {}: nothing was measured", variant, against);
  }
  if (outcome == "crossing" || outcome == "several") {
    return crossing_sentence(crossover, variant, against) + sharper(crossover);
  }
  if (outcome == "below") {
    return fmt::format("{} wins over {} on the whole range, {}", variant, against,
                       range(crossover));
  }
  if (outcome == "above") {
    return fmt::format("{} loses to {} on the whole range, {}", variant, against, range(crossover));
  }
  if (outcome == "indistinguishable") {
    return fmt::format("{} and {} are indistinguishable on the whole range, {}", variant, against,
                       range(crossover));
  }
  if (crossover.at("intervals").empty()) {
    return fmt::format("{} against {}: no answer within the budget", variant, against);
  }
  return "no answer within the budget; perhaps " + crossing_sentence(crossover, variant, against);
}

/// "The cost model predicted 41.2, between 36.8 and 47.9"
std::string prediction_sentence(const Json& crossover) {
  const Json& value = crossover.at("predicted");
  const Json& band = crossover.at("predicted_band");
  if (value.is_null()) {
    const Json& reason = crossover.at("predicted_reason");
    if (reason.is_null()) return "";
    return "The cost model predicts no crossover: " + reason.get<std::string>();
  }
  std::string text = fmt::format("The cost model predicted {} {:.4g}",
                                 crossover.at("axis").get<std::string>(), value.get<double>());
  if (!band.is_null()) {
    text += fmt::format(", between {:.4g} and {:.4g}", band.at(0).get<double>(),
                        band.at(1).get<double>());
  }
  const Json& assumption = crossover.at("predicted_assumption");
  return assumption.is_null() ? text : text + "; it assumes that " + assumption.get<std::string>();
}

std::string estimate_text(const Json& estimate) {
  const Json& ci = estimate.at("ci95");
  return duration_with_interval(estimate.at("value"), ci) + (ci.is_null() ? " (no interval)" : "");
}

/// What in a peak on `threads` makes percentages of it doubtful; empty where nothing does.
/// `of_one`: the peak on one thread, 0 where it was not measured.
std::string peak_warning(int threads, double best, double lowest, double of_one) {
  constexpr double usual_spread = 0.9;
  constexpr double usual_share = 0.8;
  const char* plural = threads == 1 ? "" : "s";
  std::string text;
  if (lowest < usual_spread * best) {
    text += fmt::format(
        " NOTE: only {:.1f} GFLOP/s on {} thread{} in the worst launch: this machine did not give "
        "its whole cores all the time.",
        lowest, threads, plural);
  }
  if (best < usual_share * threads * of_one) {
    text += fmt::format(
        " NOTE: {} threads reached {:.2f} times the peak of one: they share something, or no "
        "launch had all of its cores, and percentages of that peak are too high.",
        threads, best / of_one);
  }
  return text;
}

/// One probe of operations at every number of threads.
std::string peak_sentence(const std::string& name, const Json& entries) {
  std::string text;
  std::string warnings;
  double of_one = 0;
  for (const Json& entry : entries) {
    const int threads = entry.at("threads");
    const double best = 1e-9 * entry.at("flops_per_second").get<double>();
    if (threads == 1) of_one = best;
    text += fmt::format("{}{:.1f} GFLOP/s on {} thread{}", text.empty() ? "" : ", ", best, threads,
                        threads == 1 ? "" : "s");
    warnings += peak_warning(threads, best, 1e-9 * entry.at("lowest_launch").get<double>(), of_one);
  }
  return fmt::format("{} (registers only, best launch of this run): {}.{}", name, text, warnings);
}

}  // namespace

std::string duration_with_interval(double seconds, const Json& ci) {
  std::string text = duration_text(seconds);
  if (!ci.is_null()) {
    text += fmt::format(" [{}, {}]", duration_text(ci.at(0)), duration_text(ci.at(1)));
  }
  return text;
}

std::string cost_sentence(const Json& cost) {
  const Json& error = cost.at("worst_error");
  return fmt::format("{}: {} fixed and {} per unit of {}; the line is {:+.0f}% off at {}={}",
                     cost.at("label").get<std::string>(), estimate_text(cost.at("fixed_seconds")),
                     estimate_text(cost.at("seconds_per_unit")), cost.at("axis").get<std::string>(),
                     100 * error.at("relative").get<double>(), cost.at("axis").get<std::string>(),
                     error.at("axis_value").get<std::int64_t>());
}

std::string outcome_sentence(const Json& crossover) {
  const std::string variant = crossover.at("label");
  const std::string against = crossover.at("against_label");
  std::string text = fixed_text(crossover.at("fixed")) + outcome_text(crossover, variant, against);
  for (const Json& note : crossover.at("notes")) text += "; " + note.get<std::string>();
  return text;
}

std::vector<std::string> crossing_details(const Json& crossover) {
  std::vector<std::string> details;
  const auto text_of_interval = [&](const Json& interval) {
    return fmt::format("{} {} to {}", crossover.at("axis").get<std::string>(),
                       interval.at(0).get<std::int64_t>(), interval.at(1).get<std::int64_t>());
  };
  if (const Json& slope = crossover.at("slope"); !slope.is_null()) {
    constexpr double step = 1.1;
    const double change = std::abs(std::expm1(slope.get<double>() * std::log(step)));
    details.push_back(fmt::format("There, 10% more {} changes the ratio by {:.1f}%",
                                  crossover.at("axis").get<std::string>(), 100 * change));
  }
  if (const std::string text = prediction_sentence(crossover); !text.empty()) {
    details.push_back(text);
  }
  if (const Json& flag = crossover.at("sharp_flag"); !flag.is_null()) {
    details.push_back(fmt::format("Sharpening gave no interval ({}); the one between sizes stands",
                                  flag.get<std::string>()));
  }
  if (crossover.at("intervals").size() > 1) {
    const Json& persistent = crossover.at("persistent");
    details.push_back(
        fmt::format("{} crossings; the first at {}, {}", crossover.at("intervals").size(),
                    text_of_interval(crossover.at("first")),
                    persistent.is_null()
                        ? "none that is known to hold to the end of the range"
                        : "the one that holds from there on at " + text_of_interval(persistent)));
  }
  return details;
}

std::string adjustment_sentence(const std::vector<Json>& comparisons) {
  std::size_t differences = 0;
  std::size_t standing = 0;
  std::size_t launches = std::numeric_limits<std::size_t>::max();
  for (const Json& row : comparisons) {
    const auto is_difference = [](const Json& verdict) {
      return verdict == "faster" || verdict == "slower";
    };
    differences += is_difference(row.at("verdict"));
    standing += is_difference(row.at("verdict_adjusted"));
    launches = std::min(launches, row.at("launches").get<std::size_t>());
  }
  if (comparisons.size() < 2 || differences == 0) return "";
  const bool holm = comparisons.front().at("adjustment") == "holm";
  std::string text = fmt::format(
      "{} of {} differences stand after {} over {} comparisons", standing, differences,
      holm ? "Holm's correction" : "Benjamini and Hochberg's correction", comparisons.size());
  if (standing < differences) text += "; the others are marked *";
  if (holm && most_comparisons(launches) < comparisons.size()) {
    text +=
        fmt::format("; {} launches carry at most {} comparisons, more launches would carry more",
                    launches, most_comparisons(launches));
  }
  return text + ".";
}

std::string noise_sentence(const Json& noise_floor) {
  if (noise_floor.at("ratio").is_null()) return "Noise floor: not measured (no A/A arms).";
  const double ratio = noise_floor.at("ratio");
  const Json& ci = noise_floor.at("ci95");
  if (ci.is_null())
    return fmt::format("Noise floor: A/A ratio {:.4f}, too few launches for an interval.", ratio);
  const double low = ci.at(0);
  const double high = ci.at(1);
  std::string text =
      fmt::format("Noise floor: A/A ratio {:.4f} [{:.4f}, {:.4f}].", ratio, low, high);
  if (low > 1 || high < 1) {
    text +=
        " WARNING: the interval excludes 1; identical arms differ on this machine (by chance in "
        "one "
        "run of twenty).";
  }
  return text;
}

std::string ceilings_sentence(const Json& ceilings) {
  if (ceilings.value("fma_f32", Json::array()).empty()) return "FMA peak: not measured.";
  std::string text = peak_sentence("FMA peak", ceilings.at("fma_f32"));
  const Json dot_products = ceilings.value("int8_dot", Json::array());
  return dot_products.empty() ? text : text + " " + peak_sentence("8-bit peak", dot_products);
}

std::string bandwidth_sentence(const Json& ceilings, const std::string& probe) {
  std::map<int, std::string> teams;
  for (const Json& entry : ceilings.value(probe, Json::array())) {
    const Json& kib = entry.at("kib");
    const std::string level =
        kib.is_null() ? "memory" : fmt::format("{} KiB", kib.get<std::int64_t>());
    std::string& text = teams[entry.at("threads")];
    text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ", level,
                        1e-9 * entry.at("bytes_per_second").get<double>());
  }
  std::string text = fmt::format(
      "Bandwidth of {} by memory per thread (best launch of this run; a cell is judged by the "
      "largest that is no larger than its own), GB/s:",
      probe);
  for (const auto& [threads, levels] : teams) {
    text += fmt::format(" {} thread{}: {}.", threads, threads == 1 ? "" : "s", levels);
  }
  return text;
}

}  // namespace crossover::harness
