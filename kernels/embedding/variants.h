#pragma once

#include "kernels/core/partition.h"
#include "kernels/embedding/embedding.h"

namespace crossover::kernels::embedding {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
extern const Kernel memcpy_rows;
extern const Kernel simd;
extern const Kernel parallel;
extern const Kernel simd_parallel;

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> why_unsupported(const Problem& problem) {
  return why_vocabulary_unusable(problem.vocabulary, problem.tokens);
}
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// Whether the operands fit each other and every id has a row; what every variant asserts.
inline bool is_valid(const Args& args) {
  const auto& [table, ids, out, scale] = args;
  return table.batch == 1 && out.batch == 1 && table.cols == out.cols &&
         static_cast<Index>(ids.size()) == out.rows && table.row_stride >= table.cols &&
         out.row_stride >= out.cols && !why_ids_invalid(ids, table.rows);
}

/// The tokens [begin, end) and the columns [begin, end) of a lookup.
inline Args part_of(const Args& args, Range tokens, Range columns) {
  return {args.table.block(0, columns.begin, args.table.rows, columns.size()),
          args.ids.subspan(static_cast<std::size_t>(tokens.begin),
                           static_cast<std::size_t>(tokens.size())),
          args.out.block(tokens.begin, columns.begin, tokens.size(), columns.size()), args.scale};
}

/// A thread's share: whole tokens where there is one for each thread, else columns of all of them.
inline Args share_of(const Args& args, int thread, int threads) {
  constexpr Index granule = 16;  // floats of a cache line
  const Range all_tokens = {0, args.out.rows};
  const Range all_columns = {0, args.out.cols};
  if (args.out.rows >= threads) {
    return part_of(args, share(args.out.rows, threads, thread), all_columns);
  }
  return part_of(args, all_tokens, share(args.out.cols, threads, thread, granule));
}

}  // namespace crossover::kernels::embedding
