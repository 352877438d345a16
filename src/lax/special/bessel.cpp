// Scaled modified Bessel functions: the power series, whose terms are all positive, up to |x| = 40, beyond it the
// asymptotic expansion, whose least term is smaller than the last digit. Source: NIST DLMF 10.25.2, 10.40.1.
#include <cmath>
#include <limits>

#include "lax/special/functions.hpp"

namespace fluxion::lax::special {

namespace {

using Real = long double;

constexpr Real kPi = 3.14159265358979323846264338327950288L;

/// e^-x I_order(x) for x >= 0.
double scaled(int order, double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return 0;
  Real term = 1, sum = 1;
  if (x <= 40) {
    const Real half = static_cast<Real>(x) / 2;
    for (int k = 1; term > 1e-22L * sum; ++k)
      sum += term *= half * half / (static_cast<Real>(k) * static_cast<Real>(k + order));
    return static_cast<double>((order == 0 ? sum : sum * half) * std::exp(-static_cast<Real>(x)));
  }
  const Real square = static_cast<Real>(4 * order * order);
  for (int k = 1; k < 60 && std::fabs(term) > 1e-22L; ++k) {
    const Real odd = static_cast<Real>(2 * k - 1);
    sum += term *= -(square - odd * odd) / (static_cast<Real>(8 * k) * static_cast<Real>(x));
  }
  return static_cast<double>(sum / std::sqrt(2 * kPi * static_cast<Real>(x)));
}

}  // namespace

double bessel_i0e(double x) { return scaled(0, std::fabs(x)); }
double bessel_i1e(double x) {
  const double v = scaled(1, std::fabs(x));
  return x < 0 ? -v : x == 0 ? x : v;
}

}  // namespace fluxion::lax::special
