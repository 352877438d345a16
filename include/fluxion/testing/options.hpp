// How a check is carried out.
#pragma once

#include <cstdint>
#include <optional>

#include <fluxion/array.hpp>

namespace fluxion::testing {

/// Designated initialisers: check_grads(f, x, {.order = 1}).
struct CheckOptions {
  /// Derivatives up to this order, 1 to 3: each by forward over forward, reverse over forward, ... as the modes say.
  int order = 2;
  bool forward = true;   ///< jvp
  bool reverse = true;   ///< vjp, grad
  /// Random signed directions for each program that is differentiated; beyond them all basis directions where there
  /// are at most as many.
  int directions = 32;
  /// Where the directions come from. Without one they are fresh in every run, and the report prints the key.
  std::optional<Array> key = std::nullopt;
  /// Multiplies every tolerance. Tolerances are estimates of error, so there is hardly ever a reason to touch it.
  double slack = 1;
  /// The share of decisions, at least, that must not be undecidable; below it the check fails as vacuous.
  double min_decided = 0.5;
  /// The laws that need no numbers: linearity, linearize, symmetry of the Hessian, jit, vmap, checkpoint,
  /// dtypes and shapes.
  bool laws = true;
  /// Whether a fault is reduced to one rule. That takes a while for large programs.
  bool explain = true;
};

}  // namespace fluxion::testing
