// The error functions and the normal distribution.
#include <cmath>

#include <fluxion/lax/math.hpp>
#include <fluxion/scipy/special.hpp>
#include <fluxion/transforms/custom_jvp.hpp>
#include "scipy/parts.hpp"

namespace fluxion::scipy::special {

namespace {
constexpr double kHalfSqrt2 = 0.70710678118654752440, kSqrt2Pi = 2.50662827463100050242, kLogSqrt2Pi = 0.91893853320467274178;
}

Array erf(const Array& x) { return lax::erf(floating("erf", {x})[0]); }
Array erfc(const Array& x) { return lax::erfc(floating("erfc", {x})[0]); }
Array erfinv(const Array& x) { return lax::erf_inv(floating("erfinv", {x})[0]); }

// Whichever of erf and erfc does not cancel.
Array ndtr(const Array& x) {
  const auto w = floating("ndtr", {x})[0] * kHalfSqrt2;
  const auto z = abs(w);
  return 0.5 * where(z < kHalfSqrt2, 1.0 + lax::erf(w), where(w > 0.0, 2.0 - lax::erfc(z), lax::erfc(z)));
}

// Rational approximations around 1/2 and in the tails, by z = sqrt(-2 log p). Source: Cephes' ndtri (Moshier 1989).
Array ndtri(const Array& p_in) {
  const auto p = floating("ndtri", {p_in})[0];
  const double edge = std::exp(-2.0);
  const auto upper = p > 1.0 - edge;
  const auto q = where(upper, 1.0 - p, p);
  const auto tail = where(q == 0.0, literal(p, 0.5), q);  // no infinite derivative where it is not chosen

  const auto w = tail - 0.5, ww = w * w;
  const auto central = -kSqrt2Pi * (w + w * ww *
      (polynomial(ww, {-5.99633501014107895267E1, 9.80010754185999661536E1, -5.66762857469070293439E1, 1.39312609387279679503E1,
                       -1.23916583867381258016E0}) /
       polynomial(ww, {1.0, 1.95448858338141759834E0, 4.67627912898881538453E0, 8.63602421390890590575E1, -2.25462687854119370527E2,
                       2.00260212380060660359E2, -8.20372256168333339912E1, 1.59056225126211695515E1, -1.18331621121330003142E0})));

  const auto z = sqrt(-2.0 * log(tail)), v = 1.0 / z, first = z - log(z) / z;
  const auto far = v * polynomial(v, {3.23774891776946035970E0, 6.91522889068984211695E0, 3.93881025292474443415E0, 1.33303460815807542389E0,
                                      2.01485389549179081538E-1, 1.23716634817820021358E-2, 3.01581553508235416007E-4,
                                      2.65806974686737550832E-6, 6.23974539184983651783E-9}) /
                   polynomial(v, {1.0, 6.02427039364742014255E0, 3.67983563856160859403E0, 1.37702099489081330271E0,
                                  2.16236993594496635890E-1, 1.34204006088543189037E-2, 3.28014464682127739104E-4,
                                  2.89247864745380683936E-6, 6.79019408009981274425E-9});
  const auto near = v * polynomial(v, {4.05544892305962419923E0, 3.15251094599893866154E1, 5.71628192246421288162E1, 4.40805073893200834700E1,
                                       1.46849561928858024014E1, 2.18663306850790267539E0, -1.40256079171354495875E-1,
                                       -3.50424626827848203418E-2, -8.57456785154685413611E-4}) /
                    polynomial(v, {1.0, 1.57799883256466749731E1, 4.53907635128879210584E1, 4.13172038254672030440E1,
                                   1.50425385692907503408E1, 2.50464946208309415979E0, -1.42182922854787788574E-1,
                                   -3.80806407691578277194E-2, -9.33259480895457427372E-4});
  const auto x = where(tail > edge, central, where(z >= 8.0, first - far, first - near));
  const auto inf = literal(p, HUGE_VAL);
  return where(p == 0.0, -inf, where(p == 1.0, inf, where(upper, x, -x)));
}

namespace rules {
namespace {

/// 1 - 1/x^2 + 3/x^4 - 15/x^6 ...: Mills' ratio far to the left.
Array asymptotic_series(const Array& x) {
  const auto inverse = 1.0 / (x * x);
  // The least terms are below the last digit from |x| = 10 (float32) and 20 (float64) on.
  return polynomial(inverse, {-34459425.0, 2027025.0, -135135.0, 10395.0, -945.0, 105.0, -15.0, 3.0, -1.0, 1.0});
}

struct log_ndtr {
  Array operator()(const Array& x) const {
    const bool wide = x.dtype() == DType::float64;
    const double lower = wide ? -20 : -10, upper = wide ? 8 : 5;
    const auto left = minimum(x, lower);
    const auto tail = -0.5 * (left * left) - log(-left) - kLogSqrt2Pi + log(asymptotic_series(left));
    const auto right = maximum(x, lower);
    // log(ndtr) cancels where ndtr is close to 1.
    const auto middle = where(right > 0.0, log1p(-ndtr(-right)), log(ndtr(right)));
    return where(x > upper, -ndtr(-x), where(x > lower, middle, tail));
  }
};

}  // namespace
}  // namespace rules

Array log_ndtr(const Array& x) {
  return custom_jvp(rules::log_ndtr(), [](const auto& p, const auto& t) {
    const auto& x = std::get<0>(p);
    const auto ans = rules::log_ndtr()(x);
    return std::pair(ans, std::get<0>(t) * exp(-(0.5 * (x * x) + kLogSqrt2Pi + ans)));
  })(floating("log_ndtr", {x})[0]);
}

}  // namespace fluxion::scipy::special
