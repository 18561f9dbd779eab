#include "harness/results/manifest.h"

#include "harness/names.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

constexpr Names<Question, 4> question_names{{
    {Question::sweep, "sweep"},
    {Question::compare, "compare"},
    {Question::crossover, "crossover"},
    {Question::cost, "cost"},
}};

Json text_object(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json object = Json::object();
  for (const auto& [key, value] : pairs) object[key] = value;
  return object;
}

Json machine_json(const Machine& machine, const std::vector<std::string>& instruction_sets) {
  Json caches = Json::array();
  for (const Cache& cache : machine.caches) {
    caches.push_back({{"level", cache.level},
                      {"type", cache.type},
                      {"bytes", cache.bytes},
                      {"shared_by", cache.shared_by}});
  }
  return {{"name", machine.name()},
          {"cpu", machine.cpu},
          {"cpu_model", nullable(machine.cpu_model)},
          {"cores", machine.cores},
          {"smt", nullable(machine.smt)},
          {"caches", caches},
          {"memory_bytes", machine.memory_bytes},
          {"governor", nullable(machine.governor)},
          {"hypervisor", nullable(machine.hypervisor)},
          {"kernel", machine.kernel},
          {"hostname", machine.hostname},
          {"isa", instruction_sets}};
}

Json protocol_json(const Protocol& protocol) {
  return {{"looks", protocol.looks},
          {"quartets", protocol.quartets},
          {"min_sample_seconds", protocol.min_sample_seconds},
          {"equivalence_margin", protocol.equivalence_margin},
          {"target_half_width", protocol.target_half_width},
          {"budget_seconds", protocol.budget_seconds},
          {"timeout_seconds", protocol.timeout_seconds},
          {"predicted_grid", protocol.predicted_grid},
          {"sharp_launches", protocol.sharp_launches}};
}

Json pairs_json(const std::vector<Pair>& pairs) {
  Json array = Json::array();
  for (const Pair& pair : pairs) {
    array.push_back({{"variant", pair.variant}, {"against", pair.against}});
  }
  return array;
}

Json arm_json(const Arm& arm, const SectionPlan& section, const Placement& placement) {
  return {{"family", arm.family},
          {"variant", arm.variant},
          {"settings", to_json(arm.settings)},
          {"replica", arm.replica},
          {"label", label(arm, section.varying)},
          {"environment", text_object(placement.environment)},
          {"cpus", placement.cpus}};
}

Json curve_json(const Curve& curve) {
  return {{"fixed", to_json(curve.fixed)},
          {"problems", curve.problems},
          {"axis_values", curve.axis_values}};
}

Json sharpening_json(const Sharpening& sharpening) {
  return {{"variant", sharpening.pair.variant},
          {"against", sharpening.pair.against},
          {"curve", sharpening.curve},
          {"problems", sharpening.problems},
          {"axis_values", sharpening.axis_values}};
}

Json section_json(const SectionPlan& section, const ProcessHost::Place& place) {
  Json arms = Json::array();
  for (const Arm& arm : section.arms) arms.push_back(arm_json(arm, section, place(arm)));
  Json problems = Json::array();
  for (const Problem& problem : section.problems) problems.push_back(to_json(problem));
  Json curves = Json::array();
  for (const Curve& curve : section.curves) curves.push_back(curve_json(curve));
  Json sharpenings = Json::array();
  for (const Sharpening& one : section.sharpenings) sharpenings.push_back(sharpening_json(one));
  return {{"name", section.name},
          {"question", to_string(section.question)},
          {"family", section.family},
          {"ceiling", section.ceiling},
          {"axis", section.axis},
          {"protocol", protocol_json(section.protocol)},
          {"arms", arms},
          {"problems", problems},
          {"aa_problems", section.aa_problems},
          {"comparisons", pairs_json(section.comparisons)},
          {"aa_pairs", pairs_json(section.aa_pairs)},
          {"curves", curves},
          {"sharpenings", sharpenings},
          {"varying", section.varying}};
}

}  // namespace

Json sections_json(const std::vector<SectionPlan>& plans, const ProcessHost::Place& place) {
  Json sections = Json::array();
  for (const SectionPlan& section : plans) sections.push_back(section_json(section, place));
  return sections;
}

std::string to_string(Question question) { return name_in(question_names, question); }

Question question_from(const std::string& text) { return value_in(question_names, text); }

Json make_manifest(const Plan& plan, const Machine& machine, const BuildInfo& build,
                   const std::vector<std::string>& command_line,
                   const std::vector<std::string>& instruction_sets,
                   const ProcessHost::Place& place) {
  return {{"schema", schema_version},
          {"experiment", plan.experiment},
          {"version", build.version},
          {"git", build.git},
          {"started", utc_now()},
          {"finished", nullptr},
          {"state", "running"},
          {"command_line", command_line},
          {"config_path", plan.source},
          {"config", plan.config},
          {"overrides", text_object(plan.overrides)},
          {"seed", plan.seed},
          {"machine", machine_json(machine, instruction_sets)},
          {"build",
           {{"compiler", build.compiler},
            {"flags", build.flags},
            {"libraries", text_object(build.libraries)}}},
          {"ceilings", Json::object()},
          {"sections", sections_json(plan.sections, place)},
          {"isolation", {{"turns", 0}, {"others_ran", 0}}},
          {"warnings", plan.warnings}};
}

}  // namespace crossover::harness
