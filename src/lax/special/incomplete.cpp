// The incomplete gamma and beta functions and the exponential integrals. Values are Boost's; derivatives by the
// parameter differentiate the power series and the continued fraction of Gamma(a, x) term by term, in long double,
// because neither differences of values nor those of Boost keep the digits.
#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/expint.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "lax/special/functions.hpp"

namespace fluxion::lax::special {

namespace {

using Real = long double;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int kMostTerms = 200000;
constexpr double kLargeA = 1e8;  // from here on terms are too many, and the limit is near

// Nothing throws and errno is left alone.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
    boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::indeterminate_result_error<boost::math::policies::ignore_error>>;

Real digamma(Real x) { return boost::math::digamma(x, Quiet()); }

bool outside(double a, double x) { return std::isnan(a) || std::isnan(x) || a <= 0 || x < 0; }

/// log(x^a e^-x / Gamma(a + 1)), without the cancellation of large terms where a is large and x is near.
Real log_density(Real a, Real x) {
  if (a < 30) return a * std::log(x) - x - std::lgamma(a + 1);
  // Stirling's series for Gamma(a + 1) = a Gamma(a), and a log(x/a) - (x - a) by log1p.
  const Real t = (x - a) / a, i = 1 / a, i2 = i * i;
  const Real tail = i * (1.0L / 12 - i2 * (1.0L / 360 - i2 * (1.0L / 1260 - i2 * (1.0L / 1680 - i2 * (1.0L / 1188)))));
  const Real pi = 3.14159265358979323846264338327950288L;
  return a * (std::log1p(t) - t) - 0.5L * std::log(2 * pi * a) - tail;
}

/// dP/da divided by x^a e^-x / Gamma(a + 1): sum c_n (log x - digamma(a + n + 1)), c_n = x^n / ((a + 1) ... (a + n)).
Real series_grad(Real a, Real x) {
  const Real log_x = std::log(x);
  Real psi = digamma(a + 1), c = 1, sum = 0;
  for (int n = 0; n < kMostTerms; ++n) {
    const Real term = c * (log_x - psi);
    sum += term;
    if (c < 1e-6L && std::fabs(term) < 1e-22L * std::fabs(sum)) break;
    psi += 1 / (a + static_cast<Real>(n) + 1);
    c *= x / (a + static_cast<Real>(n) + 1);
  }
  return sum;
}

/// A value and its derivative by a.
struct Dual {
  Real v, d;
  friend Dual operator*(Dual p, Dual q) { return {p.v * q.v, p.d * q.v + p.v * q.d}; }
  friend Dual operator+(Dual p, Dual q) { return {p.v + q.v, p.d + q.d}; }
  friend Dual inverse(Dual p) { return {1 / p.v, -p.d / (p.v * p.v)}; }
};

/// dQ/da divided by x^a e^-x / Gamma(a). Gamma(a, x) = x^a e^-x h with h = 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a -
/// ...)), evaluated by Lentz' method with derivatives.
Real fraction_grad(Real a, Real x) {
  Dual b{x + 1 - a, -1}, c{1e300L, 0}, d = inverse(b), h = d;
  for (int n = 1; n < kMostTerms; ++n) {
    const Real k = static_cast<Real>(n);
    const Dual numerator{-k * (k - a), k};
    b.v += 2;
    d = inverse(numerator * d + b);
    c = b + numerator * inverse(c);
    const Dual step = d * c;
    h = h * step;
    if (std::fabs(step.v - 1) < 1e-19L && std::fabs(step.d) < 1e-20L * (1 + std::fabs(h.d / h.v))) break;
  }
  return h.v * (std::log(x) - digamma(a)) + h.d;
}

/// The series converges wherever x is not much larger than a, and does not cancel there.
bool by_series(double a, double x) { return x <= 2 || x <= a; }

/// dx/da at fixed P for large a, where P is a function of sqrt(a (x/a - 1 - log(x/a))) but for terms of higher order in 1/a.
Real large_ratio(Real a, Real x) {
  const Real ratio = x / a, t = (x - a) / a;
  const Real slope = t == 0 ? 1 : (std::fabs(t) < 0.5L ? std::log1p(t) : std::log(ratio)) / t;
  return ratio * slope + 1 / (6 * a);
}

}  // namespace

double igamma(double a, double x) {
  if (outside(a, x)) return kNaN;
  if (std::isinf(a)) return std::isinf(x) ? kNaN : 0;
  if (x == 0) return 0;
  return std::isinf(x) ? 1 : boost::math::gamma_p(a, x, Quiet());
}

double igammac(double a, double x) {
  if (outside(a, x)) return kNaN;
  if (std::isinf(a)) return std::isinf(x) ? kNaN : 1;
  if (x == 0) return 1;
  return std::isinf(x) ? 0 : boost::math::gamma_q(a, x, Quiet());
}

double igamma_grad_a(double a, double x) {
  if (outside(a, x) || std::isinf(a)) return kNaN;
  if (x == 0 || std::isinf(x)) return 0;
  const Real density = std::exp(log_density(a, x));
  if (a > kLargeA) return static_cast<double>(-density * large_ratio(a, x) * static_cast<Real>(a) / static_cast<Real>(x));
  if (by_series(a, x)) return static_cast<double>(density * series_grad(a, x));
  return static_cast<double>(-density * static_cast<Real>(a) * fraction_grad(a, x));
}

double random_gamma_grad(double a, double x) {
  if (outside(a, x) || std::isinf(a) || std::isinf(x)) return kNaN;
  if (x == 0) return 0;
  if (a > kLargeA) return static_cast<double>(large_ratio(a, x));
  // dP/dx = a / x times the density.
  if (by_series(a, x)) return static_cast<double>(-series_grad(a, x) * static_cast<Real>(x) / static_cast<Real>(a));
  return static_cast<double>(fraction_grad(a, x) * static_cast<Real>(x));
}

double betainc(double a, double b, double x) {
  if (std::isnan(a) || std::isnan(b) || std::isnan(x) || a <= 0 || b <= 0 || x < 0 || x > 1) return kNaN;
  if (x == 0 || x == 1) return x;
  if (std::isinf(a) && std::isinf(b)) return kNaN;
  if (std::isinf(a)) return 0;
  if (std::isinf(b)) return 1;
  return boost::math::ibeta(a, b, x, Quiet());
}

double expi(double x) {
  if (std::isnan(x)) return x;
  if (x == 0) return -kInf;
  if (std::isinf(x)) return x > 0 ? x : -0.0;
  return boost::math::expint(x, Quiet());
}

double expn(double n, double x) {
  if (std::isnan(n) || std::isnan(x) || n != std::floor(n) || x < 0 || std::fabs(n) > 1e6) return kNaN;
  if (std::isinf(x)) return 0;
  if (x == 0) return n > 1 ? 1 / (n - 1) : kInf;
  if (n >= 1) return boost::math::expint(static_cast<unsigned>(n), x, Quiet());
  // n E_{n+1} = e^-x - x E_n, downwards from E_0 = e^-x / x; all terms are positive.
  const Real e = std::exp(-static_cast<Real>(x));
  Real value = e / x;
  for (Real k = -1; k >= n; --k) value = (e - k * value) / x;
  return static_cast<double>(value);
}

}  // namespace fluxion::lax::special
