// lax: the elementwise primitives beyond those of lax.hpp. Strict as all of lax: operands must agree in dtype, and in
// shape unless one has rank 0. Floating dtypes only, unless said otherwise. TypeError else.
// Names, semantics and derivatives are jax.lax's.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion::lax {

// --- rounding ---

Array ceil(const Array& x);  ///< Smallest integer not below x; derivative 0.
/// Where `round` takes numbers half-way between two integers.
enum class RoundingMethod : std::uint8_t { AWAY_FROM_ZERO = 0, TO_NEAREST_EVEN = 1 };
/// The nearest integer; derivative 0.
Array round(const Array& x, RoundingMethod method = RoundingMethod::AWAY_FROM_ZERO);
/// x rounded to the nearest number (ties to even) with that many bits of exponent and mantissa, as if it had been
/// stored in such a format; its subnormals become 0, what exceeds its range infinite. Its derivative is itself, of the
/// tangent. ValueError unless exponent_bits >= 1 and mantissa_bits >= 0.
Array reduce_precision(const Array& x, std::int64_t exponent_bits, std::int64_t mantissa_bits);
/// The floating number next to x in the direction of y. Has no derivative: UnsupportedError.
Array nextafter(const Array& x, const Array& y);

// --- powers ---

Array exp2(const Array& x);        ///< 2^x
Array rsqrt(const Array& x);       ///< 1 / sqrt(x)
Array square(const Array& x);      ///< x x; integers wrap.
Array reciprocal(const Array& x);  ///< 1 / x

// --- trigonometric and hyperbolic functions ---

Array tan(const Array& x);
Array asin(const Array& x);  ///< In [-pi/2, pi/2]; NaN outside [-1, 1].
Array acos(const Array& x);  ///< In [0, pi]; NaN outside [-1, 1].
Array atan(const Array& x);
/// The angle of the point (y, x) in (-pi, pi]: atan(x / y) for positive y. Mind the order of the operands, which is
/// C's: the ordinate first. Source: jax.lax.atan2.
Array atan2(const Array& x, const Array& y);
Array sinh(const Array& x);
Array cosh(const Array& x);
Array asinh(const Array& x);
Array acosh(const Array& x);  ///< NaN below 1.
Array atanh(const Array& x);  ///< Infinite at -1 and 1, NaN beyond.

// --- special functions ---

Array erfc(const Array& x);     ///< 1 - erf(x), accurate where erf is close to 1.
Array lgamma(const Array& x);   ///< log |gamma(x)|; inf at 0, -1, -2, ...
Array digamma(const Array& x);  ///< d/dx log gamma(x); NaN at 0, -1, -2, ...
/// The m-th derivative of digamma, for m = 0, 1, 2, ...; NaN for other m. Differentiable in x only.
Array polygamma(const Array& m, const Array& x);

// --- bits and bounds ---

Array population_count(const Array& x);  ///< How many bits are set. Integers.
Array clz(const Array& x);               ///< How many leading bits are zero. Integers.
Array is_finite(const Array& x);         ///< Neither infinite nor NaN. The result is bool.
/// min(max(x, min), max): max wins if min > max, and NaN of any operand. Real numbers or bool. At a bound nobody has a
/// derivative. Source: jax.lax.clamp.
Array clamp(const Array& min, const Array& x, const Array& max);

}  // namespace fluxion::lax
