#include "experiments/probe_cases.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "experiments/aligned_buffer.h"
#include "experiments/instruction_set_setting.h"
#include "experiments/variant_info.h"
#include "harness/worker/machine.h"
#include "kernels/core/execution_counters.h"
#include "kernels/probe/probe.h"

namespace crossover::experiments {
namespace {

namespace probe = kernels::probe;

/// Asks for huge pages before the first touch: a ceiling of memory must not be one of the page
/// tables. Where the system refuses, small ones it is.
void advise_huge_pages(std::span<std::uint64_t> words) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(words.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + words.size_bytes()) / page * page;
  auto* const bytes = reinterpret_cast<std::byte*>(words.data());
  if (first < end) madvise(bytes + (first - begin), end - first, MADV_HUGEPAGE);
}

probe::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "iterations"), harness::extent(problem, "constructs")};
}

bool reads_memory(const probe::Variant& variant) { return variant.bytes_per_step > 0; }

/// One probe with what its threads read and report.
class ProbeRun {
 public:
  ProbeRun(const probe::Variant& variant, const probe::Problem& problem, int threads)
      : variant_(variant),
        problem_(problem),
        policy_{threads},
        prepared_(variant.kernel.prepare(problem, {}, policy_)),
        stream_(reads_memory(variant) ? probe::stream_words() : 0),
        done_(static_cast<std::size_t>(threads)) {
    advise_huge_pages(stream_.span());
    probe::fill_stream(stream_.span(), policy_);
  }

  void call() { variant_.kernel.run(args(turn_++), *prepared_, {}, policy_); }

  std::optional<std::string> why_wrong() {
    std::fill(done_.begin(), done_.end(), probe::Tally{});
    call();
    return probe::why_wrong(variant_, problem_, args(0));
  }

  harness::ExecutionCounts count() {
    kernels::reset_execution_counters();
    call();
    const kernels::ExecutionCounters counted = kernels::read_execution_counters();
    return {counted.parallel_regions, counted.tasks, counted.threads_used, prepared_->code_path(),
            counted.threads_started};
  }

  harness::Work work() const {
    return {probe::operations(variant_, problem_, policy_),
            probe::bytes(variant_, problem_, policy_)};
  }

 private:
  probe::Args args(kernels::Index turn) {
    return {.stream = stream_.span(), .turn = turn, .done = done_};
  }

  const probe::Variant& variant_;
  probe::Problem problem_;
  kernels::ParallelPolicy policy_;
  std::unique_ptr<kernels::Prepared> prepared_;
  AlignedBuffer<std::uint64_t> stream_;
  std::vector<probe::Tally> done_;
  kernels::Index turn_ = 0;
};

/// Only stream_read allocates, and the planner asks per problem and not per variant; so the case
/// looks for itself.
void require_memory(const probe::Variant& variant) {
  if (!reads_memory(variant)) return;
  const double needed = static_cast<double>(probe::stream_words() * sizeof(std::uint64_t));
  const double free = harness::read_machine().available_bytes;
  constexpr double usable = 0.8;
  if (needed > usable * free) {
    constexpr double mib = 1024.0 * 1024;
    throw harness::Unsupported(fmt::format(
        "reads {:.0f} MiB, more than the last-level cache; {:.0f} MiB of memory are available",
        needed / mib, free / mib));
  }
}

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  constexpr double steps_per_second = 20e9;  // multiply-adds; words are read at half of that
  constexpr double constructs_per_second = 1e6;
  const probe::Variant* variant = probe::find(arm.variant);
  if (variant == nullptr) return 0;
  const bool works = variant->operations_per_step > 0 || reads_memory(*variant);
  return variant->steps_per_thread(problem_of(problem)) /
         (works ? steps_per_second : constructs_per_second);
}

}  // namespace

harness::FamilyInfo probe_family() {
  harness::FamilyInfo family;
  family.name = "probe";
  family.extents = {"iterations", "constructs"};
  family.default_extents = {{"iterations", ceiling_iterations}, {"constructs", 1}};
  family.settings = {instruction_set_setting()};
  for (const probe::Variant& variant : probe::family()) {
    family.variants.push_back(variant_info(variant.kernel));
  }
  family.flops = [](const harness::Problem& problem) {  // only ranks problems of one probe
    const probe::Problem of = problem_of(problem);
    return static_cast<double>(of.iterations) * static_cast<double>(of.constructs);
  };
  family.memory_bytes = [](const harness::Problem&) { return 0.0; };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case probe_case(const harness::Cell& cell) {
  const probe::Variant* variant = probe::find(cell.arm.variant);
  if (variant == nullptr) throw std::invalid_argument("unknown variant " + cell.arm.variant);
  choose_instruction_set(cell.arm);
  const probe::Problem problem = problem_of(cell.problem);
  if (const auto reason = variant->kernel.why_unsupported(problem)) {
    throw harness::Unsupported(*reason);
  }
  require_memory(*variant);
  const auto run = std::make_shared<ProbeRun>(*variant, problem, harness::threads_of(cell.arm));
  harness::Case result;
  result.work = run->work();
  result.call = [run] { run->call(); };
  result.why_wrong = [run] { return run->why_wrong(); };
  result.count = [run] { return run->count(); };
  return result;
}

}  // namespace crossover::experiments
