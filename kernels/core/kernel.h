#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/parallel.h"

namespace crossover::kernels {

enum class Threading {
  none,
  openmp,            // a team that stays from call to call
  threads_per_call,  // started and joined in every call, which therefore allocates
  vendor,
};
enum class Simd { none, compiler, highway, intrinsics, vendor };
enum class Packing { none, per_call, prepacked };

/// What is true of a variant's machine code and memory traffic, for labels and for sceptics.
struct Traits {
  Threading threading = Threading::none;
  Simd simd = Simd::none;
  Packing packing = Packing::none;
};

std::string_view to_string(Threading value);
std::string_view to_string(Simd value);
std::string_view to_string(Packing value);

/// What a variant made once in prepare() and needs in every run(): packed weights, a vendor's
/// handle. Destroyed before the constants it was made from.
class Prepared {
 public:
  virtual ~Prepared() = default;
  /// The code that will run, e.g. "avx3 12x32" or "SkylakeX"; nullopt where it cannot be known.
  virtual std::optional<std::string> code_path() const { return std::nullopt; }
};

/// For families that know no operands before a call.
struct NoConstants {};

/// One interchangeable variant of a family. `Problem`, `Args` and `Constants` come from the
/// family's contract header, which defines what is computed. All functions are thread-compatible
/// and stateless.
template <class Problem, class Args, class Constants = NoConstants>
struct Kernel {
  std::string_view name;    // the file stem, the registry name and the plot label
  std::string_view source;  // a paper, a library with its version, or "textbook"
  Traits traits;

  /// Why this variant cannot run this problem here (instruction set, missing library), or nullopt.
  std::optional<std::string> (*why_unsupported)(const Problem&);

  /// What is done once per problem and constants; may allocate; never null. Throws
  /// std::runtime_error with the reason when a library turns out to be unusable.
  std::unique_ptr<Prepared> (*prepare)(const Problem&, const Constants&, const ParallelPolicy&);

  /// Bytes of scratch memory that run() needs, to be allocated by the caller, aligned to 64 bytes.
  std::size_t (*workspace_bytes)(const Problem&, const ParallelPolicy&);

  /// Computes the family's definition. Neither allocates nor throws.
  void (*run)(const Args&, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&);
};

}  // namespace crossover::kernels
