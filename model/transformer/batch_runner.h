#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/core/thread_team.h"
#include "model/transformer/encoder.h"
#include "model/transformer/text_queue.h"

namespace crossover::model {

/// Where the parallelism of a batch lies.
enum class Granularity {
  serial,  // one thread, one text after the other
  fine,    // one text after the other, all threads inside each operation
  coarse,  // one text per thread
  hybrid,  // one text per team of threads
  packed,  // all texts as one matrix, all threads inside each operation; attention text by text
};

/// How fine and packed hand work to their threads.
enum class Regions {
  openmp,  // a parallel region for each operation
  team,    // one region for the batch, in which a ThreadTeam waits
};

struct BatchMode {
  Granularity granularity = Granularity::serial;
  int threads = 1;
  int teams = 1;  // of hybrid alone; a divisor of threads
  Schedule schedule = Schedule::dynamic;
  Regions regions = Regions::openmp;
  bool copied_weights = false;  // one copy of the weights per team
  bool fresh_buffers = false;  // activations and scratch memory are allocated for each text, or for
                               // the batch where it is packed
};

/// Computes the embeddings of one batch of texts, as often as wanted, by one mode. Everything is
/// allocated beforehand, so that run() allocates nothing.
class BatchRunner {
 public:
  /// Texts have 1 to `longest` (of the weights) ids each, all below the vocabulary's size. All
  /// references outlive this. With copied_weights the file is read again for all teams but the
  /// first. Throws std::invalid_argument: no texts, an empty or too long one, teams that do not
  /// divide the threads; what Encoder throws.
  BatchRunner(const GgufFile& file, const EncoderWeights& weights, const EncoderKernels& kernels,
              const BatchMode& mode, std::vector<std::vector<kernels::TokenId>> texts);

  /// One pass over all texts. `profile`, or null, has teams() teams and mode.threads threads.
  void run(PassProfile* profile);

  int teams() const { return static_cast<int>(teams_.size()); }
  std::size_t texts() const { return texts_.size(); }
  std::size_t tokens() const;
  Tokens text(std::size_t number) const { return views_[number]; }

  /// [texts, embedding]; of the last run.
  const kernels::MatrixBatch<float>& embeddings() const { return embeddings_; }

  std::optional<std::string> code_path() const { return teams_.front()->encoder.code_path(); }

  /// Bytes of activations, scratch memory and results.
  std::size_t memory_bytes() const;

 private:
  struct Team {
    Team(const EncoderWeights& weights, const EncoderKernels& kernels, int threads)
        : encoder(weights, kernels, threads), members(threads) {}

    std::unique_ptr<EncoderWeights> own_weights;  // null: shared with all others
    Encoder encoder;
    kernels::ThreadTeam members;
  };

  void prepare(Team& team, const Team* shared);
  void run_on_calling_thread(PassProfile* profile);
  void run_in_one_region(PassProfile* profile);
  void lead(int team, PassProfile* profile, const kernels::ParallelPolicy& parallel);
  void run_text(int team, std::size_t text, PassProfile* profile,
                const kernels::ParallelPolicy& parallel);
  PassPolicy policy_of(const kernels::ParallelPolicy& parallel, PassProfile::Team* profile,
                       std::int32_t first_text) const;
  void run_packed(PassProfile* profile, const kernels::ParallelPolicy& parallel);

  BatchMode mode_;
  int threads_of_team_ = 1;
  std::vector<std::vector<kernels::TokenId>> texts_;
  std::vector<Tokens> views_;
  std::vector<Index> lengths_;
  AlignedBuffer<float> storage_;
  kernels::MatrixBatch<float> embeddings_;
  TextQueue queue_;
  std::vector<std::unique_ptr<Team>> teams_;
};

}  // namespace crossover::model
