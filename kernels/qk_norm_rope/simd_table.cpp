#include "kernels/qk_norm_rope/simd_heads.h"

namespace crossover::kernels::qk_norm_rope {
namespace {

Heads heads_of(const Args& args, const Operand& operand, Index row, Range heads) {
  const Index offset = heads.begin * args.head_dim;
  return {operand.x.row(0, row) + offset, operand.y.row(0, row) + offset, heads.size(),
          args.head_dim};
}

Angles angles_at(const Args& args, const RopeTable& table, Index row) {
  const Index position = args.positions.of(row);
  return {args.rotation, table.cosines(position), table.sines(position)};
}

}  // namespace

SimdTable::SimdTable(const Problem& problem, const Constants& constants)
    : PreparedTable(problem.rotation, problem.positions, constants.table,
                    simd_code_path(problem.rotation)),
      kernels_(head_kernels()) {}

void SimdTable::normalise_share(const Args& args, Range share_of_heads) const {
  for_each_run_of_heads(args, share_of_heads, [&](const Operand& operand, Index row, Range heads) {
    kernels_.normalise(heads_of(args, operand, row, heads), {operand.weight, args.epsilon});
  });
}

void SimdTable::rotate_share(const Args& args, Range share_of_heads) const {
  for_each_run_of_heads(args, share_of_heads, [&](const Operand& operand, Index row, Range heads) {
    Heads in_place = heads_of(args, operand, row, heads);
    in_place.x = in_place.y;
    kernels_.rotate(in_place, angles_at(args, table(), row));
  });
}

void SimdTable::normalise_and_rotate_share(const Args& args, Range share_of_heads) const {
  for_each_run_of_heads(args, share_of_heads, [&](const Operand& operand, Index row, Range heads) {
    kernels_.normalise_and_rotate(heads_of(args, operand, row, heads),
                                  {operand.weight, args.epsilon}, angles_at(args, table(), row));
  });
}

std::unique_ptr<Prepared> prepare_simd_table(const Problem& problem, const Constants& constants,
                                             const ParallelPolicy&) {
  return std::make_unique<SimdTable>(problem, constants);
}

}  // namespace crossover::kernels::qk_norm_rope
