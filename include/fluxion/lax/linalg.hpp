// lax.linalg: decompositions and triangular solves of matrices and of stacks of them, (.., m, n). Strict: float32,
// float64, complex64 and complex128 only, nothing is promoted or broadcast. Computed by LAPACK, matrix by matrix, or
// side by side if they are small: a stack gives the bits of its matrices. A decomposition that fails gives NaN and throws nothing. Names,
// semantics and derivatives are jax.lax.linalg's.
#pragma once

#include <cstdint>
#include <optional>

#include <boost/hana/adapt_struct.hpp>

#include <fluxion/array.hpp>

namespace fluxion::lax::linalg {

// --- positive definite matrices ---

struct CholeskyOptions {
  bool symmetrize_input = true;  ///< Take (a + a^H) / 2; otherwise only the lower triangle is read.
};
/// The lower triangular L with L L^H = a. NaN below the diagonal and on it where a is not positive definite.
/// Derivative: L phi(L^-1 da L^-H), phi the lower triangle with half the diagonal (Murray 2016).
Array cholesky(const Array& a, const CholeskyOptions& options = {});

/// The upper triangular R' with R'^T R' = R^T R + w w^T, for an upper triangular R (.., n, n) and w (.., n), real, in
/// O(n^2). Source: jax.lax.linalg.cholesky_update, which has no derivative; here it is that of the Cholesky factor.
Array cholesky_update(const Array& r, const Array& w);

// --- triangular systems ---

struct TriangularOptions {
  bool left_side = false;      ///< Solve op(a) x = b; otherwise x op(a) = b.
  bool lower = false;          ///< Which triangle of a is read.
  bool transpose_a = false;    ///< op(a) is a transposed,
  bool conjugate_a = false;    ///< and conjugated.
  bool unit_diagonal = false;  ///< Ones stand for the diagonal of a, which is not read.
};
/// The solution x of a triangular system. a: (.., n, n), b: (.., n, k) or, on the right, (.., k, n), or a vector (..,
/// n). Infinities and NaN where the diagonal has zeros. Linear in b.
Array triangular_solve(const Array& a, const Array& b, const TriangularOptions& options = {});

// --- LU ---

/// The factors of a row permutation of a: L below the diagonal of `lu` (its own is ones), U on and above.
struct LU {
  Array lu;           ///< (.., m, n)
  Array pivots;       ///< int32 (.., min(m, n)): row i was exchanged with row pivots[i], in order.
  Array permutation;  ///< int32 (.., m): row i of L U is row permutation[i] of a.
};
/// LU decomposition with partial pivoting. A singular a has zeros on U's diagonal. Derivative: de Hoog et al. 2011.
LU lu(const Array& a);
/// The permutation of `permutation_size` rows that a sequence of exchanges makes. int32.
Array lu_pivots_to_permutation(const Array& pivots, std::int64_t permutation_size);
/// x with a x = b (trans 0), a^T x = b (1) or a^H x = b (2), from lu(a). b: (.., m) or (.., m, k).
/// The factors are differentiated like any operand.
Array lu_solve(const Array& lu, const Array& permutation, const Array& b, int trans = 0);
/// x with a x = b by LU, a: (.., m, m), b: (.., m) or (.., m, k). Derivatives of both modes and any order reuse the one
/// factorisation. Source: jax._src.lax.linalg._solve.
Array solve(const Array& a, const Array& b);

// --- QR ---

struct QR {
  Array q;  ///< (.., m, k), or (.., m, m) with full_matrices; k = min(m, n)
  Array r;  ///< (.., k, n), or (.., m, n)
};
struct QROptions {
  bool full_matrices = true;
};
/// a = q r, with q^H q = 1 and r upper triangular. The derivative needs the first min(m, n) columns of a to be
/// independent (else NaN); throws UnsupportedError for full_matrices of tall a.
QR qr(const Array& a, const QROptions& options = {});

/// Householder's form of a QR decomposition: r on and above the diagonal of a, reflectors below it. Not differentiable.
struct Geqrf {
  Array a;     ///< (.., m, n)
  Array taus;  ///< (.., min(m, n))
};
Geqrf geqrf(const Array& a);
/// The first n columns of the product of reflectors 1 - tau v v^H, whose v are below the diagonal of a (.., m, n), for
/// taus (.., k), m >= n >= k. Not differentiable.
Array householder_product(const Array& a, const Array& taus);

// --- eigenvalues ---

/// Orthonormal eigenvectors in the columns of v (.., n, n), and ascending eigenvalues w (.., n), which are real.
struct Eigh {
  Array v, w;
};
struct EighOptions {
  bool lower = true;             ///< Which triangle is read,
  bool symmetrize_input = true;  ///< unless (a + a^H) / 2 is taken.
};
/// Eigendecomposition of a symmetric or Hermitian matrix. The derivative is infinite or NaN where eigenvalues coincide.
Eigh eigh(const Array& a, const EighOptions& options = {});

/// The eigenvalues w (.., n) of a general matrix, and vectors of length 1 in columns: u^H a = w u^H, a v = v w. All are
/// complex. Those not asked for are empty handles.
struct Eig {
  Array w, vl, vr;
};
struct EigOptions {
  bool compute_left_eigenvectors = true, compute_right_eigenvectors = true;
};
/// Derivatives of eigenvalues and right eigenvectors; UnsupportedError with left ones.
Eig eig(const Array& a, const EigOptions& options = {});

// --- singular values ---

/// a = u diag(s) vh, s descending.
struct SVD {
  Array u;   ///< (.., m, k), or (.., m, m) with full_matrices; k = min(m, n)
  Array s;   ///< (.., k), real
  Array vh;  ///< (.., k, n), or (.., n, n)
};
struct SVDOptions {
  bool full_matrices = true;
};
/// Singular value decomposition. The derivative is infinite or NaN where singular values coincide or vanish; throws
/// UnsupportedError for full_matrices unless m = n.
SVD svd(const Array& a, const SVDOptions& options = {});
/// The singular values alone; their derivative needs them to be distinct only for order two.
Array svdvals(const Array& a);

// --- banded and reduced forms ---

/// x with A x = b for tridiagonal A of order m: diagonal d (.., m), below it dl (.., m) whose first element is not
/// read, above it du (.., m) whose last is not. b: (.., m, k). Linear in b.
Array tridiagonal_solve(const Array& dl, const Array& d, const Array& du, const Array& b);

/// Upper Hessenberg form a = Q H Q^H: H on and above the first subdiagonal, reflectors below. Not differentiable.
struct Hessenberg {
  Array a;     ///< (.., n, n)
  Array taus;  ///< (.., n - 1)
};
Hessenberg hessenberg(const Array& a);

/// Tridiagonal form a = Q T Q^H of a Hermitian matrix, of which one triangle is read. Not differentiable.
struct Tridiagonal {
  Array a;     ///< (.., n, n): T, and reflectors beyond it
  Array d, e;  ///< T's diagonal (.., n) and off-diagonal (.., n - 1), real
  Array taus;  ///< (.., n - 1)
};
Tridiagonal tridiagonal(const Array& a, bool lower = true);

/// a = z t z^H with z unitary and t upper triangular, for real a with blocks of order 2 on its diagonal where
/// eigenvalues are complex. Not differentiable.
struct Schur {
  Array t, z;
};
Schur schur(const Array& a);

}  // namespace fluxion::lax::linalg

BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::LU, lu, pivots, permutation);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::QR, q, r);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Geqrf, a, taus);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Eigh, v, w);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Eig, w, vl, vr);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::SVD, u, s, vh);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Hessenberg, a, taus);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Tridiagonal, a, d, e, taus);
BOOST_HANA_ADAPT_STRUCT(fluxion::lax::linalg::Schur, t, z);
