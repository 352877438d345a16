// lax: special functions beyond the elementwise rows. Strict as all of lax: floating operands of one dtype, and of one
// shape unless one has rank 0; TypeError else. Computed in double and rounded. Outside of their domains they are NaN.
// Names, semantics and derivatives are jax.lax's. Not included by <fluxion/lax.hpp>.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// P(a, x) = 1/Gamma(a) int_0^x t^(a-1) e^-t dt, for a > 0 and x >= 0. Source: jax.lax.igamma.
Array igamma(const Array& a, const Array& x);
/// Q(a, x) = 1 - P(a, x), accurate where it is small. Source: jax.lax.igammac.
Array igammac(const Array& a, const Array& x);
/// dP/da. Differentiable in x; UnsupportedError for a derivative in a. Source: jax.lax.igamma_grad_a.
Array igamma_grad_a(const Array& a, const Array& x);
/// dx/da where P(a, x) stays what it is: how a sample of the gamma distribution moves with its shape. UnsupportedError
/// for derivatives. Source: jax.lax.random_gamma_grad; Figurnov, Mohamed, Mnih 2018.
Array random_gamma_grad(const Array& a, const Array& x);
/// I_x(a, b), for a, b > 0 and 0 <= x <= 1. Differentiable in x; UnsupportedError for derivatives in a and b.
/// Source: jax.lax.betainc.
Array betainc(const Array& a, const Array& b, const Array& x);
inline Array regularized_incomplete_beta(const Array& a, const Array& b, const Array& x) { return betainc(a, b, x); }
/// The sum of (q + k)^-x over k = 0, 1, ..., for x > 1. Differentiable in q; UnsupportedError for a derivative in x.
/// Source: jax.lax.zeta.
Array zeta(const Array& x, const Array& q);
/// e^-|x| I_0(x) and e^-|x| I_1(x). Source: jax.lax.bessel_i0e, bessel_i1e.
Array bessel_i0e(const Array& x);
Array bessel_i1e(const Array& x);
/// Ei(x), the principal value of int_-inf^x e^t / t dt. Source: jax.scipy.special.expi.
Array expi(const Array& x);
/// E_n(x) = int_1^inf e^-xt t^-n dt for whole n (as a floating number) and x >= 0. Differentiable in x; the derivative
/// in n is zero. Source: jax.scipy.special.expn.
Array expn(const Array& n, const Array& x);

}  // namespace fluxion::lax
