// Products that sum over axes, and norms. Names and semantics are jax.numpy's. Integers do not widen.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

/// Sums over the last axis of x and the second to last (or only) axis of y; a scalar operand multiplies.
Array dot(const Array& x, const Array& y);
/// The matrix product over the last two axes, the leading ones broadcast. Scalars are refused.
Array matmul(const Array& x, const Array& y);
/// The inner product of the flattened operands.
Array vdot(const Array& x, const Array& y);
/// Sums over the last axis of both.
Array inner(const Array& x, const Array& y);
/// All products of an element of x and one of y, both flattened.
Array outer(const Array& x, const Array& y);
/// Sums over the last `axes` axes of x together with the first `axes` of y.
Array tensordot(const Array& x, const Array& y, std::int64_t axes = 2);
/// Sums over axes x_axes[i] of x together with y_axes[i] of y.
Array tensordot(const Array& x, const Array& y, const Dims& x_axes, const Dims& y_axes);

/// Einstein summation: einsum("ij,jk->ik", {a, b}). A letter repeated within an operand takes its diagonal,
/// letters missing from the result are summed, `...` stands for broadcast axes; without `->` the result has the
/// letters that occur once, in alphabetical order. Operands are contracted from left to right.
/// Throws ValueError for a malformed specification or sizes that disagree.
Array einsum(std::string_view spec, ArraySpan operands);
inline Array einsum(std::string_view spec, std::initializer_list<Array> operands) {
  return einsum(spec, ArraySpan(operands.begin(), operands.size()));
}

/// sqrt(sum(x^2)) over the axes, all by default: the length of a vector, the Frobenius norm of a matrix.
Array norm(const Array& x, const Axis& axis = none, bool keepdims = false);
/// sum(|x|^ord)^(1/ord) along one axis (the only one by default); infinity for the largest |x|, -infinity for
/// the smallest, 0 for the number of nonzeros. Source: jax.numpy.linalg.norm of vectors.
Array vector_norm(const Array& x, double ord, const Axis& axis = none, bool keepdims = false);

}  // namespace fluxion
