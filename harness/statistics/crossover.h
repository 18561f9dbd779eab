#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// The evidence at one size of the axis: launch effects, each log(T_against / T_variant).
struct CurvePoint {
  std::int64_t axis_value = 0;
  std::vector<double> launch_effects;
  /// Where so much was disturbed that launch_effects holds the disturbed blocks as well. Only a
  /// sign that it confirms is certain.
  std::optional<SecondOpinion> second_opinion = std::nullopt;
};

/// What is certain about the sign at one size, from simultaneous intervals.
enum class Sign { minus, zero, plus, undecided };

struct LabelledPoint {
  std::int64_t axis_value = 0;
  Sign sign = Sign::undecided;
  Estimate log_ratio;  // simultaneous interval
};

/// indistinguishable: the interval at every size lies within the margin, whatever its sign.
/// below: only pluses, the variant wins everywhere; above: only minuses, it wins nowhere. In both
/// ties are allowed and no size is undecided.
/// crossing: one change of sign, and every undecided size lies inside its bracket.
/// several: more than one change of sign, whatever is undecided.
/// unresolved: all else. Where there is one change of sign, `crossings` holds it as a candidate.
enum class Outcome { crossing, below, above, indistinguishable, several, unresolved };

/// One change of sign: between the last certain size before it and the first certain size after it,
/// where certain means plus or minus; ties and undecided sizes in between belong to the bracket.
struct Crossing {
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool variant_wins_above = true;  // minus to plus
};

struct CrossoverResult {
  Outcome outcome = Outcome::unresolved;
  std::vector<LabelledPoint> points;
  std::vector<Crossing> crossings;
  std::optional<std::size_t> first;  // of `crossings`, in order of size
  // The last one, after which the same arm wins to the end of the range: ties are allowed after it,
  // undecided sizes are not. Nullopt where there is none such.
  std::optional<std::size_t> persistent;
  // The largest ratio of neighbouring sizes: a dip narrower than that may lie unseen between two of
  // them. Nullopt for fewer than two sizes.
  std::optional<double> resolution;
  std::vector<std::string> notes;  // what the reader must know: ties, sizes left undecided
};

/// Labels one size. The interval is Student's t over launch effects at 1 - 0.05 / (sizes * looks)
/// (Bonferroni over the grid and the looks). Signed where it excludes 0 (touching is not
/// excluding), also within the margin; else zero where it lies within +-log1p(margin); else
/// undecided, as it is where a second opinion does not confirm the label. Equal effects give an
/// interval of no width and are labelled by it. A size with fewer than two launches, or with an
/// effect that is not finite, is undecided: its interval is unbounded, its value the one effect or
/// NaN. Errors: std::invalid_argument where sizes or looks is 0.
LabelledPoint label_point(const CurvePoint& point, std::size_t sizes, std::size_t looks,
                          double margin);

/// Locates the crossover on a curve. Shape-free: monotonicity is never assumed, and a dip that
/// falls between two sizes is not seen. Of the notes, ties and undecided sizes inside a bracket are
/// left out: the bracket already tells. One size gives below, above, indistinguishable or
/// unresolved; no size at all is unresolved.
/// Errors: std::invalid_argument where axis_value does not strictly ascend or looks is 0.
CrossoverResult locate_crossover(std::span<const CurvePoint> points, std::size_t looks,
                                 double margin);

}  // namespace crossover::harness
