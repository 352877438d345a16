// From two numbers and their uncertainties to a verdict.
#pragma once

#include "testing/findings.hpp"

namespace fluxion::testing {

/// A number of known accuracy and one to be held against it.
struct Comparison {
  double expected, expected_error;
  double got, got_error;
  /// What numbers of this kind are like where the comparison is made: an uncertainty far below it decides.
  double scale;
};

enum class Verdict { agree, disagree, ill_conditioned };

/// disagree: further apart than both errors explain. ill_conditioned: the errors are no longer small against the scale.
Verdict verdict(const Comparison& c, double slack);
double tolerance(const Comparison& c, double slack);

}  // namespace fluxion::testing
