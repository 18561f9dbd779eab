#include "harness/results/evidence.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "harness/names.h"

namespace crossover::harness {
namespace {

// Interrupts and the kernel's own threads take a few microseconds now and then; that much of a
// block cannot move its ratio by more than the noise does.
constexpr double foreign_share = 0.02;
// Beyond this share, setting aside is a choice of data and no longer hygiene.
constexpr double largest_discarded_share = 0.1;

// A log ratio beyond all that is measured; finite, as estimates of it are taken.
constexpr double no_bound = 100;

constexpr Names<Status, 5> status_names{{
    {Status::measured, "measured"},
    {Status::unsupported, "unsupported"},
    {Status::wrong, "wrong"},
    {Status::failed, "failed"},
    {Status::skipped, "skipped"},
}};

const CellTotals no_totals;

/// The samples of one arm in one launch, by block.
using Blocks = std::map<int, std::vector<const Sample*>>;

Blocks by_block(const std::vector<Sample>& samples) {
  Blocks blocks;
  for (const Sample& sample : samples) blocks[sample.block].push_back(&sample);
  return blocks;
}

std::vector<double> seconds_of(const std::vector<const Sample*>& samples) {
  std::vector<double> seconds;
  for (const Sample* sample : samples) seconds.push_back(sample->seconds);
  return seconds;
}

/// The same without the time that others took from them: what is left is at most what they would
/// have needed alone, as no delay of one thread is longer than what was taken from it. Not positive
/// where the time that was taken is not known, as with more threads than CPUs.
std::vector<double> least_seconds_of(const std::vector<const Sample*>& samples) {
  std::vector<double> seconds;
  for (const Sample* sample : samples) {
    const bool known = sample->steal_seconds && sample->foreign_seconds && !sample->others_ran;
    const double taken = known ? *sample->steal_seconds + *sample->foreign_seconds : 0;
    seconds.push_back(known ? sample->seconds - taken / static_cast<double>(sample->iterations)
                            : 0);
  }
  return seconds;
}

/// As block_log_ratio; without bound where nothing is left of a time.
double bounded_log_ratio(const std::vector<double>& against, const std::vector<double>& variant) {
  const auto none_left = [](double seconds) { return seconds <= 0; };
  if (std::any_of(against.begin(), against.end(), none_left)) return -no_bound;
  if (std::any_of(variant.begin(), variant.end(), none_left)) return no_bound;
  return block_log_ratio(against, variant);
}

template <class Value>
void keep_launches_below(std::vector<Value>& values, int launches) {
  std::erase_if(values, [&](const Value& value) { return value.launch >= launches; });
}

/// Every arm takes two turns in a block; after an interruption drift would not cancel in it.
bool complete(const std::vector<const Sample*>& block) { return block.size() == 2; }

}  // namespace

std::vector<double> PairEffects::values(const std::map<int, double>& by_launch) {
  std::vector<double> effects;
  for (const auto& [launch, effect] : by_launch) effects.push_back(effect);
  return effects;
}

std::optional<SecondOpinion> PairEffects::second_opinion() const {
  if (!use_all) return std::nullopt;
  return bounds;
}

void EventTotal::add(const std::optional<std::int64_t>& count, const Sample& sample) {
  if (!count) return;
  events += static_cast<double>(*count);
  calls += static_cast<double>(sample.iterations);
  cpu_seconds += sample.cpu_seconds;
}

std::optional<double> EventTotal::per_call() const {
  return calls > 0 ? std::optional(events / calls) : std::nullopt;
}

std::optional<double> EventTotal::per_cpu_second() const {
  return cpu_seconds > 0 ? std::optional(events / cpu_seconds) : std::nullopt;
}

void CellTotals::add(const Sample& sample) {
  ++samples;
  calls += static_cast<double>(sample.iterations);
  cpu_seconds += sample.cpu_seconds;
  voluntary_switches += static_cast<double>(sample.voluntary_switches);
  involuntary_switches += static_cast<double>(sample.involuntary_switches);
  if (sample.steal_seconds) steal_seconds = steal_seconds.value_or(0) + *sample.steal_seconds;
  cycles.add(sample.cycles, sample);
  instructions.add(sample.instructions, sample);
  cache_misses.add(sample.cache_misses, sample);
}

Evidence::Evidence(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) pairs_.emplace(pair, pairs_.size());
}

void Evidence::set_facts(std::size_t arm, std::size_t problem, CellFacts facts) {
  facts_[{arm, problem}] = std::move(facts);
}

void Evidence::add(std::size_t arm, std::size_t problem, const Sample& sample) {
  if (is_open() && (problem != open_problem_ || sample.launch != open_launch_)) close();
  if (has_launch(problem, sample.launch)) {
    throw std::invalid_argument("a sample of launch " + std::to_string(sample.launch) +
                                " of problem " + std::to_string(problem) +
                                " after that launch was closed");
  }
  open_problem_ = problem;
  open_launch_ = sample.launch;
  open_[arm].push_back(sample);
}

void Evidence::close() {
  if (!is_open()) return;
  for (const auto& [arm, samples] : open_) {
    std::vector<double> seconds;
    for (const Sample& sample : samples) {
      seconds.push_back(sample.seconds);
      totals_[{arm, open_problem_}].add(sample);
    }
    medians_[{arm, open_problem_}].push_back({open_launch_, median(seconds)});
  }
  for (const auto& [pair, number] : pairs_) {
    const auto effect = effect_of_open(pair);
    if (effect) effects_[{number, open_problem_}].push_back(*effect);
  }
  closed_[open_problem_].insert(open_launch_);
  open_.clear();
}

void Evidence::discard_open() { open_.clear(); }

/// Nullopt where no block is complete for both arms.
std::optional<Evidence::LaunchEffect> Evidence::effect_of_open(const Pair& pair) const {
  const auto variant = open_.find(pair.variant);
  const auto against = open_.find(pair.against);
  if (variant == open_.end() || against == open_.end()) return std::nullopt;
  const Blocks against_blocks = by_block(against->second);
  LaunchEffect effect;
  effect.launch = open_launch_;
  std::vector<double> kept;
  std::vector<double> all;
  BoundedEffects bounds;
  BoundedEffects kept_bounds;
  for (const auto& [block, samples] : by_block(variant->second)) {
    const auto other = against_blocks.find(block);
    if (other == against_blocks.end()) continue;
    if (!complete(other->second) || !complete(samples)) continue;
    const bool variant_disturbed = disturbed(samples);
    const bool against_disturbed = disturbed(other->second);
    const bool set_aside = variant_disturbed || against_disturbed;
    const std::vector<double> against_seconds = seconds_of(other->second);
    const std::vector<double> variant_seconds = seconds_of(samples);
    all.push_back(block_log_ratio(against_seconds, variant_seconds));
    bounds.least.push_back(bounded_log_ratio(least_seconds_of(other->second), variant_seconds));
    bounds.most.push_back(bounded_log_ratio(against_seconds, least_seconds_of(samples)));
    if (!set_aside) {
      kept.push_back(all.back());
      kept_bounds.least.push_back(bounds.least.back());
      kept_bounds.most.push_back(bounds.most.back());
    }
    ++effect.blocks;
    effect.set_aside += set_aside;
    effect.disturbed_variant += variant_disturbed;
    effect.disturbed_against += against_disturbed;
  }
  if (all.empty()) return std::nullopt;
  effect.all = hodges_lehmann(all);
  effect.least = hodges_lehmann(bounds.least);
  effect.most = hodges_lehmann(bounds.most);
  if (!kept.empty()) {
    effect.kept = hodges_lehmann(kept);
    effect.kept_least = hodges_lehmann(kept_bounds.least);
    effect.kept_most = hodges_lehmann(kept_bounds.most);
  }
  return effect;
}

const CellFacts* Evidence::facts(std::size_t arm, std::size_t problem) const {
  const auto found = facts_.find({arm, problem});
  return found == facts_.end() ? nullptr : &found->second;
}

const CellTotals& Evidence::totals(std::size_t arm, std::size_t problem) const {
  const auto found = totals_.find({arm, problem});
  return found == totals_.end() ? no_totals : found->second;
}

std::vector<double> Evidence::launch_medians(std::size_t arm, std::size_t problem) const {
  std::vector<double> medians;
  const auto found = medians_.find({arm, problem});
  if (found == medians_.end()) return medians;
  for (const LaunchMedian& launch : found->second) medians.push_back(launch.seconds);
  return medians;
}

std::map<int, double> Evidence::medians_by_launch(std::size_t arm, std::size_t problem) const {
  std::map<int, double> medians;
  const auto found = medians_.find({arm, problem});
  if (found == medians_.end()) return medians;
  for (const LaunchMedian& launch : found->second) medians[launch.launch] = launch.seconds;
  return medians;
}

std::size_t Evidence::launches(std::size_t arm, std::size_t problem) const {
  const auto found = medians_.find({arm, problem});
  return found == medians_.end() ? 0 : found->second.size();
}

bool Evidence::has_launch(std::size_t problem, int launch) const {
  const auto found = closed_.find(problem);
  return found != closed_.end() && found->second.contains(launch);
}

PairEffects Evidence::effects(const Pair& pair, std::size_t problem) const {
  const auto number = pairs_.find(pair);
  if (number == pairs_.end()) {
    throw std::invalid_argument("effects of a pair of arms that this evidence was not made for");
  }
  PairEffects effects;
  const auto found = effects_.find({number->second, problem});
  if (found == effects_.end()) return effects;
  LaunchEffect sum;
  for (const LaunchEffect& launch : found->second) {
    effects.all[launch.launch] = launch.all;
    effects.bounds.all.least.push_back(launch.least);
    effects.bounds.all.most.push_back(launch.most);
    if (launch.kept) {
      effects.kept[launch.launch] = *launch.kept;
      effects.bounds.undisturbed.least.push_back(launch.kept_least);
      effects.bounds.undisturbed.most.push_back(launch.kept_most);
    }
    sum.blocks += launch.blocks;
    sum.set_aside += launch.set_aside;
    sum.disturbed_variant += launch.disturbed_variant;
    sum.disturbed_against += launch.disturbed_against;
  }
  effects.discarded = static_cast<double>(sum.set_aside) / sum.blocks;
  // Rates that differ by more than three standard deviations of a count are not chance.
  const double difference = std::abs(sum.disturbed_variant - sum.disturbed_against);
  const double chance = 3 * std::sqrt(sum.disturbed_variant + sum.disturbed_against);
  effects.use_all =
      effects.discarded > largest_discarded_share || (sum.set_aside > 0 && difference > chance);
  return effects;
}

Evidence Evidence::until(int launches) const {
  Evidence earlier = *this;
  for (auto& [key, values] : earlier.medians_) keep_launches_below(values, launches);
  for (auto& [key, values] : earlier.effects_) keep_launches_below(values, launches);
  for (auto& [problem, closed] : earlier.closed_) {
    closed.erase(closed.lower_bound(launches), closed.end());
  }
  return earlier;
}

bool disturbed(const std::vector<const Sample*>& block) {
  double steal = 0;
  double foreign = 0;
  double wall = 0;
  for (const Sample* sample : block) {
    if (sample->others_ran) return true;
    steal += sample->steal_seconds.value_or(0);
    foreign += sample->foreign_seconds.value_or(0);
    wall += sample->seconds * static_cast<double>(sample->iterations);
  }
  return steal > 0 || foreign > foreign_share * wall;
}

CellFacts refused(Status status, const std::string& reason) {
  CellFacts facts;
  facts.status = status;
  facts.reason = reason;
  return facts;
}

std::string to_string(Status status) { return name_in(status_names, status); }

Status status_from(const std::string& text) { return value_in(status_names, text); }

}  // namespace crossover::harness
