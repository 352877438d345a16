// jax.scipy.special: special functions with NumPy's promotion and broadcasting. Integers become floating; TypeError for
// complex numbers and keys. Derivatives are JAX's. Not included by <fluxion/fluxion.hpp>.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion::scipy::special {

// --- gamma and beta functions ---

Array gammaln(const Array& x);  ///< log |Gamma(x)|
/// The sign of Gamma(x): NaN at poles, that of x at 0.
Array gammasgn(const Array& x);
Array gamma(const Array& x);
Array digamma(const Array& x);  ///< d/dx log Gamma(x)
/// The n-th derivative of digamma; n is an integer. Differentiable in x.
Array polygamma(const Array& n, const Array& x);
/// n! = Gamma(n + 1); 0 for negative n.
Array factorial(const Array& n);
Array poch(const Array& z, const Array& m);  ///< Gamma(z + m) / Gamma(z), for positive z.
Array gammainc(const Array& a, const Array& x);   ///< lax::igamma
Array gammaincc(const Array& a, const Array& x);  ///< lax::igammac
Array betaln(const Array& a, const Array& b);     ///< log |B(a, b)|; accurate also where both are large.
Array beta(const Array& a, const Array& b);
Array betainc(const Array& a, const Array& b, const Array& x);  ///< lax::betainc
/// log of the multivariate gamma function: d (d-1)/4 log pi + the sum of log Gamma(a - j/2) over j = 0 ... d-1.
/// ValueError unless d >= 1.
Array multigammaln(const Array& a, std::int64_t d);

// --- errors and normal distribution ---

Array erf(const Array& x);
Array erfc(const Array& x);
Array erfinv(const Array& x);
Array ndtr(const Array& x);     ///< The normal distribution's cdf.
Array log_ndtr(const Array& x); ///< Its logarithm, accurate where the cdf is small or close to 1.
Array ndtri(const Array& p);    ///< Its inverse: -inf at 0, inf at 1, NaN beyond.

// --- logarithms, entropies ---

Array logit(const Array& x);  ///< log(x / (1 - x))
Array expit(const Array& x);  ///< 1 / (1 + e^-x)
Array xlogy(const Array& x, const Array& y);    ///< x log y, 0 where x is 0.
Array xlog1py(const Array& x, const Array& y);  ///< x log(1 + y), 0 where x is 0.
Array entr(const Array& x);                     ///< -x log x; 0 at 0, -inf below.
Array rel_entr(const Array& p, const Array& q); ///< p log(p / q); 0 where p = 0 <= q, else inf where either is not positive.
Array kl_div(const Array& p, const Array& q);   ///< rel_entr(p, q) - p + q
Array softmax(const Array& x, const Axis& axis = none);
Array log_softmax(const Array& x, const Axis& axis = none);

struct LogsumexpOptions {
  Axis axis = none;
  std::optional<Array> b = {};  ///< Factors of the exponentials.
  bool keepdims = false;
};
/// log sum b e^a over axes. NaN where the sum is negative.
Array logsumexp(const Array& a, const LogsumexpOptions& options = {});
/// {log |sum b e^a|, sign of the sum}. Source: jax.scipy.special.logsumexp(return_sign=True).
std::pair<Array, Array> logsumexp_sign(const Array& a, const LogsumexpOptions& options = {});

// --- Bessel functions, integrals, zeta ---

Array i0(const Array& x);   ///< Modified Bessel function I_0.
Array i0e(const Array& x);  ///< e^-|x| I_0(x)
Array i1(const Array& x);
Array i1e(const Array& x);
Array expi(const Array& x);                  ///< Ei(x)
Array exp1(const Array& x);                  ///< E_1(x), for x >= 0.
Array expn(const Array& n, const Array& x);  ///< E_n(x), for whole n.
Array spence(const Array& x);                ///< -int_1^x log t / (t - 1) dt: Li_2(1 - x).
Array zeta(const Array& x, const Array& q = Array(1.0));  ///< Hurwitz' zeta function; Riemann's for q = 1.
/// The Bernoulli numbers B_0 ... B_n (B_1 = -1/2), float64. ValueError for negative n.
Array bernoulli(std::int64_t n);

}  // namespace fluxion::scipy::special
