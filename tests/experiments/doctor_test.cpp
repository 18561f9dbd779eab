#include "experiments/doctor.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace crossover::experiments {
namespace {

using harness::Json;

/// Evidence as the plan would find it on a machine where everything takes `call_seconds`, two
/// threads doing the work of one in launch 1 only.
std::vector<harness::Evidence> evidence_for(const harness::Plan& plan, double call_seconds) {
  std::vector<harness::Evidence> all;
  for (const harness::SectionPlan& section : plan.sections) {
    harness::Evidence evidence(harness::pairs_of(section));
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      for (int launch = 0; launch < section.protocol.looks.front(); ++launch) {
        for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
          const int threads = harness::threads_of(section.arms[arm]);
          harness::CellFacts facts;
          facts.call_seconds = call_seconds;
          const bool works = section.name == "fma_f32" || section.name == "int8_dot";
          facts.work.flops = works ? 1e6 * threads : 0;
          facts.work.bytes = section.name == "stream_read" ? 1e6 * threads : 0;
          facts.counts.execution.code_path = "code of " + section.arms[arm].settings.at("isa");
          evidence.set_facts(arm, problem, facts);
          harness::Sample sample;
          sample.launch = launch;
          sample.iterations = 1;
          sample.seconds = call_seconds * (works && threads == 2 && launch == 1 ? 2 : 1);
          evidence.add(arm, problem, sample);
          evidence.add(arm, problem, sample);  // on the way out and on the way back
        }
        evidence.close();
      }
    }
    all.push_back(std::move(evidence));
  }
  return all;
}

harness::MachineState quiet_state(int cores) {
  harness::MachineState state;
  state.cpus = state.cores = cores;
  return state;
}

Json report_for(int cores) {
  const harness::Plan plan = doctor_plan(cores, true);
  return doctor_report({}, quiet_state(cores), plan, evidence_for(plan, 1e-4));
}

TEST(Doctor, PlansOnAnyMachine) {
  for (const int cores : {1, 2, 3, 64, 256}) {
    for (const bool quick : {false, true}) {
      const harness::Plan plan = doctor_plan(cores, quick);
      const bool forks = std::any_of(plan.sections.begin(), plan.sections.end(),
                                     [](const auto& s) { return s.name == "parallel_region"; });
      EXPECT_EQ(forks, cores > 1);
      EXPECT_EQ(plan.sections.back().name, "noise");
      EXPECT_TRUE(plan.warnings.empty());
    }
  }
}

TEST(Doctor, ReportsRatesCostsAndNoise) {
  const Json report = report_for(2);
  EXPECT_DOUBLE_EQ(report.at("ceilings").at("fma_f32")[0].at("flops_per_second"), 1e10);
  EXPECT_DOUBLE_EQ(report.at("ceilings").at("parallel_region")[0].at("seconds"), 1e-4);
  EXPECT_DOUBLE_EQ(report.at("harness").at("seconds_per_call"), 1e-4);
  EXPECT_EQ(report.at("noise").at("cells").size(), 3u);
  EXPECT_DOUBLE_EQ(report.at("noise").at("cells")[0].at("ratio"), 1);
  for (const Json& fit : report.at("fork_join")) {
    EXPECT_TRUE(fit.at("fixed_seconds").is_null());  // one team is no line
    EXPECT_FALSE(fit.at("reason").is_null());
  }
  ASSERT_EQ(report.at("warnings").size(), 1u);
  EXPECT_NE(report.at("warnings")[0].at("what").get<std::string>().find("in 1 of 6 launches"),
            std::string::npos);
}

TEST(Doctor, FitsTheCostOfARegionWhereThereAreTeamsEnough) {
  const Json report = report_for(16);
  ASSERT_EQ(report.at("fork_join").size(), 2u);
  for (const Json& fit : report.at("fork_join")) EXPECT_TRUE(fit.at("reason").is_null());
}

TEST(Doctor, SaysItForAPerson) {
  const std::string text = doctor_text(report_for(2));
  for (const char* words :
       {"2 CPUs on 2 cores", "f32 multiply-adds", "10 GFLOP/s", "memory reads",
        "One empty parallel", "Not fitted: o(p)", "100 us per call",
        "Noise floor: simd against itself", "What spoils measurements here", "Remedy: "}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
  }
  EXPECT_EQ(text.find("\n\n\n"), std::string::npos) << text;
  EXPECT_NE(doctor_text(report_for(1)).find("1 CPU on 1 core"), std::string::npos);
}

}  // namespace
}  // namespace crossover::experiments
