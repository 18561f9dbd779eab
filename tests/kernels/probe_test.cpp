#include "kernels/probe/probe.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/execution_counters.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

/// One call of a probe on memory of its own.
struct ProbeCall {
  std::vector<std::uint64_t> stream;
  std::vector<std::uint64_t> sink;
  std::vector<probe::Tally> done;
  probe::Args args;

  ProbeCall(const probe::Variant& variant, const probe::Problem& problem, int threads,
            Index turn = 0)
      : stream(4096 + 32 * 5),
        sink(variant.writes ? stream.size() : 0),
        done(static_cast<std::size_t>(threads)) {
    const ParallelPolicy policy{threads};
    probe::fill_stream(stream, 1, policy);
    args = {.stream = stream, .sink = sink, .turn = turn, .done = done};
    const auto prepared = variant.kernel.prepare(problem, {}, policy);
    variant.kernel.run(args, *prepared, {}, policy);
  }
};

TEST(Probes, CountTheirOwnSteps) {
  for (const probe::Variant& variant : probe::family()) {
    for (const probe::Problem problem : {probe::Problem{0, 0}, {1, 1}, {1000, 7}, {4097, 100}}) {
      for (const int threads : {1, 2, 3}) {
        const ProbeCall call(variant, problem, threads);
        EXPECT_EQ(probe::why_wrong(variant, problem, call.args), std::nullopt)
            << variant.kernel.name << " on " << threads << " threads";
      }
    }
  }
}

TEST(Probes, OfArithmeticAndMemoryCountOnEveryInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    for (const char* name : {"fma_f32", "int8_dot", "stream_read", "stream_copy"}) {
      const probe::Variant& variant = *probe::find(name);
      const probe::Problem problem{probe::most_iterations, 1};
      const ProbeCall call(variant, problem, 1);
      EXPECT_EQ(probe::why_wrong(variant, problem, call.args), std::nullopt) << name << " " << set;
    }
  }
}

TEST(Probes, RunDifferentCodeOnDifferentInstructionSets) {
  for (const char* name : {"fma_f32", "int8_dot", "stream_read", "stream_copy"}) {
    std::set<std::string> paths;
    for (const std::string& set : instruction_sets()) {
      const ForcedInstructionSet forced(set);
      paths.insert(probe::find(name)->kernel.prepare({1, 1}, {}, {1})->code_path().value());
    }
    EXPECT_GE(paths.size(), std::min<std::size_t>(2, instruction_sets().size())) << name;
  }
}

TEST(Probes, MissingWorkIsNoticed) {
  for (const probe::Variant& variant : probe::family()) {
    if (variant.kernel.name == "empty") continue;
    const ProbeCall call(variant, {999, 99}, 2);
    EXPECT_NE(probe::why_wrong(variant, {1000, 100}, call.args), std::nullopt)
        << variant.kernel.name;
  }
}

TEST(Probes, RefuseWhatTheyCannotCount) {
  for (const probe::Variant& variant : probe::family()) {
    EXPECT_EQ(variant.kernel.why_unsupported({probe::most_iterations, 1}), std::nullopt);
    EXPECT_NE(variant.kernel.why_unsupported({probe::most_iterations + 1, 1}), std::nullopt);
    EXPECT_NE(variant.kernel.why_unsupported({1, -1}), std::nullopt);
    EXPECT_NE(variant.kernel.why_unsupported({1, 1, -1}), std::nullopt);
    EXPECT_EQ(variant.kernel.why_unsupported({1, 1, probe::most_kib}), std::nullopt);
    EXPECT_NE(variant.kernel.why_unsupported({1, 1, probe::most_kib + 1}), std::nullopt);
  }
}

TEST(Probes, OfForkAndJoinEnterOneRegionPerConstruct) {
  for (const auto& [name, regions] : {std::pair{"parallel_region", 10U},
                                      {"parallel_for", 10U},
                                      {"reduction", 10U},
                                      {"barrier", 1U}}) {
    reset_execution_counters();
    const ProbeCall call(*probe::find(name), {1, 10}, 2);
    const ExecutionCounters counted = read_execution_counters();
    // Filling the stream is one more region.
    EXPECT_EQ(counted.parallel_regions, regions + 1) << name;
    EXPECT_EQ(counted.tasks, 2 * (regions + 1)) << name;
    EXPECT_EQ(counted.threads_used, 2U) << name;
  }
}

TEST(Probes, OfMemoryGoOnWhereTheLastCallEnded) {
  // One word is not 1 any more: only the call that reaches its block sees it. Calls take a block
  // from each half of five.
  for (const char* name : {"stream_read", "stream_copy"}) {
    const probe::Variant& variant = *probe::find(name);
    std::vector<std::uint64_t> stream(32 * 10, 1);
    stream[32 * 7] = 1000;
    const probe::Problem problem{2, 1};
    const auto prepared = variant.kernel.prepare(problem, {}, {1});
    for (Index turn = 0; turn < 10; ++turn) {
      std::vector<std::uint64_t> sink(stream.size());
      std::vector<probe::Tally> done(1);
      const probe::Args args{.stream = stream, .sink = sink, .turn = turn, .done = done};
      variant.kernel.run(args, *prepared, {}, {1});
      EXPECT_EQ(probe::why_wrong(variant, problem, args).has_value(), turn % 5 == 2) << turn;
    }
  }
}

TEST(Probes, OfCopyingAreWrongWhereTheSinkWasNotWritten) {
  const probe::Variant& variant = *probe::find("stream_copy");
  for (const Index iterations : {1, 2, 3, 64, 65, 1000}) {
    const probe::Problem problem{iterations, 1};
    ProbeCall call(variant, problem, 2);
    EXPECT_EQ(probe::why_wrong(variant, problem, call.args), std::nullopt) << iterations;
    *std::find(call.sink.begin(), call.sink.end(), 1U) = 0;
    EXPECT_NE(probe::why_wrong(variant, problem, call.args), std::nullopt) << iterations;
  }
}

TEST(Probes, OfMemoryTakeAsMuchOfItAsTheyAreTold) {
  const probe::Variant& read = *probe::find("stream_read");
  const probe::Variant& copy = *probe::find("stream_copy");
  constexpr std::size_t word = sizeof(std::uint64_t);
  EXPECT_EQ(probe::stream_words(read, {1, 1, 16}, {1}) * word, std::size_t{16} << 10);
  EXPECT_EQ(probe::stream_words(read, {1, 1, 16}, {3}) * word, std::size_t{48} << 10);
  EXPECT_EQ(probe::stream_words(copy, {1, 1, 16}, {3}) * word, std::size_t{24} << 10);
  EXPECT_GE(probe::stream_words(read, {1, 1, 0}, {1}) * word, std::size_t{256} << 20);
  EXPECT_GE(probe::stream_words(read, {1, 1, 0}, {1}) * word, 4 * cpu_caches().level3);
  EXPECT_EQ(probe::stream_words(*probe::find("fma_f32"), {1, 1, 16}, {1}), 0U);
}

TEST(Probes, SayHowMuchTheyDo) {
  EXPECT_EQ(probe::operations(*probe::find("fma_f32"), {10, 1}, {2}), 2.0 * 2 * 768 * 10);
  EXPECT_EQ(probe::operations(*probe::find("int8_dot"), {10, 1}, {2}), 2.0 * 2 * 3072 * 10);
  EXPECT_EQ(probe::bytes(*probe::find("stream_read"), {10, 1}, {2}), 2.0 * 256 * 10);
  EXPECT_EQ(probe::bytes(*probe::find("stream_copy"), {10, 1}, {2}), 2 * 2.0 * 256 * 10);
  EXPECT_EQ(probe::operations(*probe::find("empty"), {10, 1}, {1}), 0);
  EXPECT_EQ(probe::find("nothing of that name"), nullptr);
}

}  // namespace
}  // namespace crossover::kernels::test
