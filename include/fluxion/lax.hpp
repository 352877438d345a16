// lax: the primitives as functions. Strict: operands must agree in dtype, and in shape unless one has rank
// 0; nothing is promoted or broadcast. The NumPy-style functions of numpy.hpp are built on these.
// Names, semantics and derivatives are jax.lax's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::lax {

// --- elementwise, one operand. Floating dtypes only, unless said otherwise. --------------------------------

Array neg(const Array& x);    ///< -x; wraps for integers.
Array abs(const Array& x);    ///< |x|; derivative +1 at 0.
Array sign(const Array& x);   ///< -1, 0, 1; keeps -0 and NaN.
Array floor(const Array& x);  ///< Largest integer not above x.
Array exp(const Array& x);
Array expm1(const Array& x);  ///< exp(x) - 1, accurate near 0.
Array log(const Array& x);    ///< Natural logarithm; NaN below 0, -inf at 0.
Array log1p(const Array& x);  ///< log(1 + x), accurate near 0.
Array sqrt(const Array& x);
Array cbrt(const Array& x);  ///< Real cube root, also of negative numbers.
Array sin(const Array& x);
Array cos(const Array& x);
Array tanh(const Array& x);
Array logistic(const Array& x);  ///< 1 / (1 + exp(-x)).
Array erf(const Array& x);
Array erf_inv(const Array& x);  ///< Inverse of erf on (-1, 1); infinite at the ends.
Array bitwise_not(const Array& x);  ///< Integers and bool.
/// x^y for a static integer y by binary exponentiation, least significant bit first; 1/x^|y| for negative y.
Array integer_pow(const Array& x, std::int64_t y);
/// x, with derivative zero.
Array stop_gradient(const Array& x);

// --- elementwise, two operands --------------------------------------------------------------------------------

Array add(const Array& x, const Array& y);
Array sub(const Array& x, const Array& y);
Array mul(const Array& x, const Array& y);
Array div(const Array& x, const Array& y);  ///< Integers truncate toward zero.
Array rem(const Array& x, const Array& y);  ///< Sign of the dividend, as C's fmod and %.
Array max(const Array& x, const Array& y);  ///< NaN if either is; ties share the derivative equally.
Array min(const Array& x, const Array& y);
Array pow(const Array& x, const Array& y);  ///< Floats.
Array bitwise_and(const Array& x, const Array& y);
Array bitwise_or(const Array& x, const Array& y);
Array bitwise_xor(const Array& x, const Array& y);
Array shift_left(const Array& x, const Array& y);
Array shift_right_logical(const Array& x, const Array& y);
Array shift_right_arithmetic(const Array& x, const Array& y);
Array eq(const Array& x, const Array& y);
Array ne(const Array& x, const Array& y);
Array lt(const Array& x, const Array& y);
Array le(const Array& x, const Array& y);
Array gt(const Array& x, const Array& y);
Array ge(const Array& x, const Array& y);

/// on_true where pred, else on_false. pred is bool, of the cases' shape or rank 0.
/// Mind the order, which is lax.select_n's: the case for `false` comes first.
Array select_n(const Array& pred, const Array& on_false, const Array& on_true);

/// Value conversion: float to integer saturates (NaN gives 0), integer to integer wraps, to bool is != 0.
Array convert_element_type(const Array& x, DType dtype, bool weak_type = false);
/// The same bits as another dtype of the same size.
Array bitcast_convert_type(const Array& x, DType dtype);

// --- shape -------------------------------------------------------------------------------------------------------

/// Operand axis i becomes result axis broadcast_dimensions[i] (strictly increasing); size-1 axes are repeated.
Array broadcast_in_dim(const Array& x, const Shape& shape, const Dims& broadcast_dimensions);
Array reshape(const Array& x, const Shape& shape);
/// Result axis i is operand axis permutation[i].
Array transpose(const Array& x, const Dims& permutation);
/// Reverses the given axes.
Array rev(const Array& x, const Dims& dimensions);
Array concatenate(ArraySpan xs, std::int64_t dimension);
/// x[start:limit:stride] along every axis; 0 <= start <= limit <= extent, stride >= 1 (all ones if empty).
Array slice(const Array& x, const Dims& start, const Dims& limit, const Dims& strides = {});
/// low, high (may be negative: cropped) and interior padding of each axis with the scalar `value`.
struct Padding {
  std::int64_t low = 0, high = 0, interior = 0;
  friend bool operator==(const Padding&, const Padding&) = default;
};
Array pad(const Array& x, const Array& value, const std::vector<Padding>& config);
/// 0, 1, 2, ... along one axis.
Array iota(DType dtype, const Shape& shape, std::int64_t dimension);
/// A scalar in every place.
Array full(const Shape& shape, const Array& scalar);

// --- reductions ----------------------------------------------------------------------------------------------------

Array reduce_sum(const Array& x, const Dims& axes);
Array reduce_max(const Array& x, const Dims& axes);  ///< NaN if any is; ties share the derivative equally.
Array reduce_min(const Array& x, const Dims& axes);
/// Index of the first maximum (of the first NaN, if any) along one axis.
Array argmax(const Array& x, std::int64_t axis, DType index_dtype = DType::int32);

// --- contraction ---------------------------------------------------------------------------------------------------

/// Which axes of lhs and rhs are summed over together, and which are looped over together.
struct DotDims {
  Dims lhs_contract, rhs_contract, lhs_batch, rhs_batch;
  friend bool operator==(const DotDims&, const DotDims&) = default;
};
/// Result axes: batch, then lhs's others, then rhs's others. Integers do not widen.
Array dot_general(const Array& lhs, const Array& rhs, const DotDims& dims);

// --- random bits -----------------------------------------------------------------------------------------------------

/// Threefry-2x32, 20 rounds (Salmon et al. 2011), elementwise over uint32 operands of one shape or rank 0.
std::pair<Array, Array> threefry2x32(const Array& key0, const Array& key1, const Array& count0, const Array& count1);
/// uint32[..., 2] to key[...] and back.
Array random_wrap(const Array& data);
Array random_unwrap(const Array& keys);

}  // namespace fluxion::lax

// The other families, each in a header of its own.
#include <fluxion/lax/convolution.hpp>
#include <fluxion/lax/fft.hpp>
#include <fluxion/lax/indexing.hpp>
#include <fluxion/lax/linalg.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/lax/reductions.hpp>
#include <fluxion/lax/sorting.hpp>
#include <fluxion/lax/special.hpp>
