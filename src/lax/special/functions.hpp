// Special functions of numbers, in double, as accurate as double is but for the last digits. None throws: outside of
// its domain each is NaN, at poles infinite. Knows nothing of arrays.
#pragma once

namespace fluxion::lax::special {

/// The regularized incomplete gamma functions P(a, x) = 1/Gamma(a) int_0^x t^(a-1) e^-t dt and Q = 1 - P.
double igamma(double a, double x);
double igammac(double a, double x);
/// dP/da.
double igamma_grad_a(double a, double x);
/// dx/da at a fixed P(a, x): the derivative of a sample of the gamma distribution. -(dP/da) / (dP/dx).
double random_gamma_grad(double a, double x);

/// The regularized incomplete beta function I_x(a, b).
double betainc(double a, double b, double x);

/// Hurwitz' zeta function: the sum of (q + k)^-s over k = 0, 1, ...
double zeta(double s, double q);

/// e^-|x| I_0(x) and e^-|x| I_1(x), modified Bessel functions of the first kind.
double bessel_i0e(double x);
double bessel_i1e(double x);

/// The exponential integrals Ei(x), the principal value of -int_-x^inf e^-t / t dt, and E_n(x) = int_1^inf e^-xt t^-n
/// dt.
double expi(double x);
double expn(double n, double x);

}  // namespace fluxion::lax::special
