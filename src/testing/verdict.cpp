#include "testing/verdict.hpp"

#include <algorithm>
#include <cmath>

namespace fluxion::testing {

namespace {
constexpr double kEps = 0x1p-52;
constexpr double kTell = 1e-3;  // an uncertainty beyond this share of the scale decides nothing
}  // namespace

double tolerance(const Comparison& c, double slack) {
  return slack * (c.expected_error + c.got_error + 16 * kEps * std::max(std::fabs(c.expected), std::fabs(c.got)));
}

Verdict verdict(const Comparison& c, double slack) {
  if (c.expected == c.got) return Verdict::agree;  // infinities of one sign, too
  const double distance = std::fabs(c.expected - c.got), most = tolerance(c, slack);
  const double scale = std::max({std::fabs(c.expected), std::fabs(c.got), c.scale});
  const bool tells = most <= kTell * scale || most < 1e-280;
  if (std::isnan(distance)) return std::isnan(c.expected) ? Verdict::ill_conditioned : Verdict::disagree;
  if (distance > most) return Verdict::disagree;
  return tells ? Verdict::agree : Verdict::ill_conditioned;
}

}  // namespace fluxion::testing
