#include <fluxion/statistics.hpp>

#include <fluxion/complex.hpp>
#include <fluxion/contraction.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// One variable per row.
Array variables(const char* op, const Array& m, bool rowvar, bool transposable) {
  if (m.ndim() > 2)
    throw ValueError(
        text(op, ": a vector or a matrix is required, got shape ", m.shape(), "; map over others with vmap"));
  const auto x = atleast_2d(m);
  return rowvar || !transposable ? x : x.T();
}

Array checked_weights(const char* what, const Array& w, std::int64_t n) {
  if (w.ndim() != 1 || w.size() != n)
    throw ValueError(text("cov: ", what, " must be a vector with one weight per observation, got ", w.aval(),
                          " for ", n, " observations; rowvar says which axis they are along"));
  return abs(w);
}

}  // namespace

Array cov(const Array& m, const CovOptions& options) {
  const bool joined = !options.y.is_empty_handle();
  const auto same = joined ? promote_inexact("cov", {m, options.y}) : promote_inexact("cov", {m});
  auto x = variables("cov", same[0], options.rowvar, m.ndim() != 1);
  if (joined) {
    const auto y = variables("cov", same[1], options.rowvar, same[1].ndim() == 2 && same[1].shape(0) != 1);
    if (x.shape(1) != y.shape(1))
      throw ValueError(text("cov: as many observations of both arguments are required, got ", x.shape(1),
                            " and ", y.shape(1), "; rowvar says which axis they are along"));
    x = concatenate({x, y}, 0);
  }
  if (x.shape(0) == 0) return zeros({0, 0}, x.dtype());
  const auto n = x.shape(1);
  const auto ddof = options.ddof.value_or(options.bias ? 0 : 1);
  Array w, counted;
  if (!options.fweights.is_empty_handle()) {
    if (!is_integer(options.fweights.dtype()))
      throw TypeError(text("cov: fweights must be integers, got ", options.fweights.aval(),
                           "; other weights are aweights"));
    w = checked_weights("fweights", options.fweights, n);
  }
  if (!options.aweights.is_empty_handle()) {
    const auto a = counted = checked_weights("aweights", options.aweights, n);
    w = w.is_empty_handle() ? a : w * a;
  }
  if (w.is_empty_handle()) {
    const auto centred = x - mean(x, 1, true);
    return squeeze(dot(centred, transpose(conj(centred))) / literal(x, static_cast<double>(n - ddof)));
  }
  const auto total = sum(w);
  const auto centred = x - insert_axes(sum(x * w, 1) / total, {1});
  const auto divisor = ddof == 0 ? total
                       : counted.is_empty_handle()
                           ? total - ddof
                           : total - static_cast<double>(ddof) * sum(w * counted) / total;
  return squeeze(dot(centred, transpose(conj(centred * w))) / divisor);
}

Array corrcoef(const Array& x, const CorrcoefOptions& options) {
  const auto c = cov(x, {.y = options.y, .rowvar = options.rowvar});
  if (c.ndim() == 0) return c / c;
  const auto deviation = sqrt(real(diag(c)));
  const auto r = c / insert_axes(deviation, {1}) / insert_axes(deviation, {0});
  if (is_complex(r.dtype())) return lax::complex(clip(real(r), -1, 1), clip(imag(r), -1, 1));
  return clip(r, -1, 1);
}

}  // namespace fluxion
