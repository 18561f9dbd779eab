#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>

#include "experiments/command.h"
#include "experiments/console.h"
#include "experiments/environment.h"
#include "experiments/families.h"
#include "harness/run/interrupt.h"
#include "harness/run/runner.h"
#include "harness/worker/machine.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {
namespace {

using harness::Json;

/// "matmul" or "matmul/simd", matched against what there is; empty parts mean all.
struct Selection {
  std::string family;
  std::string variant;
};

Selection selection_from(const std::string& text, const std::vector<harness::FamilyInfo>& all) {
  const std::size_t slash = text.find('/');
  Selection selection{text.substr(0, slash),
                      slash == std::string::npos ? "" : text.substr(slash + 1)};
  std::vector<std::string> known;
  for (const harness::FamilyInfo& family : all) {
    known.push_back(family.name);
    for (const harness::VariantInfo& variant : family.variants) {
      known.push_back(family.name + "/" + variant.name);
    }
  }
  if (text.empty() || std::find(known.begin(), known.end(), text) != known.end()) return selection;
  const std::string guess = harness::nearest(text, known);
  throw UsageError(fmt::format("nothing is called '{}'{}; legal: {}", text,
                               guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                               fmt::join(known, ", ")));
}

/// Awkward extents: nothing divides anything, one below and above register tiles and cache blocks.
std::string extents_text(const harness::FamilyInfo& family) {
  std::string text;
  for (const std::string& extent : family.extents) {
    const auto chosen = family.check_values.find(extent);
    const bool has_default = family.default_extents.contains(extent);
    text += fmt::format("{} = {}\n", extent,
                        chosen != family.check_values.end() ? chosen->second
                        : has_default                       ? "1, 3"
                                                            : "1, 7, 17, 64, 129");
  }
  return text;
}

/// The plan of a check is the plan of an experiment of which only the untimed part is run.
harness::Plan check_plan(const harness::FamilyInfo& family, const std::string& variant) {
  std::string common =
      fmt::format("family = {}\nbudget = 10h\n{}", family.name, extents_text(family));
  std::vector<std::string> chosen;
  std::vector<std::string> dispatched;
  for (const harness::VariantInfo& info : family.variants) {
    if (!variant.empty() && info.name != variant) continue;
    chosen.push_back(info.name);
    const std::string simd = trait_of(info, "simd");
    if (simd == "highway" || simd == "intrinsics") dispatched.push_back(info.name);
  }
  std::string text = common + fmt::format("[every_variant]\nvariants = {}\nthreads = 1, 2, 3\n",
                                          fmt::join(chosen, ", "));
  const bool has_isa = std::any_of(family.settings.begin(), family.settings.end(),
                                   [](const auto& setting) { return setting.name == "isa"; });
  if (has_isa && !dispatched.empty()) {
    const auto legal = std::find_if(family.settings.begin(), family.settings.end(),
                                    [](const auto& setting) { return setting.name == "isa"; });
    std::vector<std::string> present;
    for (const std::string& name : kernels::instruction_sets()) {
      if (std::find(legal->values.begin(), legal->values.end(), name) != legal->values.end()) {
        present.push_back(name);
      }
    }
    text += fmt::format("[every_instruction_set]\nvariants = {}\nisa = {}\nthreads = 2\n",
                        fmt::join(dispatched, ", "), fmt::join(present, ", "));
  }
  return harness::make_plan(harness::parse_config(text, "check", {}), {family},
                            {harness::read_machine().cores});
}

/// One row per arm: how many problems were right, and the first that was not.
struct Checked {
  Json rows = Json::array();
  bool all_right = true;
};

/// How bad a status is; the worst one of an arm's problems is the arm's.
int badness(harness::Status status) {
  constexpr std::array order{harness::Status::measured, harness::Status::skipped,
                             harness::Status::unsupported, harness::Status::failed,
                             harness::Status::wrong};
  return static_cast<int>(std::find(order.begin(), order.end(), status) - order.begin());
}

Json row_of(const harness::SectionPlan& plan, const harness::Evidence& evidence, std::size_t arm) {
  std::size_t right = 0;
  harness::Status worst = harness::Status::measured;
  Json reason = nullptr;
  for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
    const harness::CellFacts& facts = *evidence.facts(arm, problem);
    right += facts.status == harness::Status::measured;
    if (badness(facts.status) <= badness(worst)) continue;
    worst = facts.status;
    reason = fmt::format("{}: {}", harness::label(plan.problems[problem]), *facts.reason);
  }
  return {{"family", plan.family},
          {"variant", plan.arms[arm].variant},
          {"settings", harness::to_json(plan.arms[arm].settings)},
          {"label", harness::label(plan.arms[arm], plan.varying)},
          {"status", worst == harness::Status::measured ? "right" : to_string(worst)},
          {"problems", plan.problems.size()},
          {"right", right},
          {"reason", reason}};
}

void add_rows(const harness::SectionPlan& plan, const harness::Evidence& evidence,
              Checked& checked) {
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (plan.arms[arm].replica != 0) continue;
    checked.rows.push_back(row_of(plan, evidence, arm));
    const Json& status = checked.rows.back().at("status");
    if (status == "wrong" || status == "failed") checked.all_right = false;
  }
}

void check_family(const harness::FamilyInfo& family, const std::string& variant, Checked& checked) {
  harness::Plan plan = check_plan(family, variant);
  harness::ProcessHost host({"/proc/self/exe", "worker"}, place);
  Recorder progress(plan, nullptr);
  harness::Runner runner(
      plan, {host, progress, monotonic_seconds, harness::read_machine().available_bytes, {family}});
  for (std::size_t section = 0; section < plan.sections.size(); ++section) {
    runner.check(section);
    add_rows(plan.sections[section], runner.evidence(section), checked);
  }
}

void print_rows(const Json& rows) {
  for (const Json& row : rows) {
    std::cout << fmt::format(
        "{:<12} {}/{:<28} {} of {} problems\n", row.at("status").get<std::string>(),
        row.at("family").get<std::string>(), row.at("label").get<std::string>(),
        row.at("right").get<int>(), row.at("problems").get<int>());
    if (!row.at("reason").is_null()) {
      std::cout << "             " << row.at("reason").get<std::string>() << "\n";
    }
  }
}

}  // namespace

int check_command(const Arguments& arguments) {
  Options options(
      "check [FAMILY[/VARIANT]] [options]",
      "Verifies kernels against an independent double-precision reference without timing\n"
      "them: awkward shapes, 1 to 3 threads, every instruction set of this CPU.",
      "crossover check matmul/simd");
  options.add()("format", boost::program_options::value<std::string>()->default_value("text"),
                "text or json");
  options.positional("what", 1);
  if (!options.parse(arguments)) return exit_done;
  const bool json = options.format({"text", "json"}) == "json";
  const std::vector<harness::FamilyInfo> all = families();
  const Selection selection = selection_from(
      options.has("what") ? options.values()["what"].as<std::vector<std::string>>().front() : "",
      all);

  harness::catch_interrupts();
  Checked checked;
  try {
    for (const harness::FamilyInfo& family : all) {
      if (selection.family.empty() || family.name == selection.family) {
        check_family(family, selection.variant, checked);
      }
    }
  } catch (const harness::Interrupted&) {
    return exit_interrupted;
  }
  if (json) {
    std::cout << harness::text_of(checked.rows, 1) << "\n";
  } else {
    print_rows(checked.rows);
  }
  return checked.all_right ? exit_done : exit_cells_failed;
}

}  // namespace crossover::experiments
