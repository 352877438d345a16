// The second opinion at kinks: a program with every discrete decision taken once, at a point, and kept from
// there on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jaxpr.hpp"

namespace fluxion::testing {

/// The decisions of a program at a point, and the program with them kept: smooth where the original has a
/// kink, with the slopes that docs/subgradients.md gives there, so that difference quotients of it are what
/// derivatives must be.
///
/// Decided once are: results of integers and bools (comparisons, argmax, is_finite), branches and trip
/// counts, what max, min, abs, clamp, rem, sort, top_k, reduce_max, cummax, reduce_window_max and scatter_max
/// choose, what floor, ceil, round, sign and stop_gradient give, and whatever else depends on no argument
/// that has tangents. Decisions are those of the program's own dtypes, values are of float64 and complex128:
/// bits, random numbers and callbacks are computed in their own dtypes, then widened. Callbacks with effects
/// run once, when the decisions are made.
class Frozen {
 public:
  /// Takes the decisions at `args`. Throws UnsupportedError naming what cannot be frozen: stacks of tapes,
  /// programs of more than a million operations.
  Frozen(const ClosedJaxpr& program, const Arrays& args);

  /// The program at other arguments with its decisions kept; integer arguments stay as they were. Results are
  /// float64 or complex128 where they have tangents, else as at the point.
  Arrays operator()(const Arrays& args) const;

  /// Whether the replay may have other derivatives than the program has nearby: a decision was a tie, a slope
  /// is infinite, or a value is held by stop_gradient.
  bool at_kink() const { return !kinks_.empty(); }
  /// "max: 2 of 5 elements tie", one for each primitive.
  const std::vector<std::string>& kinks() const { return kinks_; }

 private:
  struct Tape;
  std::shared_ptr<const Tape> tape_;
  std::vector<std::string> kinks_;
};

}  // namespace fluxion::testing
