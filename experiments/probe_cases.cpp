#include "experiments/probe_cases.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <vector>

#include "experiments/count_call.h"
#include "experiments/instruction_set_setting.h"
#include "experiments/variant_info.h"
#include "harness/worker/machine.h"
#include "kernels/core/aligned_buffer.h"
#include "kernels/probe/probe.h"

namespace crossover::experiments {
namespace {

namespace probe = kernels::probe;

/// Of x86 and of most others. Memory that begins with one is huge pages throughout, however little
/// it is.
constexpr std::size_t huge_page = std::size_t{2} << 20;

/// Memory on huge pages: a ceiling of memory must not be one of the page tables. Where the system
/// refuses, small ones it is.
AlignedBuffer<std::uint64_t> huge_buffer(std::size_t words) {
  AlignedBuffer<std::uint64_t> buffer(words, huge_page);
  const std::size_t bytes = (buffer.span().size_bytes() + huge_page - 1) / huge_page * huge_page;
  if (bytes > 0) madvise(buffer.data(), bytes, MADV_HUGEPAGE);
  return buffer;
}

probe::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "iterations"), harness::extent(problem, "constructs"),
          harness::extent(problem, "kib")};
}

/// One probe with what its threads read and report.
class ProbeRun {
 public:
  ProbeRun(const probe::Variant& variant, const probe::Problem& problem, int threads)
      : variant_(variant),
        problem_(problem),
        policy_{threads},
        prepared_(variant.kernel.prepare(problem, {}, policy_)),
        stream_(huge_buffer(probe::stream_words(variant, problem, policy_))),
        sink_(huge_buffer(variant.writes ? stream_.span().size() : 0)),
        done_(static_cast<std::size_t>(threads)) {
    probe::fill_stream(stream_.span(), 1, policy_);
    probe::fill_stream(sink_.span(), 0, policy_);
  }

  void call() { variant_.kernel.run(args(turn_++), *prepared_, {}, policy_); }

  std::optional<std::string> why_wrong() {
    std::fill(done_.begin(), done_.end(), probe::Tally{});
    probe::fill_stream(sink_.span(), 0, policy_);
    call();
    return probe::why_wrong(variant_, problem_, args(0));
  }

  harness::ExecutionCounts count() {
    harness::ExecutionCounts counts = count_call([this] { call(); });
    counts.code_path = prepared_->code_path();
    return counts;
  }

  harness::Work work() const {
    return {probe::operations(variant_, problem_, policy_),
            probe::bytes(variant_, problem_, policy_)};
  }

 private:
  probe::Args args(kernels::Index turn) {
    return {.stream = stream_.span(), .sink = sink_.span(), .turn = turn, .done = done_};
  }

  const probe::Variant& variant_;
  probe::Problem problem_;
  kernels::ParallelPolicy policy_;
  std::unique_ptr<kernels::Prepared> prepared_;
  AlignedBuffer<std::uint64_t> stream_;
  AlignedBuffer<std::uint64_t> sink_;
  std::vector<probe::Tally> done_;
  kernels::Index turn_ = 0;
};

/// Only probes of memory allocate, and the planner asks per problem and not per variant; so the
/// case looks for itself.
void require_memory(const probe::Variant& variant, const probe::Problem& problem, int threads) {
  const std::size_t words = probe::stream_words(variant, problem, {threads});
  if (words == 0) return;
  const double needed =
      static_cast<double>(words * sizeof(std::uint64_t)) * (variant.writes ? 2 : 1);
  const double free = harness::read_machine().available_bytes;
  constexpr double usable = 0.8;
  if (needed > usable * free) {
    constexpr double mib = 1024.0 * 1024;
    throw harness::Unsupported(fmt::format(
        "goes through {:.0f} MiB; {:.0f} MiB of memory are available", needed / mib, free / mib));
  }
}

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  constexpr double steps_per_second = 20e9;  // multiply-adds; words come at half or twice of that
  constexpr double constructs_per_second = 1e6;
  const probe::Variant* variant = probe::find(arm.variant);
  if (variant == nullptr) return 0;
  const bool works = variant->operations_per_step > 0 || variant->bytes_per_step > 0;
  return variant->steps_per_thread(problem_of(problem)) /
         (works ? steps_per_second : constructs_per_second);
}

}  // namespace

harness::FamilyInfo probe_family() {
  harness::FamilyInfo family;
  family.name = "probe";
  family.extents = {"iterations", "constructs", "kib"};
  family.default_extents = {{"iterations", ceiling_iterations}, {"constructs", 1}, {"kib", 0}};
  family.check_values = {{"kib", "3"}};  // memory beyond the caches takes seconds to fill
  family.settings = {instruction_set_setting()};
  for (const probe::Variant& variant : probe::family()) {
    family.variants.push_back(variant_info(variant.kernel));
  }
  family.flops = [](const harness::Problem& problem) {  // only ranks problems of one probe
    const probe::Problem of = problem_of(problem);
    return static_cast<double>(of.iterations) * static_cast<double>(of.constructs);
  };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem&) { return 0.0; };
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
  require_memory(*variant, problem, harness::threads_of(cell.arm));
  const auto run = std::make_shared<ProbeRun>(*variant, problem, harness::threads_of(cell.arm));
  harness::Case result;
  result.work = run->work();
  result.call = [run] { run->call(); };
  result.why_wrong = [run] { return run->why_wrong(); };
  result.count = [run] { return run->count(); };
  return result;
}

}  // namespace crossover::experiments
