// linalg: matrices, and stacks of them along leading axes, as jax.numpy.linalg has them. Integers become floats; where
// there are two operands, they are promoted to one dtype and their leading axes broadcast. A decomposition that fails
// gives NaN, and a singular system infinities or NaN; nothing throws for the sake of a value.
// Names, semantics and derivatives are jax.numpy.linalg's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/hana/adapt_struct.hpp>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>
#include <fluxion/contraction.hpp>
#include <fluxion/lax/linalg.hpp>

namespace fluxion {

/// The Kronecker product: every element of a, times b. Source: jax.numpy.kron.
Array kron(const Array& a, const Array& b);

/// Which axes hold the vectors of a cross product, and that of the result.
struct CrossOptions {
  std::int64_t axisa = -1, axisb = -1, axisc = -1;
};
/// The cross product of vectors of 2 or 3 elements along axes, broadcast; of two with 2 elements it is the third
/// component alone, without an axis. Throws ValueError for other lengths. Source: jax.numpy.cross.
Array cross(const Array& a, const Array& b, const CrossOptions& axes = {});

namespace linalg {

using lax::linalg::QR;
using lax::linalg::SVD;

/// Which norm: a number, "fro" (Frobenius) or "nuc" (nuclear); by default the 2-norm of vectors, Frobenius of matrices.
class NormOrder {
 public:
  enum class Kind : std::uint8_t { standard, number, frobenius, nuclear };
  NormOrder(None) {}  // NOLINT: implicit on purpose, as are the others
  template <class T> requires(std::is_arithmetic_v<T>)
  NormOrder(T p) : kind_(Kind::number), p_(static_cast<double>(p)) {}
  /// Throws ValueError for another name.
  NormOrder(const char* name);
  Kind kind() const { return kind_; }
  double p() const { return p_; }
  bool is(double p) const { return kind_ == Kind::number && p_ == p; }

 private:
  Kind kind_ = Kind::standard;
  double p_ = 0;
};

// --- decompositions ---

/// The lower triangular L with L L^H = (a + a^H) / 2, or the upper triangular L^H. NaN if it is not positive definite.
Array cholesky(const Array& a, bool upper = false);

/// mode "reduced": q (.., m, k) and r (.., k, n), k = min(m, n); "complete": q (.., m, m) and r (.., m, n); "r": as
/// reduced, q an empty handle. Throws ValueError for another mode.
QR qr(const Array& a, std::string_view mode = "reduced");
/// Householder's form as numpy's mode "raw" gives it: h is the transpose of what LAPACK packs.
struct RawQR {
  Array h, tau;
};
RawQR qr_raw(const Array& a);

struct SVDOptions {
  bool full_matrices = true;  ///< u (.., m, m) and vh (.., n, n); otherwise their first min(m, n) vectors.
  bool compute_uv = true;     ///< Otherwise u and vh are empty handles.
  bool hermitian = false;     ///< a is symmetric or Hermitian: by eigenvalues, which is faster.
};
/// a = u diag(s) vh, s descending.
SVD svd(const Array& a, const SVDOptions& options = {});
Array svdvals(const Array& a);

/// Eigenvalues (.., n) and eigenvectors in columns (.., n, n).
struct Eigen {
  Array eigenvalues, eigenvectors;
};
/// Of a symmetric or Hermitian matrix: ascending real eigenvalues, orthonormal vectors. UPLO says which triangle counts
/// if symmetrize_input is false. Throws ValueError for another UPLO than "L" and "U".
Eigen eigh(const Array& a, std::string_view UPLO = "L", bool symmetrize_input = true);
Array eigvalsh(const Array& a, std::string_view UPLO = "L", bool symmetrize_input = true);
/// Of a general matrix: complex, vectors of length 1.
Eigen eig(const Array& a);
Array eigvals(const Array& a);

// --- systems ---

/// x with a x = b, a: (.., m, m). A b of rank 1 is a vector (m), any other a stack of matrices (.., m, k).
/// Derivatives reuse the factorisation. Throws ValueError for shapes that do not fit.
Array solve(const Array& a, const Array& b);
Array inv(const Array& a);
/// The Moore-Penrose inverse: singular values below rtol times the largest count as zero; 10 max(m, n) eps by default.
Array pinv(const Array& a, std::optional<double> rtol = {}, bool hermitian = false);
struct Lstsq {
  Array x;          ///< (n) or (n, k): of all least-squares solutions the shortest.
  Array residuals;  ///< Squared lengths of b - a x, (1) or (k), whatever the rank.
  Array rank;       ///< int64
  Array s;          ///< The singular values of a, (min(m, n)).
};
/// The least-squares solution of a x = b for a (m, n), b (m) or (m, k). Singular values below rcond times the largest
/// count as zero; eps max(m, n) by default, eps for a negative rcond.
Lstsq lstsq(const Array& a, const Array& b, std::optional<double> rcond = {});
/// The x of shape a.shape[b.ndim:] with tensordot(a, x, x.ndim) = b; `axes` of a are moved to its end first.
Array tensorsolve(const Array& a, const Array& b, const Dims& axes = {});
/// The inverse for tensordot(.., ind): a's first `ind` axes have as many elements as the others.
Array tensorinv(const Array& a, std::int64_t ind = 2);

// --- numbers of a matrix ---

/// The determinant; its derivative is finite for singular matrices, too.
Array det(const Array& a);
/// det(a) = sign * exp(logabsdet); a singular matrix gives sign 0 and -inf.
struct Slogdet {
  Array sign, logabsdet;
};
Slogdet slogdet(const Array& a);
/// The number of singular values above rtol times the largest; max(m, n) eps by default. int64.
Array matrix_rank(const Array& a, std::optional<double> rtol = {});
/// The condition number by a norm: p none or 2, -2, or an order of `matrix_norm`.
Array cond(const Array& x, const NormOrder& p = none);
/// The sum over the diagonal `offset` of the last two axes, and that diagonal.
Array trace(const Array& x, std::int64_t offset = 0);
Array diagonal(const Array& x, std::int64_t offset = 0);

/// The norm of vectors along one axis, of matrices along two (rows, then columns), or of all elements as a vector
/// without axes and order. Vectors: as vector_norm. Matrices: as matrix_norm. Throws ValueError for other orders.
Array norm(const Array& x, const NormOrder& ord = none, const Axis& axis = none, bool keepdims = false);
/// sum(|x|^p)^(1/p) over axes taken together; p may be infinite of either sign, or 0 for the number of nonzeros.
Array vector_norm(const Array& x, const NormOrder& ord = 2, const Axis& axis = none, bool keepdims = false);
/// Of the last two axes: "fro", "nuc", 1 and -1 (largest and smallest column sum of |x|), inf and -inf (of rows), 2 and
/// -2 (largest and smallest singular value).
Array matrix_norm(const Array& x, const NormOrder& ord = "fro", bool keepdims = false);

// --- products ---

/// a^n for any integer n; negative ones invert. Square matrices, multiplied by repeated squaring.
Array matrix_power(const Array& a, std::int64_t n);
/// The product of matrices in the order with the fewest multiplications; the first and the last may be vectors.
Array multi_dot(ArraySpan arrays);
inline Array multi_dot(std::initializer_list<Array> arrays) {
  return multi_dot(ArraySpan(arrays.begin(), arrays.size()));
}
/// The last two axes exchanged.
Array matrix_transpose(const Array& x);
/// sum(conj(x1) * x2) along an axis, the others broadcast.
Array vecdot(const Array& x1, const Array& x2, std::int64_t axis = -1);
/// The cross product of vectors of 3 elements along an axis.
Array cross(const Array& x1, const Array& x2, std::int64_t axis = -1);
/// All products of two vectors.
Array outer(const Array& x1, const Array& x2);
using fluxion::matmul;
using fluxion::tensordot;

}  // namespace linalg
}  // namespace fluxion

BOOST_HANA_ADAPT_STRUCT(fluxion::linalg::RawQR, h, tau);
BOOST_HANA_ADAPT_STRUCT(fluxion::linalg::Eigen, eigenvalues, eigenvectors);
BOOST_HANA_ADAPT_STRUCT(fluxion::linalg::Lstsq, x, residuals, rank, s);
BOOST_HANA_ADAPT_STRUCT(fluxion::linalg::Slogdet, sign, logabsdet);
