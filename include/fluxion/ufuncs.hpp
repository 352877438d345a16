// Elementwise functions, continued: the ufuncs of jax.numpy beyond those of elementwise.hpp. Operands are promoted to
// one dtype and broadcast to one shape; floating functions of integers compute in float32 (up to 32 bits) or float64.
// Names, semantics and derivatives are jax.numpy's. TypeError unless operands are numbers of the kind that is named.
#pragma once

#include <cstdint>
#include <utility>

#include <fluxion/elementwise.hpp>

namespace fluxion {

// --- trigonometric and hyperbolic functions ---

Array arcsin(const Array& x);  ///< In [-pi/2, pi/2]; NaN outside [-1, 1].
Array arccos(const Array& x);  ///< In [0, pi]; NaN outside [-1, 1].
Array arctan(const Array& x);
Array arctan2(const Array& y, const Array& x);  ///< The angle of the point (x, y), in (-pi, pi].
Array sinh(const Array& x);
Array cosh(const Array& x);
Array arcsinh(const Array& x);
Array arccosh(const Array& x);  ///< NaN below 1.
Array arctanh(const Array& x);  ///< Infinite at -1 and 1, NaN beyond.
inline Array asin(const Array& x) { return arcsin(x); }
inline Array acos(const Array& x) { return arccos(x); }
inline Array atan(const Array& x) { return arctan(x); }
inline Array atan2(const Array& y, const Array& x) { return arctan2(y, x); }
inline Array asinh(const Array& x) { return arcsinh(x); }
inline Array acosh(const Array& x) { return arccosh(x); }
inline Array atanh(const Array& x) { return arctanh(x); }
Array deg2rad(const Array& x);  ///< x pi / 180
Array rad2deg(const Array& x);  ///< 180 x / pi
inline Array radians(const Array& x) { return deg2rad(x); }
inline Array degrees(const Array& x) { return rad2deg(x); }
/// sqrt(x^2 + y^2) without overflow; infinite if either is, even beside NaN.
Array hypot(const Array& x, const Array& y);
/// sin(pi x) / (pi x), 1 at 0, where all derivatives are right, too.
Array sinc(const Array& x);

// --- exponentials, logarithms, powers ---

Array exp2(const Array& x);   ///< 2^x
Array log2(const Array& x);   ///< log(x) / log(2)
Array log10(const Array& x);  ///< log(x) / log(10)
/// log2(2^x + 2^y) without overflow; -inf for two -inf.
Array logaddexp2(const Array& x, const Array& y);
Array float_power(const Array& x, const Array& y);  ///< x^y in floating numbers, whatever the operands.
inline Array pow(const Array& x, const Array& y) { return power(x, y); }
Array i0(const Array& x);  ///< The modified Bessel function of the first kind, of order 0: even, grows as e^|x|.

// --- rounding ---

/// To `decimals` digits after the point, halves to even; for negative `decimals` to tens, hundreds, ... Derivative 0.
/// Complex numbers by their parts. Integers stay as they are: UnsupportedError for negative `decimals`.
Array round(const Array& x, std::int64_t decimals = 0);
inline Array around(const Array& x, std::int64_t decimals = 0) { return round(x, decimals); }
Array rint(const Array& x);   ///< To the nearest integer, halves to even, floating.
Array trunc(const Array& x);  ///< Towards 0.
Array fix(const Array& x);    ///< Towards 0, floating.

// --- arithmetic ---

inline Array positive(const Array& x) { return x; }
Array fabs(const Array& x);  ///< |x|, floating.
std::pair<Array, Array> divmod(const Array& x, const Array& y);  ///< floor_divide and remainder.
/// The larger one, ignoring NaN of one operand.
Array fmax(const Array& x, const Array& y);
Array fmin(const Array& x, const Array& y);
Array gcd(const Array& x, const Array& y);  ///< The greatest common divisor of integers, not negative.
Array lcm(const Array& x, const Array& y);  ///< The least common multiple of integers, not negative; 0 if either is.
/// 0 for negative x, y at 0 (and NaN), 1 for positive x.
Array heaviside(const Array& x, const Array& y);
inline Array clip(const Array& x, None, None) { return x; }
/// x with `nan` for NaN; infinities become the extreme finite numbers, or `posinf` and `neginf` where they are given.
Array nan_to_num(const Array& x, const Array& nan = 0.0);
Array nan_to_num(const Array& x, const Array& nan, const Array& posinf, const Array& neginf);

// --- floating numbers taken apart ---

Array signbit(const Array& x);                       ///< Whether the sign is minus, also of -0 and NaN.
Array copysign(const Array& x, const Array& y);      ///< |x| with y's sign.
Array nextafter(const Array& x, const Array& y);     ///< The floating number next to x towards y. No derivative.
Array spacing(const Array& x);                       ///< The distance to the next floating number away from 0.
/// Fractional and whole part, both with x's sign. The first is NaN for infinite x.
std::pair<Array, Array> modf(const Array& x);
/// m and e with x = m 2^e and |m| in [1/2, 1); m = x and e = 0 for 0, infinities and NaN. e is int32. The derivative
/// of m is 2^-e.
std::pair<Array, Array> frexp(const Array& x);
/// x 2^n, rounded once, for integer n. TypeError for other n.
Array ldexp(const Array& x, const Array& n);
Array isposinf(const Array& x);
Array isneginf(const Array& x);

// --- bits ---

/// How many bits of |x| are set, as uint8.
Array bitwise_count(const Array& x);
inline Array invert(const Array& x) { return ~x; }
inline Array bitwise_invert(const Array& x) { return ~x; }
inline Array bitwise_left_shift(const Array& x, const Array& y) { return x << y; }
inline Array bitwise_right_shift(const Array& x, const Array& y) { return x >> y; }

}  // namespace fluxion
