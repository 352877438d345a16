// Factorisations and systems as jax.scipy.linalg has them, and matrices of a structure.
#include <fluxion/scipy/linalg.hpp>

#include <fluxion/creation.hpp>

#include "core/node.hpp"
#include "lax/rows.hpp"
#include "linalg/support.hpp"

namespace fluxion::scipy::linalg {

namespace la = lax::linalg;
using fluxion::linalg::columns_of;
using fluxion::linalg::inexact_matrix;
using fluxion::linalg::inexact_square;
using fluxion::linalg::require_square;
using fluxion::linalg::rows_of;

namespace {

// A system's operands with one dtype and one set of leading axes; a vector became a column.
struct System {
  Array a, b;
  bool vector;
  Array result(const Array& x) const { return vector ? squeeze(x, -1) : x; }
};
System system(const char* op, const Array& a, const Array& b) {
  require_square(op, a);
  const auto given = promote_inexact(op, {a, b});
  const auto m = rows_of(a);
  const bool vector = b.ndim() == 1;
  if (b.ndim() == 0 || (vector ? b.shape()[0] : rows_of(b)) != m)
    throw ValueError(text(op, ": a right-hand side (", m, ") or (.., ", m, ", k) is required for ", a.aval(), ", got ",
                          b.aval(), "; transpose or reshape it"));
  const auto columns = vector ? expand_dims(given[1], -1) : given[1];
  const auto lead = broadcast_shapes(op, {la::leading(a.shape()), la::leading(columns.shape())});
  return {broadcast_to(given[0], la::with_last(lead, {m, m})),
          broadcast_to(columns, la::with_last(lead, {m, columns_of(columns)})), vector};
}
void check_trans(const char* op, int trans) {
  if (trans < 0 || trans > 2)
    throw ValueError(text(op, ": trans must be 0, 1 (transposed) or 2 (adjoint), got ", trans, "; 0 solves a x = b"));
}

}  // namespace

Array solve_triangular(const Array& a, const Array& b, const TriangularOptions& options) {
  check_trans("solve_triangular", options.trans);
  const auto s = system("solve_triangular", a, b);
  return s.result(la::triangular_solve(s.a, s.b,
                                       {.left_side = true,
                                        .lower = options.lower,
                                        .transpose_a = options.trans != 0,
                                        .conjugate_a = options.trans == 2,
                                        .unit_diagonal = options.unit_diagonal}));
}

CholeskyFactor cho_factor(const Array& a, bool lower) { return {fluxion::linalg::cholesky(a, !lower), lower}; }

Array cho_solve(const CholeskyFactor& factor, const Array& b) {
  const auto s = system("cho_solve", factor.c, b);
  const bool lower = factor.lower;
  const auto y =
      la::triangular_solve(s.a, s.b, {.left_side = true, .lower = lower, .transpose_a = !lower, .conjugate_a = !lower});
  return s.result(
      la::triangular_solve(s.a, y, {.left_side = true, .lower = lower, .transpose_a = lower, .conjugate_a = lower}));
}

LUFactor lu_factor(const Array& a) {
  const auto f = la::lu(inexact_matrix("lu_factor", a));
  return {f.lu, f.pivots};
}

Array lu_solve(const LUFactor& factor, const Array& b, int trans) {
  check_trans("lu_solve", trans);
  const auto s = system("lu_solve", factor.lu, b);
  const auto order = la::lu_pivots_to_permutation(factor.piv, rows_of(factor.lu));
  const auto orders = broadcast_to(order, la::leading(s.a.shape(), 1));
  return s.result(la::lu_solve(s.a, orders, s.b, trans));
}

PLU lu(const Array& a) {
  const auto x = inexact_matrix("lu", a);
  const auto m = rows_of(x), n = columns_of(x), k = std::min(m, n);
  const auto f = la::lu(x);
  const auto square = la::with_last(la::leading(x.shape()), {m, m});
  const auto rank = static_cast<std::int64_t>(square.size());
  const auto p = lax::eq(la::per_column(f.permutation, square), lax::iota(DType::int32, square, rank - 2));
  const auto l = la::lower_part(f.lu[{ellipsis, range(), range(0, k)}], -1);
  const auto ones = la::padded(la::identity_like(x, k), m, k);
  return {lax::convert_element_type(p, x.dtype()), l + ones, la::upper_part(f.lu[{ellipsis, range(0, k), range()}])};
}

Polar polar(const Array& a, std::string_view side) {
  if (side != "right" && side != "left")
    throw ValueError(text("polar: side must be right or left, got ", side, "; it says where p stands"));
  const auto x = inexact_matrix("polar", a);
  if (x.ndim() != 2)
    throw ValueError(text("polar: one matrix is required, got ", a.aval(), "; map over stacks with fx::vmap"));
  const auto [u, s, vh] = la::svd(x, {.full_matrices = false});
  const auto values = lax::convert_element_type(s, x.dtype());
  const auto p = side == "right" ? la::product(la::adjoint(vh), la::per_row(values, vh.shape()) * vh)
                                 : la::product(u * la::per_column(values, u.shape()), la::adjoint(u));
  return {la::product(u, vh), p};
}

Array block_diag(ArraySpan arrays) {
  if (arrays.empty()) return zeros({1, 0});
  const auto xs = promote("block_diag", arrays);
  Arrays rows;
  std::int64_t before = 0, width = 0;
  Arrays blocks;
  for (const auto& x : xs) {
    if (x.ndim() > 2)
      throw ValueError(text("block_diag: matrices, vectors or scalars are required, got ", x.aval(),
                            "; take them apart along leading axes"));
    blocks.push_back(reshape(x, x.ndim() == 2 ? x.shape() : Shape{1, x.size()}));
    width += columns_of(blocks.back());
  }
  for (const auto& block : blocks) {
    const auto n = columns_of(block);
    rows.push_back(lax::pad(block, make_scalar(block.dtype(), 0), {{0, 0, 0}, {before, width - before - n, 0}}));
    before += n;
  }
  return concatenate(rows, 0);
}

Array toeplitz(const Array& c) { return toeplitz(c, la::conjugate(c)); }

// Row i is a window of (c reversed, r without its first): its diagonal is c[0] throughout.
Array toeplitz(const Array& c, const Array& r) {
  const auto given = promote("toeplitz", {c, r});
  const auto column = ravel(given[0]), row = ravel(given[1]);
  const auto m = column.size(), n = row.size();
  if (m == 0 || n == 0) return zeros({m, n}, column.dtype());
  const auto all = concatenate({flip(column), row[range(1, n)]}, 0);
  const auto i = lax::iota(DType::int64, {m, n}, 0), j = lax::iota(DType::int64, {m, n}, 1);
  const auto at = lax::add(lax::sub(j, i), make_scalar(DType::int64, static_cast<double>(m - 1)));
  return reshape(lax::take_rows(all, reshape(at, {m * n})), {m, n});
}

}  // namespace fluxion::scipy::linalg
