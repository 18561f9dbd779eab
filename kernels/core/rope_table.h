#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/core/kernel.h"
#include "kernels/core/rotation.h"

namespace crossover::kernels {

/// scale * base^(-2i / rotary_dim) for every pair i: radians from one position to the next.
/// Relative error below 2^-48: up to log(base) <= 21 units of double from the rounded exponent, and
/// three more.
std::vector<double> frequencies(const Rotation& rotation);

/// Cosines and sines of all angles of a rotation at a range of positions. One table serves all
/// layers of a model that turn alike. Angles, cosines and sines are computed in double and only
/// then rounded, so that entries are right to half a unit in the last place of f32 plus the error
/// of the angle, 2^-48 of it: at position 100,000, 4e-10.
/// Cost: 4 * rotary_dim bytes and rotary_dim / 2 cosines and sines per position.
class RopeTable {
 public:
  RopeTable(const Rotation& rotation, const PositionRange& range);

  const Rotation& rotation() const { return rotation_; }
  const PositionRange& range() const { return range_; }

  /// [rotary_dim / 2]; the sines of a position stand behind its cosines.
  const float* cosines(Index position) const {
    assert(range_.holds(position));
    return values_.data() + (position - range_.first) * rotation_.rotary_dim;
  }
  const float* sines(Index position) const { return cosines(position) + rotation_.pairs(); }

 private:
  Rotation rotation_;
  PositionRange range_;
  std::vector<float> values_;  // [range.count, 2, rotary_dim / 2]
};

/// What a variant with a table prepares: a table of its own, unless the caller shares one.
class PreparedTable : public Prepared {
 public:
  /// `shared` may be null; else it is of that rotation, holds the range, and outlives this.
  /// `code_path` as Prepared's.
  PreparedTable(const Rotation& rotation, const PositionRange& range, const RopeTable* shared,
                std::optional<std::string> code_path = std::nullopt);

  const RopeTable& table() const { return shared_ ? *shared_ : *own_; }
  std::optional<std::string> code_path() const override { return code_path_; }

 private:
  std::unique_ptr<const RopeTable> own_;
  const RopeTable* shared_;
  std::optional<std::string> code_path_;
};

}  // namespace crossover::kernels
