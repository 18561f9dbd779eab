#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace crossover::harness {

// Values must be finite throughout: an infinity or a NaN is a broken measurement and throws
// std::invalid_argument with its place, as do an empty span where one value is needed, a level or
// an alpha outside (0, 1), and a time that is not positive.

struct Interval {
  double low = 0;
  double high = 0;
};

struct Estimate {
  double value = 0;
  Interval ci;       // at least 95% unless said otherwise
  double level = 0;  // the achieved coverage, e.g. 0.979 for n = 10
};

/// Median; the mean of the two middle values for an even count. The span must not be empty.
double median(std::span<const double> values);

/// The value below which that share of the values lies, linear between order statistics: 0 is the
/// least, 0.5 the median, 1 the greatest. Errors: std::invalid_argument for a share outside [0, 1].
/// Source: definition 7 of Hyndman & Fan, The American Statistician 50 (1996).
double quantile(std::span<const double> values, double share);

/// Median of all pairwise means including i = j. The span must not be empty. Cost: n^2 / 2 doubles
/// and their sort, meant for the blocks of one launch.
/// Source: Hodges & Lehmann, Ann. Math. Stat. 34 (1963).
double hodges_lehmann(std::span<const double> values);

/// Which order statistics bound the median, and how surely.
struct MedianRanks {
  std::size_t outside = 0;  // values below the interval, and as many above: low is x[outside]
  double level = 0;         // coverage: 1 - 2 P(Binomial(n, 1/2) <= outside)
};

/// The ranks of the narrowest symmetric order-statistic interval of the median of n values whose
/// coverage is at least `level`; nullopt where even min..max covers less.
std::optional<MedianRanks> median_ranks(std::size_t n, double level = 0.95);

/// Median with the narrowest symmetric order-statistic interval whose coverage is at least `level`,
/// from Binomial(n, 1/2). Nullopt where even min..max covers less (n < 6 for 95%), so for no
/// values. With ties the coverage is at least the stated one.
/// Source: Thompson, Ann. Math. Stat. 7 (1936); n=10 gives 2nd..9th, 97.9%.
std::optional<Estimate> median_interval(std::span<const double> values, double level = 0.95);

/// Two-sided Student interval of the mean at confidence 1 - alpha; nullopt for n < 2. Equal values
/// give exactly that value and an interval of no width.
std::optional<Estimate> mean_interval(std::span<const double> values, double alpha);

enum class Verdict { faster, slower, equivalent, undecided };

/// The verdict on a log ratio log(T_against / T_variant): equivalent where the interval lies within
/// +-log1p(margin), bounds included, else faster or slower where it excludes 0 (touching is not
/// excluding), else undecided. The margin is symmetric on the log scale, so that exchanging the two
/// sides exchanges faster and slower and nothing else; margin >= 0.
Verdict verdict(const Interval& log_ratio, double margin);

/// Launch effects as if all time that others took had come off one arm alone: off the times of
/// `against`, and of the variant. What a disturbance did lies between them.
struct BoundedEffects {
  std::vector<double> least;
  std::vector<double> most;
};

/// What must confirm a verdict on effects of which many are disturbed from outside.
struct SecondOpinion {
  BoundedEffects undisturbed;  // of the blocks that were hardly disturbed
  BoundedEffects all;

  /// Whether either of them leads to the verdict, by the interval from its least effects to its
  /// most.
  /// interval_of: effects to an Interval, unbounded where there are too few;
  /// leads_to_it: whether an Interval does.
  template <class IntervalOf, class LeadsToIt>
  bool confirms(const IntervalOf& interval_of, const LeadsToIt& leads_to_it) const {
    const auto confirm = [&](const BoundedEffects& effects) {
      return leads_to_it(Interval{interval_of(effects.least).low, interval_of(effects.most).high});
    };
    return confirm(undisturbed) || confirm(all);
  }
};

/// The log ratios D of one launch, one value per block, for a pair of arms: mean over the block of
/// log T_against minus mean over the block of log T_variant. In a palindromic block (ABBA, or every
/// arm once on the way out and once on the way back) a drift linear in log time cancels exactly and
/// one linear in time to first order.
/// Shapes: against_seconds and variant_seconds hold the samples of one block each, at least one.
double block_log_ratio(std::span<const double> against_seconds,
                       std::span<const double> variant_seconds);

}  // namespace crossover::harness
