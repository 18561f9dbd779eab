#include "kernels/quant/simd.h"

// simd_rows and simd_panels are the two ways among which simd chooses: together they show from how
// many rows of A on it pays to pack W in every call.

namespace crossover::kernels::quant {
namespace {

using PathOf = Path (*)(const Code&, const Problem&);

Path always_rows(const Code&, const Problem&) { return Path::rows; }
Path always_panels(const Code&, const Problem&) { return Path::panels; }

template <PathOf path_of>
TeamPlan plan_for(const Problem& problem) {
  return plan_team(code(), path_of(code(), problem), problem, 1);
}

template <PathOf path_of>
constexpr Kernel kernel(std::string_view name, std::string_view source, Packing packing) {
  return {
      .name = name,
      .source = source,
      .traits = {Threading::none, Simd::intrinsics, packing},
      .why_unsupported = why_unsupported,
      .prepare = [](const Problem& problem, const Constants&,
                    const ParallelPolicy&) -> std::unique_ptr<Prepared> {
        return std::make_unique<TeamPrepared>(plan_for<path_of>(problem));
      },
      .workspace_bytes =
          [](const Problem& problem, const ParallelPolicy&) {
            return workspace_bytes(plan_for<path_of>(problem));
          },
      .run = run_with_team,
  };
}

}  // namespace

constinit const Variant simd_rows = {
    kernel<always_rows>("simd_rows", "8-bit dot products of rows where they lie", Packing::none)};

constinit const Variant simd_panels = {kernel<always_panels>(
    "simd_panels", "8-bit dot products of panels packed in every call", Packing::per_call)};

constinit const Variant simd = {
    kernel<choose_path>("simd", "simd_rows or simd_panels, by the rows of A", Packing::per_call)};

}  // namespace crossover::kernels::quant
