// scipy::linalg: what jax.scipy.linalg has beyond jax.numpy.linalg. Operands as there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>

#include <boost/hana/adapt_struct.hpp>

#include <fluxion/array.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/static.hpp>

namespace fluxion::scipy::linalg {

// --- triangular and positive definite systems ---

struct TriangularOptions {
  int trans = 0;  ///< 0: a x = b; 1: a^T x = b; 2: a^H x = b.
  bool lower = false, unit_diagonal = false;
};
/// x with op(a) x = b for a triangular a (.., m, m), b (m) or (.., m, k). Throws ValueError for shapes that do not fit.
Array solve_triangular(const Array& a, const Array& b, const TriangularOptions& options = {});

struct CholeskyFactor {
  Array c;             ///< The factor; its other triangle is zeros.
  Static<bool> lower;  ///< Which triangle.
};
CholeskyFactor cho_factor(const Array& a, bool lower = false);
/// x with a x = b from cho_factor(a).
Array cho_solve(const CholeskyFactor& factor, const Array& b);

// --- LU ---

struct LUFactor {
  Array lu, piv;
};
/// The packed factors and the exchanges of rows, and x with a x = b (trans 0), a^T x = b (1), a^H x = b (2) from them.
LUFactor lu_factor(const Array& a);
Array lu_solve(const LUFactor& factor, const Array& b, int trans = 0);
/// a = p l u with a permutation matrix p (.., m, m), l (.., m, k), u (.., k, n). Source: jax.scipy.linalg.lu.
struct PLU {
  Array p, l, u;
};
PLU lu(const Array& a);

// --- functions of matrices ---

/// exp(a) by Padé approximation and repeated squaring, at most max_squarings times; NaN where that is too few.
/// Source: jax.scipy.linalg.expm (Higham 2005).
Array expm(const Array& a, bool upper_triangular = false, std::int64_t max_squarings = 16);
/// exp(a), and its derivative in direction e.
struct ExpmFrechet {
  Array expm, frechet;
};
ExpmFrechet expm_frechet(const Array& a, const Array& e);
/// a = u p with orthonormal u and positive semidefinite p ("right"), or a = p u ("left"). Source:
/// jax.scipy.linalg.polar.
struct Polar {
  Array u, p;
};
Polar polar(const Array& a, std::string_view side = "right");

// --- matrices of a structure ---

/// Matrices along the diagonal of one, zeros elsewhere; vectors count as rows. Promoted to one dtype.
Array block_diag(ArraySpan arrays);
inline Array block_diag(std::initializer_list<Array> arrays) {
  return block_diag(ArraySpan(arrays.begin(), arrays.size()));
}
/// First column c and first row r (its first element is not read); constant along diagonals. r is conj(c) if not given.
Array toeplitz(const Array& c);
Array toeplitz(const Array& c, const Array& r);

}  // namespace fluxion::scipy::linalg

BOOST_HANA_ADAPT_STRUCT(fluxion::scipy::linalg::CholeskyFactor, c, lower);
BOOST_HANA_ADAPT_STRUCT(fluxion::scipy::linalg::LUFactor, lu, piv);
BOOST_HANA_ADAPT_STRUCT(fluxion::scipy::linalg::PLU, p, l, u);
BOOST_HANA_ADAPT_STRUCT(fluxion::scipy::linalg::ExpmFrechet, expm, frechet);
BOOST_HANA_ADAPT_STRUCT(fluxion::scipy::linalg::Polar, u, p);
