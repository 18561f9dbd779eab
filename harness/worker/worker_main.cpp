#include "harness/worker/worker_main.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <optional>

#include "harness/json.h"
#include "harness/worker/channel.h"
#include "harness/worker/cpu_time.h"
#include "harness/worker/measurement.h"
#include "harness/worker/pinning.h"

namespace crossover::harness {
namespace {

Cell cell_from(const Json& object) {
  return {object.at("section"),
          {object.at("family"), object.at("variant"), settings_from(object.at("settings")),
           object.at("replica")},
          problem_from(object.at("problem"))};
}

/// Holds the case between the requests.
class Session {
 public:
  explicit Session(const CaseFactory& make_case) : make_case_(make_case) {}

  Json answer(const Json& request) {
    const std::string what = request.at("do");
    if (what == "prepare") return prepare(request);
    if (what == "sample") return sample(request);
    if (what == "protocol") return {{"protocol", worker_protocol}};
    case_.reset();
    return Json::object();
  }

 private:
  Json prepare(const Json& request) {
    case_.reset();
    try {
      const auto start = std::chrono::steady_clock::now();
      case_ = make_case_(cell_from(request.at("cell")));
      const std::chrono::duration<double> setup = std::chrono::steady_clock::now() - start;
      const bool check = request.at("check");
      // The first call starts the threads that there will be; what follows runs on pinned ones.
      const auto wrong = check ? case_->why_wrong() : first_call();
      if (wrong) return to_json(refused(Status::wrong, *wrong));
      pin_threads(request.at("cpus"));
      if (!check) return to_json(CellFacts{});
      CellFacts facts = characterise(*case_, request.at("min_sample_seconds"));
      facts.setup_seconds = setup.count();
      return to_json(facts);
    } catch (const Unsupported& error) {
      return to_json(refused(Status::unsupported, error.what()));
    } catch (const std::bad_alloc&) {
      return to_json(refused(Status::failed, "out of memory"));
    } catch (const std::exception& error) {
      return to_json(refused(Status::failed, error.what()));
    }
  }

  std::optional<std::string> first_call() {
    if (case_->give_back) case_->give_back();
    case_->call();
    return std::nullopt;
  }

  Json sample(const Json& request) {
    if (!case_) return {{"failure", "asked for a sample before a case was prepared"}};
    try {
      const double warm_up_seconds = request.at("warm_up_seconds");
      if (warm_up_seconds > 0) warm_up(*case_, warm_up_seconds);
      return to_json(measure(*case_, request.at("iterations"), cpus_, counters_));
    } catch (const std::exception& error) {
      return {{"failure", std::string("threw: ") + error.what()}};
    }
  }

  const CaseFactory& make_case_;
  const HardwareCounters counters_;               // before any thread is started, to cover them all
  const std::vector<int> cpus_ = allowed_cpus();  // before the first thread is pinned
  std::optional<Case> case_;
};

}  // namespace

void worker_main(int descriptor, const CaseFactory& make_case) {
  int count = 1;
  char name[] = "worker";
  char* arguments[] = {name, nullptr};
  benchmark::Initialize(&count, arguments);

  Channel channel(descriptor);
  Session session(make_case);
  std::string line;
  while (channel.receive(line, std::nullopt) == Channel::Received::line) {
    if (!channel.send(text_of(session.answer(Json::parse(line))))) return;
  }
}

}  // namespace crossover::harness
