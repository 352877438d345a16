// Textbook algorithms on small matrices in long double: what decompositions are held against.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "lax/case_parts.hpp"

namespace fluxion::test {

using Real = long double;

/// One matrix in long double.
struct Matrix {
  std::int64_t m = 0, n = 0;
  std::vector<Real> v;
  Matrix(std::int64_t rows, std::int64_t columns)
      : m(rows), n(columns), v(static_cast<std::size_t>(rows * columns), 0) {}
  Real& operator()(std::int64_t i, std::int64_t j) { return v[static_cast<std::size_t>(i * n + j)]; }
  Real operator()(std::int64_t i, std::int64_t j) const { return v[static_cast<std::size_t>(i * n + j)]; }
};
inline Matrix unit(std::int64_t n) {
  Matrix e(n, n);
  for (std::int64_t i = 0; i < n; ++i) e(i, i) = 1;
  return e;
}
inline Matrix flipped(const Matrix& a) {
  Matrix t(a.n, a.m);
  for (std::int64_t i = 0; i < a.m; ++i)
    for (std::int64_t j = 0; j < a.n; ++j) t(j, i) = a(i, j);
  return t;
}
inline Matrix times(const Matrix& a, const Matrix& b) {
  Matrix c(a.m, b.n);
  for (std::int64_t i = 0; i < a.m; ++i)
    for (std::int64_t j = 0; j < b.n; ++j)
      for (std::int64_t k = 0; k < a.n; ++k) c(i, j) += a(i, k) * b(k, j);
  return c;
}

using Matrices = std::vector<Matrix>;
/// A reference of one matrix per operand: vectors are columns.
using OfMatrices = std::function<Matrices(const Matrices&)>;

/// What a result is besides its elements.
enum class Out { matrix, vector, integers };
/// f over leading axes; `ranks` are those of one operand: 1 or 2.
Reference stacked(OfMatrices f, std::vector<int> ranks, std::vector<Out> outs);

Matrix cholesky_of(const Matrix& a);
/// Gaussian elimination with partial pivoting: {lu, pivots, permutation}.
Matrices lu_of(const Matrix& given);
Matrix solved(const Matrix& a, const Matrix& b);
/// Reflectors below the triangle, and their factors, signs as LAPACK's.
Matrices geqrf_of(const Matrix& given);
/// The first columns of the product of reflectors.
Matrix product_of(const Matrix& a, const Matrix& taus, std::int64_t columns);
Matrices qr_of(const Matrix& a, bool full);
/// The same for the reduction to upper Hessenberg form by similarity.
Matrices hessenberg_of(const Matrix& given);
/// Jacobi's method: eigenvalues in ascending order, eigenvectors in columns.
Matrices eigh_of(const Matrix& given);
Matrix symmetrised(const Matrix& a);
Matrix squares_and_one(Matrix x);
/// {s, u^2 + 1, vh^2 + 1}, reduced.
Matrices svd_of(const Matrix& a);

}  // namespace fluxion::test
