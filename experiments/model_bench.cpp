#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iostream>
#include <sys/resource.h>

#include "experiments/encoder_options.h"
#include "experiments/model_actions.h"
#include "harness/duration.h"
#include "harness/json.h"
#include "harness/results/run_directory.h"
#include "harness/results/sentence.h"
#include "harness/statistics/statistics.h"
#include "harness/worker/allocation_counter.h"

namespace crossover::experiments {
namespace {

namespace po = boost::program_options;
using harness::Json;

double seconds_since(model::Clock::time_point begin) {
  return std::chrono::duration<double>(model::Clock::now() - begin).count();
}

/// Of this process so far, mapped weights that were read included.
double peak_memory_bytes() {
  constexpr double kib = 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return kib * static_cast<double>(usage.ru_maxrss);
}

/// What some passes over one batch showed.
struct Passes {
  std::vector<double> seconds;       // of each pass
  std::vector<double> text_seconds;  // of each text of each pass that was profiled
  std::array<double, model::operations> operation_seconds{};  // of one pass, all teams
  std::vector<double> waiting_seconds;                        // of one pass, by thread
  kernels::ExecutionCounters counters;                        // of one pass
  std::optional<harness::AllocationCounts> allocations;       // of one pass
};

Passes measure(EncoderRun& run, model::PassProfile& profile, int passes) {
  Passes result;
  run.runner->run(nullptr);  // the threads start, the caches fill
  for (int pass = 0; pass < passes; ++pass) {
    const model::Clock::time_point begin = model::Clock::now();
    run.runner->run(nullptr);
    result.seconds.push_back(seconds_since(begin));
    run.runner->run(&profile);
    result.text_seconds.insert(result.text_seconds.end(), profile.text_seconds().begin(),
                               profile.text_seconds().end());
  }
  result.operation_seconds = profile.seconds();
  result.waiting_seconds = profile.waiting_seconds();
  kernels::reset_execution_counters();
  {
    const harness::AllocationCounting counting;
    run.runner->run(nullptr);
    result.allocations = counting.counts();
  }
  result.counters = kernels::read_execution_counters();
  return result;
}

/// The q-quantile where the number of values supports it: ten of them lie beyond it.
std::optional<double> quantile(std::vector<double> values, double q) {
  constexpr double beyond = 10;
  if (static_cast<double>(values.size()) * std::min(q, 1 - q) < beyond && q != 0.5) {
    return std::nullopt;
  }
  const auto place = std::lround(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

Json nullable(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json document(const EncoderRun& run, const Passes& passes, double load_seconds) {
  const double seconds = harness::median(passes.seconds);
  const auto interval = harness::median_interval(passes.seconds);
  Json operations = Json::object();
  for (std::size_t i = 0; i < model::operations; ++i) {
    operations[std::string(model::name_of(static_cast<model::Operation>(i)))] =
        passes.operation_seconds[i];
  }
  const double texts = static_cast<double>(run.runner->texts());
  const double tokens = static_cast<double>(run.runner->tokens());
  return {
      {"texts", run.runner->texts()},
      {"tokens", run.runner->tokens()},
      {"passes", passes.seconds.size()},
      {"load_seconds", load_seconds},
      {"seconds",
       {{"median", seconds},
        {"ci95", interval ? Json({interval->ci.low, interval->ci.high}) : Json(nullptr)}}},
      {"texts_per_second", texts / seconds},
      {"tokens_per_second", tokens / seconds},
      {"text_seconds",
       {{"median", nullable(quantile(passes.text_seconds, 0.5))},
        {"p95", nullable(quantile(passes.text_seconds, 0.95))},
        {"p99", nullable(quantile(passes.text_seconds, 0.99))}}},
      {"operation_seconds", operations},
      {"waiting_seconds", passes.waiting_seconds},
      {"parallel_regions", passes.counters.parallel_regions},
      {"tasks", passes.counters.tasks},
      {"threads_used", passes.counters.threads_used},
      {"allocations", passes.allocations ? Json(passes.allocations->allocations) : Json(nullptr)},
      {"activation_bytes", run.runner->memory_bytes()},
      {"peak_memory_bytes", peak_memory_bytes()},
      {"code_path", run.runner->code_path().value_or("")}};
}

std::string time_text(const Json& seconds) {
  return seconds.is_null() ? "-" : harness::duration_text(seconds);
}

void print_text(const Json& d) {
  std::cout << fmt::format(
      "{} texts, {} tokens, {} passes; {}\n"
      "a pass takes {}: {:.1f} texts/s, {:.0f} tokens/s\n"
      "a text takes {} (median), {} (95%), {} (99%); loading took {}\n"
      "a pass enters {} parallel regions, starts {} tasks on {} threads, allocates {} times\n"
      "{:.0f} MB of memory at most, {:.1f} MB of them for activations\n\n",
      d["texts"].dump(), d["tokens"].dump(), d["passes"].dump(), d["code_path"].get<std::string>(),
      harness::duration_with_interval(d["seconds"]["median"], d["seconds"]["ci95"]),
      d["texts_per_second"].get<double>(), d["tokens_per_second"].get<double>(),
      time_text(d["text_seconds"]["median"]), time_text(d["text_seconds"]["p95"]),
      time_text(d["text_seconds"]["p99"]), time_text(d["load_seconds"]),
      d["parallel_regions"].dump(), d["tasks"].dump(), d["threads_used"].dump(),
      d["allocations"].dump(), d["peak_memory_bytes"].get<double>() / 1e6,
      d["activation_bytes"].get<double>() / 1e6);
  double sum = 0;
  for (const auto& [name, seconds] : d["operation_seconds"].items()) sum += seconds.get<double>();
  for (const auto& [name, seconds] : d["operation_seconds"].items()) {
    std::cout << fmt::format("{:<14}{:>10}  {:>5.1f}%\n", name, time_text(seconds),
                             100 * seconds.get<double>() / sum);
  }
  int thread = 0;
  for (const Json& seconds : d["waiting_seconds"]) {
    std::cout << fmt::format("thread {:<7}{:>10}  waiting\n", thread++, time_text(seconds));
  }
}

/// The last pass as Chrome and Perfetto show it: a line for each team.
void write_trace(const std::string& path, const model::PassProfile& profile) {
  const auto microseconds = [&](model::Clock::time_point time) {
    return std::chrono::duration<double, std::micro>(time - profile.start()).count();
  };
  Json events = Json::array();
  for (std::size_t team = 0; team < profile.teams().size(); ++team) {
    for (const model::Event& event : profile.teams()[team].events) {
      events.push_back({{"name", model::name_of(event.operation)},
                        {"ph", "X"},
                        {"pid", 0},
                        {"tid", team},
                        {"ts", microseconds(event.begin)},
                        {"dur", microseconds(event.end) - microseconds(event.begin)},
                        {"args", {{"text", event.text}}}});
    }
  }
  harness::write_file(path, Json{{"traceEvents", std::move(events)}}.dump() + "\n");
}

}  // namespace

int model_bench(const Arguments& arguments) {
  Options options(
      "model bench [options]",
      "Runs one batch of texts several times and prints how fast that is, how long each\n"
      "text takes, and where the time goes. For comparisons use experiments, which take\n"
      "turns: crossover run batch_crossover.",
      "crossover model bench --granularity coarse --threads 2 --batch 32");
  add_encoder_options(options);
  options.add()("batch", po::value<int>()->default_value(32),
                "texts, cycled where there are fewer")(
      "passes", po::value<int>()->default_value(10), "how often")(
      "trace", po::value<std::string>(), "write the last pass as a trace for Chrome or Perfetto")(
      "format", po::value<std::string>()->default_value("text"), "text or json");
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const int batch = options.values()["batch"].as<int>();
  const int passes = options.values()["passes"].as<int>();
  constexpr int most = 1'000'000;
  if (batch < 1 || batch > most) {
    throw UsageError(fmt::format("--batch = {}; expected 1 to {}", batch, most));
  }
  if (passes < 1 || passes > most) {
    throw UsageError(fmt::format("--passes = {}; expected 1 to {}", passes, most));
  }
  const model::Clock::time_point begin = model::Clock::now();
  EncoderRun run(options, static_cast<std::size_t>(batch));
  const double load_seconds = seconds_since(begin);
  report_texts(run);
  constexpr std::size_t most_events = 1 << 18;
  model::PassProfile profile(run.runner->teams(), run.mode.threads, run.runner->texts(),
                             options.has("trace") ? most_events : 0);
  const Json result = document(run, measure(run, profile, passes), load_seconds);
  if (options.has("trace")) write_trace(options.text("trace"), profile);
  if (json) {
    std::cout << harness::text_of(result, 1) << "\n";
  } else {
    print_text(result);
  }
  return exit_done;
}

}  // namespace crossover::experiments
