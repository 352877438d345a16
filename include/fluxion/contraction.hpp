// Products that sum over axes, and norms. Names and semantics are jax.numpy's. Integers do not widen.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

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

/// Sums of products of vectors along one axis of both, the others broadcast: conj(x) y, summed.
Array vecdot(const Array& x, const Array& y, std::int64_t axis = -1);
/// Matrices times vectors: (.., m, n) and (.., n) give (.., m), leading axes broadcast.
Array matvec(const Array& x, const Array& y);
/// Vectors times matrices: conj(x) of (.., n) and (.., n, m) give (.., m), leading axes broadcast.
Array vecmat(const Array& x, const Array& y);

/// In which order einsum multiplies its operands.
enum class Contraction {
  optimal,        ///< The order of the fewest operations: of all orders for up to eight operands, else greedy.
  greedy,         ///< Again and again the pair that is cheapest.
  left_to_right,  ///< As written.
};
struct EinsumOptions {
  Contraction optimize = Contraction::optimal;
  /// The dtype that products are summed in, and of the result.
  std::optional<DType> preferred_element_type = {};
};

/// Einstein summation: einsum("ij,jk->ik", {a, b}). A letter repeated within an operand takes its diagonal,
/// letters missing from the result are summed, `...` stands for broadcast axes; without `->` the result has the
/// letters that occur once, in alphabetical order. Throws ValueError for a malformed specification or sizes that
/// disagree. Source: jax.numpy.einsum.
Array einsum(std::string_view spec, ArraySpan operands, const EinsumOptions& options = {});
inline Array einsum(std::string_view spec, std::initializer_list<Array> operands, const EinsumOptions& options = {}) {
  return einsum(spec, ArraySpan(operands.begin(), operands.size()), options);
}

/// The same for operands one by one: einsum("ij,jk->ik", a, b).
template <std::same_as<Array>... A> requires(sizeof...(A) > 0)
Array einsum(std::string_view spec, const A&... operands) {
  const Array list[] = {operands...};
  return einsum(spec, ArraySpan(list, sizeof...(A)));
}

/// The order in which einsum multiplies: each step names the positions of the operands that are multiplied; they are
/// removed from the list, and their product is appended. Costs are numbers of multiplications and additions.
struct EinsumPath {
  std::vector<std::vector<std::int64_t>> steps;
  double naive_cost = 0, cost = 0;
  /// The number of elements of the largest intermediate result.
  double largest_intermediate = 0;
  /// Prints the steps and costs.
  friend std::ostream& operator<<(std::ostream& os, const EinsumPath& p);
};
/// Only shapes and dtypes matter. Source: jax.numpy.einsum_path.
EinsumPath einsum_path(std::string_view spec, ArraySpan operands, Contraction optimize = Contraction::greedy);
inline EinsumPath einsum_path(std::string_view spec, std::initializer_list<Array> operands,
                              Contraction optimize = Contraction::greedy) {
  return einsum_path(spec, ArraySpan(operands.begin(), operands.size()), optimize);
}

/// sqrt(sum(x^2)) over the axes, all by default: the length of a vector, the Frobenius norm of a matrix.
Array norm(const Array& x, const Axis& axis = none, bool keepdims = false);
/// sum(|x|^ord)^(1/ord) along one axis (the only one by default); infinity for the largest |x|, -infinity for
/// the smallest, 0 for the number of nonzeros. Source: jax.numpy.linalg.norm of vectors.
Array vector_norm(const Array& x, double ord, const Axis& axis = none, bool keepdims = false);

}  // namespace fluxion
