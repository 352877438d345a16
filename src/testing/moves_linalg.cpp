// Matrices, all of them well-conditioned, and complex numbers.
#include <algorithm>
#include <cmath>

#include "testing/moves.hpp"

namespace fluxion::testing {

namespace {

std::int64_t order_of(const Scene& s) { return 2 + s.choice(5) % 2; }

/// LAPACK knows two precisions.
Value wide(Value v) {
  if (is_half(v.x.dtype())) v.x = v.x.astype(DType::float32);
  return v;
}
Array square_of(const Scene& s, std::int64_t n) { return matrix_of(wide(s.first()), n, n); }
Array identity_like(const Array& x, double scale) {
  return constant([&] { return scale * eye(x.shape(-1), {}, 0, x.dtype()); });
}
/// Eigenvalues in [1, 1 + n].
Array definite(const Scene& s, std::int64_t n) {
  const auto a = square_of(s, n);
  return matmul(a, a.T()) + identity_like(a, 1);
}
/// Diagonally dominant.
Array dominant(const Scene& s, std::int64_t n) {
  const auto a = square_of(s, n);
  return 0.3 * a + identity_like(a, 2);
}
/// Eigenvalues and singular values apart from each other.
Array spread(const Scene& s, std::int64_t n) {
  const auto a = square_of(s, n);
  return 0.2 * a + constant([&] { return diag(arange(1, 2 * n + 1, 2, a.dtype())); });
}
Array right_side(const Scene& s, const Array& a, std::int64_t columns) {
  return matrix_of(s.second(), a.shape(-1), columns).astype(a.dtype());
}

Value factor(const Scene& s) { return bounded(lax::linalg::cholesky(definite(s, order_of(s))), 2); }
Value triangular(const Scene& s) {
  const auto a = dominant(s, order_of(s));
  const bool lower = s.choice(2) == 0;
  return bounded(
      lax::linalg::triangular_solve(a, right_side(s, a, 2),
                                    {.left_side = true, .lower = lower, .transpose_a = s.choice(3) == 0}),
      2);
}
Value solved(const Scene& s) {
  const auto a = dominant(s, order_of(s));
  return bounded(linalg::solve(a, right_side(s, a, 1)), 1.5);
}
Value inverse(const Scene& s) { return bounded(linalg::inv(dominant(s, order_of(s))), 1); }
Value determinant(const Scene& s) {
  const auto a = dominant(s, order_of(s));
  return s.choice(2) == 0 ? bounded(linalg::slogdet(a).logabsdet, 4) : bounded(linalg::det(a), 40);
}
Value factored(const Scene& s) { return bounded(lax::linalg::lu(dominant(s, order_of(s))).lu, 4); }
Value orthogonal(const Scene& s) {
  const auto [q, r] = linalg::qr(dominant(s, order_of(s)));
  return bounded(s.choice(2) == 0 ? q : r, 4);
}
Value symmetric_eigenvalues(const Scene& s) {
  const auto n = order_of(s);
  const auto a = spread(s, n);
  const auto e = linalg::eigh(0.5 * (a + a.T()));
  return s.choice(2) == 0 ? bounded(e.eigenvalues, static_cast<double>(2 * n + 1))
                          : bounded(weighted(square(e.eigenvectors)), 1);
}
Value singular_values(const Scene& s) {
  const auto n = order_of(s);
  return bounded(linalg::svdvals(spread(s, n)), static_cast<double>(2 * n + 1));
}
Value singular_vectors(const Scene& s) {
  const auto [u, v, vh] = linalg::svd(spread(s, 2), {.full_matrices = false});
  return bounded(weighted(square(u) + square(vh)), 2);
}
Value tridiagonal(const Scene& s) {
  const auto x = wide(s.first());
  const auto a = matrix_of(x, 3, 4);
  return bounded(lax::linalg::tridiagonal_solve(a[0], 3.0 + a[1], 0.5 * a[2], right_side(s, a, 1)), 2);
}
Value factor_updated(const Scene& s) {
  const auto n = order_of(s);
  const auto a = definite(s, n);
  return bounded(lax::linalg::cholesky_update(lax::linalg::cholesky(a).T(), right_side(s, a, 1).reshape({n})), 3);
}
Value power_of(const Scene& s) { return bounded(linalg::matrix_power(0.5 * square_of(s, 2), 3), 1); }
Value norm_of(const Scene& s) { return between(linalg::norm(dominant(s, 2)), 1, 6); }

}  // namespace

Moves linear_algebra_moves() {
  Moves out;
  for (const auto f :
       {factor, triangular, solved, inverse, determinant, factored, orthogonal, symmetric_eigenvalues,
        singular_values, singular_vectors, tridiagonal, factor_updated, power_of, norm_of})
    out.push_back({Move::linear_algebra, f});
  return out;
}

namespace {

std::pair<Array, Array> parts_of(const Scene& s) {
  const auto [x, y] = s.both();
  return {into(wide(x), -1, 1).x, into(wide(y), -1, 1).x};
}
Array number_of(const Scene& s) {
  const auto [re, im] = parts_of(s);
  return lax::complex(re, im);
}
Value some_part(const Scene& s, const Array& z, double bound) {
  return bounded(s.choice(2) == 0 ? lax::real(z) : lax::imag(z), bound);
}

Value complex_product(const Scene& s) {
  const auto z = number_of(s);
  return some_part(s, z * lax::conj(z + 0.5) * z, 6);
}
Value complex_exponential(const Scene& s) { return some_part(s, exp(number_of(s)), 2.8); }
Value complex_quotient(const Scene& s) {
  const auto z = number_of(s);
  return some_part(s, sin(z) / (2.5 + z), 1.5);
}
Value modulus(const Scene& s) {
  const auto [re, im] = parts_of(s);
  return between(lax::abs(lax::complex(re + 2.0, im)), 1, 3.2);
}
Value transformed(const Scene& s) {
  const auto z = with_axis({number_of(s), -1, 1});
  const auto n = z.x.shape(-1);
  const auto type = s.choice(3) == 0 ? lax::FftType::IFFT : lax::FftType::FFT;
  return some_part(s, lax::fft(z.x, type, {n}), 2 * static_cast<double>(n));
}
Value real_transformed(const Scene& s) {
  const auto x = with_axis(into(wide(s.first()), -1, 1));
  const auto n = x.x.shape(-1);
  const auto z = lax::fft(x.x, lax::FftType::RFFT, {n});
  if (s.choice(2) == 0) return some_part(s, z, static_cast<double>(n));
  return bounded(lax::fft(sin(z), lax::FftType::IRFFT, {n}), 4);  // of few enough elements for sin to be small
}
// They are real.
Value eigenvalues(const Scene& s) { return bounded(lax::real(0.5 * square(linalg::eigvals(spread(s, 2)))), 13); }

}  // namespace

Moves complex_moves() {
  Moves out;
  for (const auto f :
       {complex_product, complex_exponential, complex_quotient, modulus, transformed, real_transformed})
    out.push_back({Move::complex, f});
  out.push_back({Move::complex | Move::linear_algebra, eigenvalues});
  return out;
}

}  // namespace fluxion::testing
