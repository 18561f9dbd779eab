#include "model/transformer/batch_runner.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <stdexcept>

namespace crossover::model {
namespace {

int teams_of(const BatchMode& mode) {
  if (mode.granularity == Granularity::coarse) return mode.threads;
  if (mode.granularity == Granularity::hybrid) return mode.teams;
  return 1;
}

int threads_of(const BatchMode& mode) {
  return mode.granularity == Granularity::serial ? 1 : mode.threads;
}

const BatchMode& checked(const BatchMode& mode) {
  if (mode.threads < 1 || mode.teams < 1) {
    throw std::invalid_argument("no threads or no teams; expected at least one");
  }
  if (mode.granularity == Granularity::hybrid && mode.threads % mode.teams != 0) {
    throw std::invalid_argument(
        fmt::format("{} teams; expected a divisor of the {} threads", mode.teams, mode.threads));
  }
  return mode;
}

std::vector<Index> lengths_of(const std::vector<std::vector<kernels::TokenId>>& texts,
                              Index longest) {
  if (texts.empty()) throw std::invalid_argument("a batch without texts");
  std::vector<Index> lengths;
  for (const auto& text : texts) {
    lengths.push_back(std::ssize(text));
    if (text.empty() || lengths.back() > longest) {
      throw std::invalid_argument(
          fmt::format("a text of {} tokens; expected 1 to {}", text.size(), longest));
    }
  }
  return lengths;
}

/// Tells a profile how long threads wait, where there is one.
class Waiting {
 public:
  Waiting(PassProfile* profile, int first_thread, int threads) {
    if (profile == nullptr || threads == 1) return;
    observer_.emplace(*profile, first_thread, threads);
    observer_->restart();
  }

  kernels::RegionObserver* observer() { return observer_ ? &*observer_ : nullptr; }

 private:
  std::optional<WaitingObserver> observer_;
};

/// Keeps what the first of several threads threw: nothing may leave an OpenMP region.
class FirstError {
 public:
  template <class Work>
  void watch(const Work& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

}  // namespace

BatchRunner::BatchRunner(const GgufFile& file, const EncoderWeights& weights,
                         const EncoderKernels& kernels, const BatchMode& mode,
                         std::vector<std::vector<kernels::TokenId>> texts)
    : mode_(checked(mode)),
      texts_(std::move(texts)),
      lengths_(lengths_of(texts_, weights.local_angles.range().count)),
      queue_(mode.schedule, lengths_, teams_of(mode)) {
  const int teams = teams_of(mode);
  threads_of_team_ = threads_of(mode) / teams;
  views_.assign(texts_.begin(), texts_.end());
  for (int number = 0; number < teams; ++number) {
    std::unique_ptr<EncoderWeights> own;
    if (mode.copied_weights) {
      own = std::make_unique<EncoderWeights>(file, weights.local_angles.range().count, true);
    }
    teams_.push_back(std::make_unique<Team>(own ? *own : weights, kernels, threads_of_team_));
    teams_.back()->own_weights = std::move(own);
    prepare(*teams_.back(), mode.copied_weights || number == 0 ? nullptr : teams_.front().get());
  }
  const Index width = teams_.front()->encoder.embedding();
  storage_ = AlignedBuffer<float>(texts_.size() * static_cast<std::size_t>(width));
  embeddings_ = kernels::dense(storage_.data(), 1, std::ssize(texts_), width);
}

void BatchRunner::prepare(Team& team, const Team* shared) {
  const Encoder* of = shared == nullptr ? nullptr : &shared->encoder;
  if (mode_.granularity == Granularity::packed) return team.encoder.prepare(lengths_, of);
  // The longest first, so that what is for up to so many rows is made once.
  std::vector<Index> lengths = lengths_;
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  for (const Index length : lengths) team.encoder.prepare(std::span(&length, 1), of);
}

std::size_t BatchRunner::tokens() const {
  std::size_t sum = 0;
  for (const auto& text : texts_) sum += text.size();
  return sum;
}

std::size_t BatchRunner::memory_bytes() const {
  std::size_t bytes = storage_.span().size() * sizeof(float);
  for (const auto& team : teams_) bytes += team->encoder.memory_bytes();
  return bytes;
}

void BatchRunner::run(PassProfile* profile) {
  if (profile) profile->restart();
  queue_.restart();
  const bool whole_threads_alone =
      mode_.granularity == Granularity::serial ||
      ((mode_.granularity == Granularity::fine || mode_.granularity == Granularity::packed) &&
       mode_.regions == Regions::openmp);
  if (whole_threads_alone) {
    run_on_calling_thread(profile);
  } else {
    run_in_one_region(profile);
  }
}

void BatchRunner::run_on_calling_thread(PassProfile* profile) {
  Waiting waiting(profile, 0, threads_of_team_);
  lead(0, profile, {threads_of_team_, nullptr, waiting.observer()});
}

void BatchRunner::run_in_one_region(PassProfile* profile) {
  const int all = threads_of_team_ * teams();
  Waiting waiting(profile, 0, all);
  FirstError first_error;
  kernels::parallel_region({all, nullptr, waiting.observer()}, [&](int thread, int threads) {
    if (threads != all) {  // OpenMP granted fewer: who is there does everything
      for (int team = thread; team < teams(); team += threads) {
        first_error.watch([&] { lead(team, profile, {threads_of_team_}); });
      }
      return;
    }
    const int team = thread / threads_of_team_;
    const int member = thread % threads_of_team_;
    kernels::ThreadTeam& members = teams_[static_cast<std::size_t>(team)]->members;
    if (member > 0) return members.serve(member);
    Waiting within(profile, thread, threads_of_team_);
    first_error.watch([&] {
      lead(team, profile, {threads_of_team_, &members, within.observer()});
    });
    if (threads_of_team_ > 1) members.dismiss();
  });
  first_error.rethrow();
}

void BatchRunner::lead(int team, PassProfile* profile, const kernels::ParallelPolicy& parallel) {
  if (mode_.granularity == Granularity::packed) return run_packed(profile, parallel);
  while (const auto text = queue_.next(team)) run_text(team, *text, profile, parallel);
}

PassPolicy BatchRunner::policy_of(const kernels::ParallelPolicy& parallel,
                                  PassProfile::Team* profile, std::int32_t first_text) const {
  return {parallel, profile, first_text, mode_.fresh_buffers};
}

void BatchRunner::run_text(int team, std::size_t text, PassProfile* profile,
                           const kernels::ParallelPolicy& parallel) {
  Encoder& encoder = teams_[static_cast<std::size_t>(team)]->encoder;
  const kernels::MatrixBatch<float> result =
      embeddings_.block(static_cast<Index>(text), 0, 1, embeddings_.cols);
  const std::span<const Tokens> one(&views_[text], 1);
  if (profile == nullptr) return encoder.run(one, result, policy_of(parallel, nullptr, 0));
  const Clock::time_point begin = Clock::now();
  encoder.run(one, result,
              policy_of(parallel, &profile->team(team), static_cast<std::int32_t>(text)));
  profile->set_text_seconds(text, std::chrono::duration<double>(Clock::now() - begin).count());
}

void BatchRunner::run_packed(PassProfile* profile, const kernels::ParallelPolicy& parallel) {
  PassProfile::Team* const of_team = profile ? &profile->team(0) : nullptr;
  const Clock::time_point begin = profile ? Clock::now() : Clock::time_point();
  teams_.front()->encoder.run(views_, embeddings_, policy_of(parallel, of_team, 0));
  if (profile == nullptr) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (std::size_t text = 0; text < texts(); ++text) profile->set_text_seconds(text, seconds);
}

}  // namespace crossover::model
