// Decompositions, with the options of jax.numpy.linalg.
#include "linalg/support.hpp"

#include "lax/rows.hpp"

namespace fluxion::linalg {

Array cholesky(const Array& a, bool upper) {
  const auto l = la::cholesky(inexact_square("cholesky", a));
  return upper ? la::adjoint(l) : l;
}

QR qr(const Array& a, std::string_view mode) {
  if (mode != "reduced" && mode != "complete" && mode != "r")
    throw ValueError(text("qr: mode must be reduced, complete or r, got ", mode, "; for raw use qr_raw"));
  auto f = la::qr(inexact_matrix("qr", a), {.full_matrices = mode == "complete"});
  if (mode == "r") f.q = Array();
  return f;
}
RawQR qr_raw(const Array& a) {
  auto f = la::geqrf(inexact_matrix("qr_raw", a));
  return {la::swapped(f.a), f.taus};
}

namespace {

// Where the elements of w go when they are sorted by magnitude, the largest first: how many are larger, or equal and
// in front. That is n^2 comparisons beside n^3 operations for w.
Array descending_order(const Array& magnitude) {
  const auto shape = la::with_last(magnitude.shape(), {magnitude.shape().back()});
  const auto mine = la::per_row(magnitude, shape), other = la::per_column(magnitude, shape);
  const auto r = static_cast<std::int64_t>(shape.size());
  const auto before = lax::lt(lax::iota(DType::int64, shape, r - 1), lax::iota(DType::int64, shape, r - 2));
  const auto ahead = (other > mine) | ((other == mine) & before);
  const auto place = lax::reduce_sum(lax::convert_element_type(ahead, DType::int64), {r - 1});
  const auto number = lax::iota(DType::int64, place.shape(), r - 2);
  return lax::put_rows(ops::zeros_like_aval(number.aval()), place, number, r - 2, true);
}

// By eigenvalues: s = |w|, and the sign goes to the right vectors.
SVD hermitian_svd(const Array& a, bool compute_uv) {
  const auto e = la::eigh(a);
  const auto s = abs(e.w);
  const auto order = descending_order(s);
  const auto batch = e.w.ndim() - 1;
  const auto sorted = lax::take_rows(s, order, batch);
  if (!compute_uv) return {Array(), sorted, Array()};
  const auto signs = lax::convert_element_type(lax::take_rows(sign(e.w), order, batch), e.v.dtype());
  const auto u = la::swapped(lax::take_rows(la::swapped(e.v), order, batch));
  return {u, sorted, la::adjoint(u * la::per_column(signs, u.shape()))};
}

la::EighOptions triangle(const char* op, std::string_view uplo, bool symmetrize_input) {
  if (uplo != "L" && uplo != "U")
    throw ValueError(text(op, ": UPLO must be L or U, the triangle that counts, got ", uplo, "; name one of them"));
  return {.lower = uplo == "L", .symmetrize_input = symmetrize_input};
}

}  // namespace

SVD svd(const Array& a, const SVDOptions& options) {
  const auto x = options.hermitian ? inexact_square("svd", a) : inexact_matrix("svd", a);
  if (options.hermitian) return hermitian_svd(x, options.compute_uv);
  if (!options.compute_uv) return {Array(), la::svdvals(x), Array()};
  return la::svd(x, {.full_matrices = options.full_matrices});
}
Array svdvals(const Array& a) { return la::svdvals(inexact_matrix("svdvals", a)); }

Eigen eigh(const Array& a, std::string_view UPLO, bool symmetrize_input) {
  const auto options = triangle("eigh", UPLO, symmetrize_input);
  auto e = la::eigh(inexact_square("eigh", a), options);
  return {std::move(e.w), std::move(e.v)};
}
Array eigvalsh(const Array& a, std::string_view UPLO, bool symmetrize_input) {
  const auto options = triangle("eigvalsh", UPLO, symmetrize_input);
  return la::eigh(inexact_square("eigvalsh", a), options).w;
}

Eigen eig(const Array& a) {
  auto e = la::eig(inexact_square("eig", a), {.compute_left_eigenvectors = false});
  return {std::move(e.w), std::move(e.vr)};
}
Array eigvals(const Array& a) {
  return la::eig(inexact_square("eigvals", a),
                 {.compute_left_eigenvectors = false, .compute_right_eigenvectors = false})
      .w;
}

}  // namespace fluxion::linalg
