// Polynomials by their coefficients, the highest power first. Names and semantics are jax.numpy's.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <fluxion/array.hpp>

namespace fluxion {

/// p[0] x^(n-1) + ... + p[n-1] by Horner's rule, for each x. Above `unroll` coefficients the rule runs as a
/// loop.
Array polyval(const Array& p, const Array& x, std::int64_t unroll = 16);
/// Sum, difference, and product; leading zeros stay.
Array polyadd(const Array& a, const Array& b);
Array polysub(const Array& a, const Array& b);
struct PolymulOptions {
  /// Leave leading zeros of the operands out; their values must be concrete.
  bool trim_leading_zeros = false;
};
Array polymul(const Array& a, const Array& b, const PolymulOptions& options = {});
/// Quotient and remainder; with trim_leading_zeros, of the remainder too.
std::pair<Array, Array> polydiv(const Array& u, const Array& v, const PolymulOptions& options = {});
/// The m-th derivative.
Array polyder(const Array& p, std::int64_t m = 1);
/// The m-th antiderivative, with these constants of integration (one for all or one for each; zeros by
/// default).
Array polyint(const Array& p, std::int64_t m = 1, const Array& k = {});

/// The polynomial with these roots, or the characteristic polynomial of a square matrix.
Array poly(const Array& seq_of_zeros);

struct RootsOptions {
  /// Leave leading and trailing zeros out, for which values must be concrete; else roots that are lost are NaN.
  bool strip_zeros = true;
};
/// The roots: the eigenvalues of the companion matrix. Complex. Source: jax.numpy.roots.
Array roots(const Array& p, const RootsOptions& options = {});

struct PolyfitOptions {
  /// Singular values below rcond times the largest count as 0; len(x) * eps by default.
  std::optional<double> rcond = {};
  /// Weights of the residuals: of x's length.
  Array w = {};
};
/// The polynomial of degree deg that is nearest to the points in the sum of squares, per column of y.
/// Source: jax.numpy.polyfit.
Array polyfit(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options = {});

struct PolyfitFull {
  Array coefficients, residuals, rank, singular_values;
  double rcond;
};
/// The same, and how it was found. Source: jax.numpy.polyfit(full=True).
PolyfitFull polyfit_full(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options = {});
/// The coefficients and their covariances, scaled by the residuals unless `unscaled`.
/// Source: jax.numpy.polyfit(cov=True), and cov="unscaled".
std::pair<Array, Array> polyfit_cov(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options = {},
                                    bool unscaled = false);


}  // namespace fluxion
