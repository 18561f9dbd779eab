#include "kernels/rope/simd_heads.h"

namespace crossover::kernels::rope {

SimdTable::SimdTable(const Problem& problem, const Constants& constants)
    : PreparedTable(problem.rotation, problem.positions, constants.table,
                    simd_code_path(problem.rotation)),
      kernels_(head_kernels()) {}

void SimdTable::rotate_share(const Args& args, Range share_of_heads) const {
  const Index head_dim = head_dim_of(args);
  for_each_row(share_of_heads, args.heads, [&](Index row, Range heads) {
    const Index position = args.positions.of(row);
    const Index offset = heads.begin * head_dim;
    kernels_.rotate(args.rotation, table().cosines(position), table().sines(position), heads.size(),
                    head_dim, args.x.row(0, row) + offset, args.y.row(0, row) + offset);
  });
}

std::unique_ptr<Prepared> prepare_simd_table(const Problem& problem, const Constants& constants,
                                             const ParallelPolicy&) {
  return std::make_unique<SimdTable>(problem, constants);
}

}  // namespace crossover::kernels::rope
