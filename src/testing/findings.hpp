// What the laws report: each decision is tallied, and the first disagreement is kept with all that is needed
// to reduce it.
#pragma once

#include <string>
#include <vector>

#include <fluxion/testing/check.hpp>

namespace fluxion::testing {

using detail::Check;
using detail::FlatFn;
using detail::Subject;

/// One number that came out other than it must.
struct Disagreement {
  std::string law;       // as in its tally
  std::string what;      // "tangent of result 1, element [0,2]", or what else is wrong in words
  int order = 1;         // of the derivative, 0 for values
  bool transposed = false;  // a reverse-mode law: the transposes are suspect, given that the jvp rules were right
  Arrays point{};        // of the program that was differentiated last
  Arrays direction{};    // empty where there is none
  double expected = 0, expected_error = 0, got = 0, tolerance = 0;
  bool numbers = true;      // whether the numbers mean something
};

struct Findings {
  std::vector<LawTally> laws;
  std::vector<Disagreement> disagreements;  // the first few

  Tally& tally(const std::string& law);
  bool failed() const { return !disagreements.empty(); }
  void add(Disagreement d);  // tallies it, too
  void merge(Findings other);
};

/// The checks themselves, each usable on a reduced subject. What f throws is passed on.
Findings examine(Check check, const Subject& subject, const CheckOptions& options);

/// Reduces a failing subject to one primitive and one rule; empty if the fault vanishes when f is replaced by
/// its jaxpr.
std::vector<Explanation> explain(Check check, const Subject& subject, const Findings& findings,
                                 const CheckOptions& options);

}  // namespace fluxion::testing
