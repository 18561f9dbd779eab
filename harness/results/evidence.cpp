#include "harness/results/evidence.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "harness/names.h"

namespace crossover::harness {
namespace {

// Interrupts and the kernel's own threads take a few microseconds now and then; that much of a
// block cannot move its ratio by more than the noise does.
constexpr double foreign_share = 0.02;
// Beyond this share, setting aside is a choice of data and no longer hygiene.
constexpr double largest_discarded_share = 0.1;

constexpr Names<Status, 5> status_names{{
    {Status::measured, "measured"},
    {Status::unsupported, "unsupported"},
    {Status::wrong, "wrong"},
    {Status::failed, "failed"},
    {Status::skipped, "skipped"},
}};

const std::vector<Sample> no_samples;

/// The samples of one cell in one launch, by block.
using Blocks = std::map<std::pair<int, int>, std::vector<const Sample*>>;

Blocks by_block(const std::vector<Sample>& samples) {
  Blocks blocks;
  for (const Sample& sample : samples) blocks[{sample.launch, sample.block}].push_back(&sample);
  return blocks;
}

std::vector<double> seconds_of(const std::vector<const Sample*>& samples) {
  std::vector<double> seconds;
  for (const Sample* sample : samples) seconds.push_back(sample->seconds);
  return seconds;
}

std::map<int, double> hodges_lehmann_per_launch(
    const std::map<int, std::vector<double>>& launches) {
  std::map<int, double> effects;
  for (const auto& [launch, ratios] : launches) effects[launch] = hodges_lehmann(ratios);
  return effects;
}

/// Every arm takes two turns in a block; after an interruption drift would not cancel in it.
bool complete(const std::vector<const Sample*>& block) { return block.size() == 2; }

}  // namespace

std::vector<double> PairEffects::values(const std::map<int, double>& by_launch) {
  std::vector<double> effects;
  for (const auto& [launch, effect] : by_launch) effects.push_back(effect);
  return effects;
}

void Evidence::set_facts(std::size_t arm, std::size_t problem, CellFacts facts) {
  facts_[{arm, problem}] = std::move(facts);
}

void Evidence::add(std::size_t arm, std::size_t problem, const Sample& sample) {
  samples_[{arm, problem}].push_back(sample);
}

const CellFacts* Evidence::facts(std::size_t arm, std::size_t problem) const {
  const auto found = facts_.find({arm, problem});
  return found == facts_.end() ? nullptr : &found->second;
}

const std::vector<Sample>& Evidence::samples(std::size_t arm, std::size_t problem) const {
  const auto found = samples_.find({arm, problem});
  return found == samples_.end() ? no_samples : found->second;
}

std::vector<double> Evidence::launch_medians(std::size_t arm, std::size_t problem) const {
  std::map<int, std::vector<double>> launches;
  for (const Sample& sample : samples(arm, problem)) {
    launches[sample.launch].push_back(sample.seconds);
  }
  std::vector<double> medians;
  for (const auto& [launch, seconds] : launches) medians.push_back(median(seconds));
  return medians;
}

std::size_t Evidence::launches(std::size_t arm, std::size_t problem) const {
  return launch_medians(arm, problem).size();
}

PairEffects Evidence::effects(const Pair& pair, std::size_t problem) const {
  const Blocks variant = by_block(samples(pair.variant, problem));
  const Blocks against = by_block(samples(pair.against, problem));
  std::map<int, std::vector<double>> kept;
  std::map<int, std::vector<double>> all;
  std::size_t blocks = 0;
  std::size_t by_variant = 0;
  std::size_t by_against = 0;
  std::size_t set_aside = 0;
  for (const auto& [key, variant_samples] : variant) {
    const auto other = against.find(key);
    if (other == against.end()) continue;
    if (!complete(other->second) || !complete(variant_samples)) continue;
    const double ratio = block_log_ratio(seconds_of(other->second), seconds_of(variant_samples));
    const bool variant_disturbed = disturbed(variant_samples);
    const bool against_disturbed = disturbed(other->second);
    ++blocks;
    by_variant += variant_disturbed;
    by_against += against_disturbed;
    all[key.first].push_back(ratio);
    if (variant_disturbed || against_disturbed) {
      ++set_aside;
    } else {
      kept[key.first].push_back(ratio);
    }
  }
  PairEffects effects{hodges_lehmann_per_launch(kept), hodges_lehmann_per_launch(all), 0, false};
  if (blocks == 0) return effects;
  effects.discarded = static_cast<double>(set_aside) / static_cast<double>(blocks);
  // Rates that differ by more than three standard deviations of a count are not chance.
  const double difference =
      std::abs(static_cast<double>(by_variant) - static_cast<double>(by_against));
  const double chance = 3 * std::sqrt(static_cast<double>(by_variant + by_against));
  effects.use_all =
      effects.discarded > largest_discarded_share || (set_aside > 0 && difference > chance);
  return effects;
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
