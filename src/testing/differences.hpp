// Derivatives along a direction from values alone, with an estimate of their error.
#pragma once

#include <functional>

#include "testing/layout.hpp"

namespace fluxion::testing {

/// y(t), the numbers of a function's results at x + t v.
using Curve = std::function<Vec(double t)>;

/// What is known of one derivative.
enum class Kind : char {
  smooth,
  kink,        // the one-sided derivatives differ, or one side is not there
  non_finite,  // the value or all differences are not finite
};

struct Estimate {
  Vec value, error;         // error: of truncation and of rounding in the values
  Vec left, right;          // one-sided derivatives, where `kind` is kink
  std::vector<Kind> kind;
};

struct RiddersOptions {
  double first_step = 0x1p-5;  // of t
  int levels = 9;
  /// By how much values are uncertain, by result.
  const Vec* noise = nullptr;
};

/// Central differences with halved steps, extrapolated to step zero; the entry of the tableau with the least estimate
/// of error. Steps that lead out of the domain (to values that are not finite) are passed over.
/// Source: Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982).
Estimate ridders(const Curve& y, const Vec& at_zero, const RiddersOptions& options);

}  // namespace fluxion::testing
