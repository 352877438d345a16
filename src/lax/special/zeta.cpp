// Hurwitz' zeta function by the Euler-Maclaurin formula. Source: NIST DLMF 25.11.5.
#include <cmath>
#include <limits>

#include "lax/special/functions.hpp"

namespace fluxion::lax::special {

namespace {

using Real = long double;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// B_2j / (2j)!
constexpr Real kBernoulli[] = {1.0L / 12,
                               -1.0L / 720,
                               1.0L / 30240,
                               -1.0L / 1209600,
                               1.0L / 47900160,
                               -691.0L / 1307674368000.0L,
                               1.0L / 74724249600.0L,
                               -3617.0L / 10670622842880000.0L,
                               43867.0L / 5109094217170944000.0L,
                               -174611.0L / 802857662698291200000.0L};

/// For s > 1 and q > 0: terms until they are many or small, then the rest from w = q + n on.
Real positive(Real s, Real q) {
  Real sum = 0, w = q;
  for (const Real far = 12 + s / 2; w < far; ++w) {
    const Real term = std::pow(w, -s);
    sum += term;
    if (std::isinf(sum) || term * (w / (s - 1) + 1) <= 1e-22L * sum) return sum;  // both may have become 0
  }
  const Real power = std::pow(w, -s);
  sum += w * power / (s - 1) + power / 2;
  Real factor = s * power / w;
  for (int j = 0; j < 10; ++j) {
    const Real term = kBernoulli[j] * factor;
    sum += term;
    if (std::fabs(term) < 1e-22L * std::fabs(sum)) break;
    const Real k = s + static_cast<Real>(2 * j);
    factor *= (k + 1) * (k + 2) / (w * w);
  }
  return sum;
}

bool is_even(double s) { return std::fmod(s, 2) == 0; }

}  // namespace

double zeta(double s, double q) {
  if (std::isnan(s) || std::isnan(q) || s < 1) return kNaN;
  if (s == 1) return kInf;
  if (q <= 0) {
    if (q == std::floor(q)) return is_even(s) ? kInf : kNaN;  // a pole, of one sign on both sides if s is even
    if (s != std::floor(s)) return kNaN;
    // The terms of negative base are a difference of two sums of positive ones: with f = q + n in (0, 1),
    // zeta(s, q) = zeta(s, f) + (-1)^s (zeta(s, 1 - f) - zeta(s, 1 - q)).
    const Real f = static_cast<Real>(q) - std::floor(static_cast<Real>(q));
    const Real below = positive(s, 1 - f) - positive(s, 1 - static_cast<Real>(q));
    return static_cast<double>(positive(s, f) + (is_even(s) ? below : -below));
  }
  if (std::isinf(q)) return 0;
  if (std::isinf(s)) return q < 1 ? kInf : q == 1 ? 1 : 0;
  return static_cast<double>(positive(s, q));
}

}  // namespace fluxion::lax::special
