#pragma once

#include <cstddef>
#include <new>
#include <span>

#include "kernels/core/parallel.h"
#include "kernels/core/partition.h"
#include "kernels/core/spin_barrier.h"

namespace crossover::kernels {

/// How the threads of a team share rows that are each computed from all of their own elements:
/// whole rows, or rows cut at cache lines, so that all threads get the same number of elements.
class RowShares {
 public:
  /// Cuts rows where there are fewer than threads; and where whole ones would leave threads waiting
  /// for more than an eighth of the time and a row is long enough to pay for the barrier.
  RowShares(Index rows, Index cols, int threads)
      : rows_(rows), cols_(cols), threads_(threads), lines_(ceil_div(cols, line)) {
    constexpr Index rows_per_thread_that_even_out = 8;
    constexpr Index cols_worth_a_barrier =
        2048;  // an estimate: a barrier must cost less than it evens out
    const bool few = rows < threads;
    const bool uneven = rows % threads != 0 && rows < rows_per_thread_that_even_out * threads;
    cut_ = threads > 1 && rows * cols > 0 && (few || (uneven && cols >= cols_worth_a_barrier));
  }

  Index rows() const { return rows_; }
  int threads() const { return threads_; }
  bool cut() const { return cut_; }

  /// Pieces are numbered in the order of their elements. The numbers of the pieces of one row
  /// follow each other, and all are below this one.
  Index piece_numbers() const { return rows_ + threads_; }

  /// Calls visit(row, columns, number of the piece) for each piece of the thread's share.
  template <class Visit>
  void for_each_piece(int thread, Visit&& visit) const {
    if (cols_ == 0) return;
    const Range own = lines_of(thread);
    for (Index at = own.begin; at < own.end;) {
      const Index row = at / lines_;
      const Index end = std::min(own.end, (row + 1) * lines_);
      const Range cols{(at - row * lines_) * line, std::min(cols_, (end - row * lines_) * line)};
      visit(row, cols, thread + row);
      at = end;
    }
  }

  /// The numbers of the pieces of a row.
  Range pieces_of(Index row) const {
    return {row + thread_of(row * lines_), row + thread_of((row + 1) * lines_ - 1) + 1};
  }

 private:
  static constexpr Index line = 16;  // floats in 64 bytes

  /// Cache lines, counted through all rows, each of which starts one.
  Range lines_of(int thread) const { return share(rows_ * lines_, threads_, thread); }

  Index thread_of(Index at) const {
    const Index shorter = rows_ * lines_ / threads_;
    const Index longer_shares = rows_ * lines_ % threads_;
    const Index in_longer = longer_shares * (shorter + 1);
    return at < in_longer ? at / (shorter + 1) : longer_shares + (at - in_longer) / shorter;
  }

  Index rows_;
  Index cols_;
  int threads_;
  Index lines_;  // of a row
  bool cut_ = false;
};

/// What a piece of a row leaves for the rest of it, on a cache line of its own.
template <class Partial>
struct alignas(64) PartialSlot {
  Partial value;
};

/// Bytes of workspace that compute_rows() needs, a multiple of 64.
template <class Partial>
std::size_t row_team_bytes(const RowShares& shares) {
  if (!shares.cut()) return 0;
  return sizeof(SpinBarrier) +
         static_cast<std::size_t>(shares.piece_numbers()) * sizeof(PartialSlot<Partial>);
}

/// Computes rows on a team, in one parallel region. A thread that got whole rows calls
///   rows.compute(range of rows, thread).
/// Where rows are cut, every thread calls, for each of its pieces,
///   Partial rows.reduce(row, columns, number of the piece),
/// waits for the others, and then calls
///   rows.finish(row, columns, number, own partial, join over i of partial(i))
/// with the partials of the whole row, where rows.join(count, partial) combines partial(0), ...,
/// partial(count - 1). So every thread of a row computes the same total.
/// `workspace` holds row_team_bytes() bytes, aligned to 64.
template <class Partial, class RowsOperation>
void compute_rows(const RowsOperation& rows, const RowShares& shares,
                  std::span<std::byte> workspace, const ParallelPolicy& policy) {
  if (!shares.cut()) {
    parallel_region(policy.with_threads(shares.threads()), [&](int thread, int threads) {
      rows.compute(share(shares.rows(), threads, thread), thread);
    });
    return;
  }
  auto* const barrier = new (workspace.data()) SpinBarrier(shares.threads());
  auto* const slots =
      reinterpret_cast<PartialSlot<Partial>*>(workspace.data() + sizeof(SpinBarrier));
  parallel_region(policy.with_threads(shares.threads()), [&](int thread, int threads) {
    if (threads != shares.threads()) {  // OpenMP granted fewer, and nobody may wait for the rest
      if (thread == 0) rows.compute({0, shares.rows()}, 0);
      return;
    }
    shares.for_each_piece(thread, [&](Index row, Range cols, Index number) {
      new (slots + number) PartialSlot<Partial>{rows.reduce(row, cols, number)};
    });
    barrier->arrive_and_wait();
    shares.for_each_piece(thread, [&](Index row, Range cols, Index number) {
      const Range pieces = shares.pieces_of(row);
      const auto partial = [&](Index i) -> const Partial& { return slots[pieces.begin + i].value; };
      rows.finish(row, cols, number, slots[number].value, rows.join(pieces.size(), partial));
    });
  });
}

}  // namespace crossover::kernels
