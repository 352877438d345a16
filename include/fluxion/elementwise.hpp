// Elementwise functions: operands are promoted to one dtype and broadcast to one shape.
// Names, semantics and derivatives are jax.numpy's. Floating functions of integers compute in float32 (up to
// 32 bits) or float64, as jax's do.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

// --- arithmetic ---

inline Array add(const Array& x, const Array& y) { return x + y; }  ///< Logical or of bools.
inline Array subtract(const Array& x, const Array& y) { return x - y; }
inline Array multiply(const Array& x, const Array& y) { return x * y; }  ///< Logical and of bools.
inline Array divide(const Array& x, const Array& y) { return x / y; }    ///< Always a floating result.
inline Array true_divide(const Array& x, const Array& y) { return x / y; }
Array floor_divide(const Array& x, const Array& y);  ///< Rounded toward minus infinity, as Python's //.
inline Array remainder(const Array& x, const Array& y) { return x % y; }  ///< Sign of y, as Python's %.
inline Array mod(const Array& x, const Array& y) { return x % y; }
Array fmod(const Array& x, const Array& y);  ///< Sign of x, as C's.
/// x^y. A concrete integer exponent is multiplied out exactly and may not be negative for an integer base;
/// an integer base with an integer array exponent wraps; otherwise both are floats.
Array power(const Array& x, const Array& y);
Array square(const Array& x);
Array reciprocal(const Array& x);
Array negative(const Array& x);
Array abs(const Array& x);  ///< Derivative +1 at 0.
inline Array absolute(const Array& x) { return abs(x); }
Array sign(const Array& x);  ///< -1, 0, 1; keeps -0 and NaN; derivative 0.
Array floor(const Array& x);
Array ceil(const Array& x);
Array maximum(const Array& x, const Array& y);  ///< NaN if either is; ties share the derivative equally.
Array minimum(const Array& x, const Array& y);
/// minimum(max, maximum(min, x)): max wins if min > max; at a bound the derivative is 1/2. `none` is no bound.
Array clip(const Array& x, const Array& min, const Array& max);
Array clip(const Array& x, None, const Array& max);
Array clip(const Array& x, const Array& min, None);

// --- functions of one floating operand ---

Array exp(const Array& x);
Array expm1(const Array& x);
Array log(const Array& x);
Array log1p(const Array& x);
Array sqrt(const Array& x);
Array cbrt(const Array& x);
Array sin(const Array& x);
Array cos(const Array& x);
Array tan(const Array& x);
Array tanh(const Array& x);
Array erf(const Array& x);
Array erfinv(const Array& x);
/// log(exp(x) + exp(y)) without overflow; -inf for two -inf. Source: jax.numpy.logaddexp.
Array logaddexp(const Array& x, const Array& y);
/// x with derivative zero. Source: jax.lax.stop_gradient.
Array stop_gradient(const Array& x);

// --- bits ---

inline Array bitwise_and(const Array& x, const Array& y) { return x & y; }
inline Array bitwise_or(const Array& x, const Array& y) { return x | y; }
inline Array bitwise_xor(const Array& x, const Array& y) { return x ^ y; }
inline Array bitwise_not(const Array& x) { return ~x; }
inline Array left_shift(const Array& x, const Array& y) { return x << y; }
inline Array right_shift(const Array& x, const Array& y) { return x >> y; }  ///< Keeps the sign.

// --- comparison and logic: results are bool ---

inline Array equal(const Array& x, const Array& y) { return x == y; }
inline Array not_equal(const Array& x, const Array& y) { return x != y; }
inline Array less(const Array& x, const Array& y) { return x < y; }
inline Array less_equal(const Array& x, const Array& y) { return x <= y; }
inline Array greater(const Array& x, const Array& y) { return x > y; }
inline Array greater_equal(const Array& x, const Array& y) { return x >= y; }
Array logical_and(const Array& x, const Array& y);  ///< Nonzero counts as true.
Array logical_or(const Array& x, const Array& y);
Array logical_xor(const Array& x, const Array& y);
inline Array logical_not(const Array& x) { return !x; }
Array isnan(const Array& x);
Array isinf(const Array& x);
Array isfinite(const Array& x);
/// x where the condition holds (or is nonzero), else y. Both are evaluated, and a NaN or infinite derivative of
/// the one not chosen still poisons: make its argument safe with a second where.
Array where(const Array& condition, const Array& x, const Array& y);

/// |x - y| <= atol + rtol * |y|, elementwise; infinities equal themselves. Source: jax.numpy.isclose.
Array isclose(const Array& x, const Array& y, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Whether all elements are close. A bool scalar.
Array allclose(const Array& x, const Array& y, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Whether shapes and all elements are equal. A bool scalar.
Array array_equal(const Array& x, const Array& y, bool equal_nan = false);

}  // namespace fluxion
