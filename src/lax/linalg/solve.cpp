// Solutions of linear systems by LU, differentiated by the equation: forward and reverse mode share the factors.
#include <fluxion/implicit.hpp>
#include <fluxion/lift.hpp>

#include "core/node.hpp"
#include "lax/linalg/matrices.hpp"
#include "lax/rows.hpp"

namespace fluxion::lax::linalg {

namespace {

// The permutation that undoes one.
Array inverse_order(const Array& order) {
  const auto r = order.ndim();
  const auto places = iota(DType::int64, order.shape(), r - 1);
  return put_rows(ops::zeros_like_aval(places.aval()), order, places, r - 1, true);
}

Array solve_factored(const Array& lu, const Array& permutation, const Array& b, int trans) {
  const auto order = convert_element_type(permutation, DType::int64);
  const auto batch = lu.ndim() - 2;
  const bool transposed = trans != 0, conjugated = trans == 2;
  const auto by_l = [&](const Array& x) {
    return triangular_solve(lu, x,
                            {.left_side = true,
                             .lower = true,
                             .transpose_a = transposed,
                             .conjugate_a = conjugated,
                             .unit_diagonal = true});
  };
  const auto by_u = [&](const Array& x) {
    return triangular_solve(lu, x, {.left_side = true, .transpose_a = transposed, .conjugate_a = conjugated});
  };
  if (rows(lu.shape()) == 0) return b;
  if (!transposed) return by_u(by_l(take_rows(b, order, batch)));
  return take_rows(by_l(by_u(b)), inverse_order(order), batch);
}

// b as a matrix: a vector becomes one column.
Array as_columns(std::string_view op, const Array& a, const Array& b) {
  check_square(op, a.aval());
  const auto& s = a.shape();
  const bool vector = b.ndim() + 1 == a.ndim();
  const auto lead =
      b.ndim() == 0 ? Shape{} : leading(b.shape(), std::min<std::size_t>(vector ? 1 : 2, b.shape().size()));
  const auto r = b.ndim() == 0 ? 0 : b.shape()[b.shape().size() - (vector || b.ndim() == 1 ? 1 : 2)];
  if (a.dtype() != b.dtype() || b.ndim() == 0 || (!vector && b.ndim() != a.ndim()) || lead != leading(s) ||
      r != rows(s))
    throw TypeError(text(op, ": the right-hand side must be (.., ", rows(s), ") or (.., ", rows(s),
                         ", k) with the matrices' dtype and leading axes, got ", b.aval(), " for ", a.aval(),
                         "; broadcast or convert it, or use fx::linalg::solve"));
  return vector ? reshape(b, with_last(b.shape(), {1})) : b;
}

}  // namespace

Array lu_solve(const Array& lu, const Array& permutation, const Array& b, int trans) {
  if (trans < 0 || trans > 2)
    throw ValueError(
        text("lu_solve: trans must be 0, 1 (transposed) or 2 (adjoint), got ", trans, "; 0 solves a x = b"));
  const auto x = solve_factored(lu, permutation, as_columns("lu_solve", lu, b), trans);
  return x.shape() == b.shape() ? x : reshape(x, b.shape());
}

Array solve(const Array& a, const Array& b) {
  const auto columns = as_columns("solve", a, b);
  const auto factors = lu(stop_gradient(a));
  const auto x = custom_linear_solve(
      [&](const Array& y) { return product(a, y); }, columns,
      [&](const auto&, const Array& y) { return solve_factored(factors.lu, factors.permutation, y, 0); },
      [&](const auto&, const Array& y) { return solve_factored(factors.lu, factors.permutation, y, 1); });
  return x.shape() == b.shape() ? x : reshape(x, b.shape());
}

}  // namespace fluxion::lax::linalg
