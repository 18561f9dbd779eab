#pragma once

#include <span>
#include <vector>

#include "kernels/core/rotation.h"

namespace crossover::kernels {

/// The rotation of one row in higher precision, for references. Shares no code with the kernels.
class ReferenceRotation {
 public:
  explicit ReferenceRotation(const Rotation& rotation);

  /// Takes the angles of a position: computed in long double, their cosines and sines to within a
  /// few units of double.
  void move_to(Index position);

  /// Turns `values` [head_dim], in place, and replaces `errors` [head_dim], absolute errors that
  /// the values came with, by bounds on |what a kernel in f32 computes - the exact rotation|.
  ///
  /// With u = 2^-24, a cosine or sine that a kernel multiplies by is off by at most e = 4u + 2^-48
  /// * |angle|: u/2 for rounding it to f32, up to 3u for one computed in f32 on a reduced angle,
  /// and the error of an angle computed in double (rope_table.h). For y = a*c - b*s with errors
  /// e_a, e_b of a, b that gives |a|e + |b|e + (e_a + e_b)(1 + e), and the two products and their
  /// sum add gamma(2) of what |a*c| + |b*s| may have become. Products below the normal range lose
  /// up to a denormal each. Source of the rule: Higham, Accuracy and Stability of Numerical
  /// Algorithms, 2nd ed., 3.1.
  void rotate(std::span<double> values, std::span<double> errors) const;

 private:
  Rotation rotation_;
  std::vector<double> cosines_;
  std::vector<double> sines_;
  std::vector<double> trigonometric_errors_;
};

}  // namespace crossover::kernels
