// Polynomials and their roots by eigenvalues, and fits by least squares.
#include <fluxion/polynomials.hpp>

#include <limits>

#include <fluxion/contraction.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/sorting.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"
#include "numpy/host_values.hpp"
#include "numpy/polynomial.hpp"

namespace fluxion {

Array poly(const Array& seq_of_zeros) {
  const auto& shape = seq_of_zeros.shape();
  const bool square = shape.size() == 2 && shape[0] == shape[1] && shape[0] != 0;
  if (shape.size() != 1 && !square)
    throw ValueError(text("poly: a vector of roots or a square matrix is required, got shape ", shape,
                          "; map over several with vmap"));
  const auto x = promote_inexact(seq_of_zeros);
  return polynomial_of_roots(square ? linalg::eigvals(x) : x);
}

namespace {

DType complex_of(DType t) { return promote_types(t, false, complex64, false).dtype; }

// The eigenvalues of the matrix whose characteristic polynomial is p / p[0].
Array companion_roots(const Array& p) {
  const auto n = p.size() - 1;
  if (n < 1) return zeros({0}, complex_of(p.dtype()));
  const auto row = -slice_axis(p, 0, 1, n + 1) / slice_axis(p, 0, 0, 1);
  return linalg::eigvals(concatenate({insert_axes(row, {0}), eye(n - 1, n, 0, p.dtype())}, 0));
}

// Leading zeros go to the end, where each is a root 0: as many of these are sorted last and made NaN.
Array roots_of_all(const Array& p) {
  const auto n = p.size();
  const auto zero = p == literal(p, 0);
  const auto leading = where(all(zero), n, argmin(zero));
  const auto roots = companion_roots(roll(where(leading == n, literal(p, 1), p), -leading));
  const auto last_zeros = lax::take_rows(roots, argsort(convert_strong(roots == literal(roots, 0), int32)));
  const auto nan = literal(roots, std::numeric_limits<double>::quiet_NaN());
  return where(arange(n - 1) < n - 1 - leading, last_zeros, nan);
}

}  // namespace

Array roots(const Array& p, const RootsOptions& options) {
  require_coefficients("roots", p);
  const auto c = promote_inexact(p);
  if (c.size() < 2) return zeros({0}, complex_of(c.dtype()));
  if (!options.strip_zeros) return roots_of_all(c);
  const auto nonzero = host_nonzero("roots", "leading zeros decide the shape and the coefficients", p,
                                    "with strip_zeros = false their roots are NaN instead");
  std::int64_t first = 0;
  while (first < c.size() && nonzero[static_cast<std::size_t>(first)] == 0) ++first;
  return companion_roots(slice_axis(c, 0, first, c.size()));
}

namespace {

// The columns x^deg .. 1, weighted and each divided by its length, and what they are fitted to.
struct Fit {
  Array left, right, lengths;
  double rcond;
};

void check_points(const Array& x, const Array& y, std::int64_t deg) {
  if (deg < 0)
    throw ValueError(text("polyfit: the degree must not be negative, got ", deg, "; 0 fits a constant"));
  if (x.ndim() != 1 || x.size() == 0)
    throw TypeError(text("polyfit: x must be a vector that is not empty, got shape ", x.shape(), "; ravel it"));
  if (y.ndim() < 1 || y.ndim() > 2 || y.shape(0) != x.size())
    throw TypeError(text("polyfit: y must be a vector or a matrix with a row for each x, got shape ", y.shape(), " for ",
                         x.size(), " points; transpose it"));
}

Fit prepare(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options) {
  check_points(x, y, deg);
  const auto same = promote_inexact("polyfit", {x, y});
  auto left = vander(same[0], deg + 1), right = same[1];
  if (const auto& w = options.w; !w.is_empty_handle()) {
    if (w.ndim() != 1 || w.size() != x.size())
      throw TypeError(text("polyfit: w must be a vector with one weight per point, got ", w.aval(), " for ", x.size(),
                           " points; they multiply residuals"));
    left = left * insert_axes(w, {1});
    right = right * (y.ndim() == 1 ? w : insert_axes(w, {1}));
  }
  const auto lengths = sqrt(sum(square(left), 0));
  const auto rcond = options.rcond.value_or(static_cast<double>(x.size()) * finfo(same[0]).eps);
  return {left / lengths, right, lengths, rcond};
}

Array unscaled_columns(const Array& c, const Array& lengths) {
  return c.ndim() == 1 ? c / lengths : c / insert_axes(lengths, {1});
}

}  // namespace

PolyfitFull polyfit_full(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options) {
  const auto fit = prepare(x, y, deg, options);
  const auto s = linalg::lstsq(fit.left, fit.right, fit.rcond);
  return {unscaled_columns(s.x, fit.lengths), s.residuals, s.rank, s.s, fit.rcond};
}

Array polyfit(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options) {
  return polyfit_full(x, y, deg, options).coefficients;
}

std::pair<Array, Array> polyfit_cov(const Array& x, const Array& y, std::int64_t deg, const PolyfitOptions& options,
                                    bool unscaled) {
  const auto fit = prepare(x, y, deg, options);
  if (!unscaled && x.size() <= deg + 1)
    throw ValueError(text("polyfit: covariances scaled by residuals need more points than coefficients, got ", x.size(),
                          " points for degree ", deg, "; ask for unscaled ones"));
  const auto s = linalg::lstsq(fit.left, fit.right, fit.rcond);
  const auto base = linalg::inv(dot(transpose(fit.left), fit.left)) / outer(fit.lengths, fit.lengths);
  const auto factor = unscaled ? ones({s.residuals.size()}, base.dtype())
                               : s.residuals / literal(s.residuals, static_cast<double>(x.size() - deg - 1));
  const auto c = unscaled_columns(s.x, fit.lengths);
  if (y.ndim() == 1) return {c, base * reshape(slice_axis(factor, 0, 0, 1), {})};
  return {c, insert_axes(base, {2}) * factor};
}

}  // namespace fluxion
