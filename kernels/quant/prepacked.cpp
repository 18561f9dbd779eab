#include <new>

#include "kernels/quant/simd_team.h"
#include "kernels/quant/variants.h"

namespace crossover::kernels::quant {
namespace {

struct Free {
  void operator()(PanelBlock* data) const { ::operator delete[](data, alignment); }
  static constexpr std::align_val_t alignment{alignof(PanelBlock)};
};

class Packed : public Prepared {
 public:
  Packed(const TeamPlan& team, const MatrixBatch<const BlockQ8>& w)
      : plan(team),
        data_(static_cast<PanelBlock*>(::operator new[](
            static_cast<std::size_t>(panel_blocks(team.problem)) * sizeof(PanelBlock),
            Free::alignment))) {
    pack_all(plan, w, data_.get());
  }

  std::optional<std::string> code_path() const override { return quant::code_path(plan); }

  const PanelBlock* panels() const { return data_.get(); }

  TeamPlan plan;

 private:
  std::unique_ptr<PanelBlock[], Free> data_;
};

TeamPlan plan_for(const Problem& problem, int threads) {
  return plan_team(code(), Path::prepacked, problem, threads);
}

template <bool threaded>
std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Packed>(plan_for(problem, threaded ? policy.threads : 1), constants.w);
}

template <bool threaded>
std::size_t workspace_bytes_of(const Problem& problem, const ParallelPolicy& policy) {
  return workspace_bytes(plan_for(problem, threaded ? policy.threads : 1));
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  const auto& packed = static_cast<const Packed&>(prepared);
  // For the rows of this call, which may be fewer than those that it was prepared for.
  const TeamPlan plan = plan_team(*packed.plan.code, Path::prepacked,
                                  {args.a.rows, args.c.cols, args.a.cols}, packed.plan.threads);
  multiply_with_team(plan, args, packed.panels(), workspace, policy);
}

}  // namespace

constinit const Variant prepacked = {
    .kernel = {.name = "prepacked",
               .source = "simd_panels, with W packed once",
               .traits = {Threading::none, Simd::intrinsics, Packing::prepacked},
               .why_unsupported = why_unsupported,
               .prepare = prepare<false>,
               .workspace_bytes = workspace_bytes_of<false>,
               .run = run},
};

constinit const Variant prepacked_parallel = {
    .kernel = {.name = "prepacked_parallel",
               .source = "prepacked, one 2-D block of C per OpenMP thread",
               .traits = {Threading::openmp, Simd::intrinsics, Packing::prepacked},
               .why_unsupported = why_unsupported,
               .prepare = prepare<true>,
               .workspace_bytes = workspace_bytes_of<true>,
               .run = run},
};

}  // namespace crossover::kernels::quant
