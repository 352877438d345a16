// Complex arithmetic, one element at a time. Products are plain, quotients scaled; functions are the C library's,
// whose values at infinities and on branch cuts are those of C99. Of complex64 numbers, quotients and functions
// are computed in double, where nothing overflows, and rounded.
#pragma once

#include "kernels/eval/elements.hpp"

namespace fluxion::kernels::FLUXION_ISA::complex {

using Wide = Complex<double>;
__extension__ typedef __complex__ double CDouble;
// <complex.h> would bring C's macros.
extern "C" {
CDouble csin(CDouble);
CDouble ccos(CDouble);
CDouble ctanh(CDouble);
CDouble ctan(CDouble);
CDouble casin(CDouble);
CDouble cacos(CDouble);
CDouble catan(CDouble);
CDouble csinh(CDouble);
CDouble ccosh(CDouble);
CDouble casinh(CDouble);
CDouble cacosh(CDouble);
CDouble catanh(CDouble);
}

inline CDouble c_number(Wide z) {
  CDouble c;
  __real__ c = z.re;
  __imag__ c = z.im;
  return c;
}
inline Wide number(CDouble c) { return {__real__ c, __imag__ c}; }

template <class T> Complex<T> operator-(Complex<T> a) { return {-a.re, -a.im}; }
template <class T> Complex<T> operator+(Complex<T> a, Complex<T> b) { return {a.re + b.re, a.im + b.im}; }
template <class T> Complex<T> operator-(Complex<T> a, Complex<T> b) { return {a.re - b.re, a.im - b.im}; }
template <class T> Complex<T> operator*(Complex<T> a, Complex<T> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
inline bool is_zero(Wide z) { return z.re == 0 && z.im == 0; }
inline bool is_nan(double x) { return x != x; }
inline bool is_inf(double x) { return __builtin_isinf(x) != 0; }

/// What C99 says of quotients that the formula makes NaN: x / 0, inf / finite, finite / inf.
inline Wide special_quotient(Wide a, Wide b, Wide q) {
  const auto box = [](double x) { return __builtin_copysign(is_inf(x) ? 1.0 : 0.0, x); };
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (is_zero(b) && (!is_nan(a.re) || !is_nan(a.im)))
    return {__builtin_copysign(inf, b.re) * a.re, __builtin_copysign(inf, b.re) * a.im};
  if ((is_inf(a.re) || is_inf(a.im)) && __builtin_isfinite(b.re) && __builtin_isfinite(b.im)) {
    const double x = box(a.re), y = box(a.im);
    return {inf * (x * b.re + y * b.im), inf * (y * b.re - x * b.im)};
  }
  if ((is_inf(b.re) || is_inf(b.im)) && __builtin_isfinite(a.re) && __builtin_isfinite(a.im)) {
    const double c = box(b.re), d = box(b.im);
    return {0 * (a.re * c + a.im * d), 0 * (a.im * c - a.re * d)};
  }
  return q;
}

/// The exponent that brings the larger part near 1; 0 for zeros and what is not finite.
inline int exponent_of(Wide z) {
  const double x = __builtin_fabs(z.re), y = __builtin_fabs(z.im), larger = x > y ? x : y;
  return larger > 0 && __builtin_isfinite(larger) ? __builtin_ilogb(larger) : 0;
}
inline Wide scaled(Wide z, int exponent) {
  return {__builtin_scalbn(z.re, exponent), __builtin_scalbn(z.im, exponent)};
}

inline Wide quotient(Wide a, Wide b) {
  const int above = exponent_of(a), below = exponent_of(b);
  const Wide x = scaled(a, -above), y = scaled(b, -below);
  const double norm = y.re * y.re + y.im * y.im;
  const Wide q = scaled({(x.re * y.re + x.im * y.im) / norm, (x.im * y.re - x.re * y.im) / norm}, above - below);
  return is_nan(q.re) && is_nan(q.im) ? special_quotient(a, b, q) : q;
}

inline double modulus(Wide z) { return __builtin_hypot(z.re, z.im); }
inline Wide exp(Wide z) { return number(__builtin_cexp(c_number(z))); }
inline Wide log(Wide z) { return number(__builtin_clog(c_number(z))); }
inline Wide sqrt(Wide z) { return number(__builtin_csqrt(c_number(z))); }

inline Wide rsqrt(Wide z) { return quotient({1, 0}, sqrt(z)); }
inline Wide exp2(Wide z) { return exp({z.re * 0x1.62e42fefa39efp-1, z.im * 0x1.62e42fefa39efp-1}); }

/// exp(w log z); powers of zero are 0, 1 or undefined by the sign of Re w.
inline Wide pow(Wide z, Wide w) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (is_zero(w)) return {1, 0};
  if (is_zero(z)) return w.re > 0 ? Wide{0, 0} : Wide{nan, nan};
  return exp(w * log(z));
}

/// exp(z) - 1 without the cancellation near 0: exp(x) cos y - 1 = expm1(x) cos y - 2 sin(y/2)^2.
inline Wide expm1(Wide z) {
  const double s = __builtin_sin(z.im / 2);
  const Wide e = exp(z);
  if (!__builtin_isfinite(e.re)) return e;
  return {__builtin_expm1(z.re) * __builtin_cos(z.im) - 2 * s * s, e.im};
}

/// log(1 + z): |1 + z|^2 = 1 + (x (2 + x) + y^2).
inline Wide log1p(Wide z) {
  const double x = __builtin_fabs(z.re), y = __builtin_fabs(z.im);
  const Wide one_more{1 + z.re, z.im};
  if (!(x < 0.5 && y < 0.5)) return log(one_more);
  return {0.5 * __builtin_log1p(z.re * (2 + z.re) + z.im * z.im), __builtin_atan2(z.im, one_more.re)};
}

inline Wide logistic(Wide z) {
  const Wide e = exp(z.re < 0 ? z : -z), below = Wide{1, 0} + e;
  return z.re < 0 ? quotient(e, below) : quotient({1, 0}, below);
}

inline Wide sign(Wide z) {
  if (is_zero(z)) return z;
  const double r = modulus(z);
  return quotient(z, {r, 0});
}

}  // namespace fluxion::kernels::FLUXION_ISA::complex
