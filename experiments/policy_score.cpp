#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <optional>

#include "build_info.h"
#include "experiments/figures.h"
#include "experiments/policy_actions.h"
#include "harness/policy/policy_file.h"
#include "harness/policy/published_rules.h"
#include "harness/policy/score_report.h"
#include "harness/results/run_directory.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// What is judged, and on what.
struct Question {
  std::string policy;
  std::vector<std::string> runs;
};

/// Every run of the published hold-out.
std::vector<std::string> reference_runs() {
  std::vector<std::string> runs;
  std::error_code none;
  const fs::path folder = fs::path(source_root) / "results" / "reference" / "policy_holdout";
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (fs::exists(entry.path() / "manifest.json")) runs.push_back(entry.path().string());
  }
  std::sort(runs.begin(), runs.end());
  if (runs.empty()) {
    throw UsageError(
        fmt::format("there is no published hold-out in {}; name a policy and the runs "
                    "to judge it on: crossover policy score POLICY RUN...",
                    folder.string()));
  }
  return runs;
}

/// What is not named is the published one, which is said.
Question question_from(const std::vector<std::string>& words) {
  Question question;
  question.policy = words.empty() ? reference_policy() : words.front();
  if (words.size() > 1) {
    question.runs.assign(words.begin() + 1, words.end());
    return question;
  }
  question.runs = reference_runs();
  std::cerr << "judging " << fs::proximate(question.policy).string() << " on";
  for (const std::string& run : question.runs) std::cerr << " " << fs::proximate(run).string();
  std::cerr << "\n";
  return question;
}

harness::MeasuredShapes held_out_shapes(const harness::Policy& policy, const Question& question,
                                        harness::Score& score) {
  harness::MeasuredShapes measured;
  try {
    measured = harness::collect_shapes(read_runs(question.runs));
  } catch (const harness::UnfitRuns& error) {
    throw UsageError(error.what());
  }
  const auto require = [&](const char* what, const std::string& of_policy,
                           const std::string& of_runs) {
    if (of_policy == of_runs) return;
    throw UsageError(fmt::format("{}: {} of the policy is {}; the runs have {}", question.policy,
                                 what, of_policy, of_runs));
  };
  require("the machine", policy.machine, measured.machine);
  require("the condition", harness::condition_text(policy.condition),
          harness::condition_text(measured.condition));
  std::erase_if(measured.shapes, [&](const harness::MeasuredShape& shape) {
    const bool known =
        std::binary_search(policy.training.begin(), policy.training.end(), shape.shape);
    if (known) score.dropped.push_back(shape.shape);
    return known;
  });
  if (measured.shapes.empty()) {
    throw UsageError(fmt::format("{}: was fitted to all {} shapes of the runs; judge it on others",
                                 question.policy, score.dropped.size()));
  }
  return measured;
}

/// Floats in the widest register that the runs' machine has.
double vector_lanes(const harness::StoredRun& run) {
  for (const harness::Json& set : run.manifest.at("machine").at("isa")) {
    if (set == "avx3") return 16;
    if (set == "avx2") return 8;
  }
  return 4;
}

harness::Score judged(const harness::Policy& policy, const Question& question,
                      const Options& options) {
  constexpr std::size_t replicates = 2000;
  harness::Score score;
  const harness::MeasuredShapes measured = held_out_shapes(policy, question, score);
  score.machine = policy.machine;
  score.policy_made = policy.made;
  score.condition = policy.condition;
  score.threads = measured.threads;
  score.shapes = measured.shapes.size();
  score.incomplete = measured.incomplete;
  score.seed = options.seed();
  score.replicates = replicates;
  score.runs = measured.sources;
  score.launches = measured.shapes.front().seconds.front().size();
  for (const harness::MeasuredShape& shape : measured.shapes) {
    score.launches = std::min(score.launches, shape.seconds.front().size());
  }
  std::vector<harness::Strategy> strategies{
      {"policy", "k >= k*(m,n)", "this policy", false,
       [&](const harness::Shape& shape) { return harness::choose_threads(policy, shape); }}};
  const double lanes = vector_lanes(harness::read_run(question.runs.front()));
  for (harness::Strategy& rule : harness::published_rules({measured.threads.back(), lanes})) {
    strategies.push_back(std::move(rule));
  }
  try {
    score.findings = harness::judge(measured, strategies, score.seed, replicates);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", question.runs.front(), error.what()));
  }
  return score;
}

void draw(const fs::path& folder) {
  if (run_plots("regret.py", {(folder / "score.json").string(), "--out",
                              (folder / "figures").string()}) != exit_done) {
    std::cerr << "warning: no figure was drawn; see above\n";
  }
}

void store(const harness::Score& score, const harness::Table& table, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw harness::StorageError(
        fmt::format("cannot make {}: {}", folder.string(), error.message()));
  }
  harness::write_file(folder / "score.json",
                      harness::text_of(harness::score_json(score), 1) + "\n");
  harness::write_file(folder / "score.md", harness::as_markdown(table));
  harness::write_file(folder / "score.csv", harness::as_csv(table));
}

/// Where the score goes: beside a policy that was named. The published one has its score there,
/// which is not to be replaced unasked.
std::optional<fs::path> folder_from(const Options& options) {
  if (options.has("out")) return fs::path(options.text("out"));
  const std::vector<std::string> words = options.words("words");
  std::error_code none;
  if (words.empty() || fs::equivalent(words.front(), reference_policy(), none)) {
    return std::nullopt;
  }
  return fs::absolute(words.front()).parent_path();
}

}  // namespace

int policy_score(const Arguments& arguments) {
  Options options(
      "policy score [POLICY [RUN...]] [options]",
      "Judges a policy, and every published rule, on stored sweeps of shapes that the policy was\n"
      "not fitted to, such as experiments/policy_holdout.cfg. Without arguments, the published\n"
      "policy on its published runs. Writes score.json, score.md, score.csv and a figure beside "
      "the\n"
      "policy that is named, or into the folder of --out.",
      "crossover policy score policy.json results/policy_holdout/20260131T120000Z-host");
  options.add()(
      "out", po::value<std::string>(),
      "folder for what is written (default: that of POLICY; nothing is written for the published "
      "one)")("seed", po::value<long long>()->default_value(1), "of the bootstrap samples")(
      "no-figures", "do not draw the figure")(
      "format", po::value<std::string>()->default_value("text"), "text or json");
  options.positional("words", -1);
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const Question question = question_from(options.words("words"));
  const harness::Policy policy = harness::read_policy(existing(question.policy));
  const harness::Score score = judged(policy, question, options);
  const harness::Table table = harness::score_table(score);
  if (json) {
    std::cout << harness::text_of(harness::score_json(score), 1) << "\n";
  } else {
    std::cout << harness::as_text(table);
  }
  const std::optional<fs::path> folder = folder_from(options);
  if (!folder) {
    std::cerr << "not written: the published policy has its score; --out FOLDER writes this one\n";
    return exit_done;
  }
  store(score, table, *folder);
  if (!options.has("no-figures")) draw(*folder);
  return exit_done;
}

}  // namespace crossover::experiments
