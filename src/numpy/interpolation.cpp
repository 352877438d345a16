#include <fluxion/interpolation.hpp>

#include <cmath>

#include <fluxion/creation.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/sorting.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

Array gathered(const Array& values, const Array& at) {
  return reshape(lax::take_rows(values, ravel(at)), at.shape());
}

// How many of the ascending xp are not above each x, by bisection.
Array count_not_above(const Array& xp, const Array& x) {
  const auto n = xp.size();
  std::int64_t step = 1;
  while (2 * step <= n) step *= 2;
  auto count = lax::full(x.shape(), scalar<std::int64_t>(0));
  for (; step > 0; step /= 2) {
    const auto next = count + step;
    const auto below = gathered(xp, minimum(next, n) - 1) <= x;
    count = where(below & (next <= n), next, count);
  }
  return count;
}

// The value on the line through the points around x; where two of them are one above the other, that of the
// left one.
Array on_lines(const Array& x, const Array& xp, const Array& fp) {
  const auto n = xp.size();
  const auto right = clip(count_not_above(xp, x), 1, n - 1), left = right - 1;
  const auto x0 = gathered(xp, left), f0 = gathered(fp, left);
  const auto df = gathered(fp, right) - f0, dx = gathered(xp, right) - x0;
  const auto step = finfo(xp).eps;
  const auto epsilon = std::nextafter(step, 1.0) - step;
  const auto upright = abs(dx) <= epsilon;
  return where(upright, f0, f0 + (x - x0) / where(upright, literal(dx, 1), dx) * df);
}

// The points are sorted within one period, and the last and the first one go round.
Array on_circle(const Array& x, const Array& xp, const Array& fp, const Array& given) {
  if (given.ndim() != 0)
    throw ValueError(text("interp: the period must be a scalar, got ", given.aval(), "; map over several with vmap"));
  const auto period = abs(given);
  const auto wrapped = xp % period;
  const auto order = argsort(wrapped);
  const auto at = lax::take_rows(wrapped, order), f = lax::take_rows(fp, order);
  const auto n = xp.size();
  const auto first = [](const Array& v) { return slice_axis(v, 0, 0, 1); };
  const auto last = [n](const Array& v) { return slice_axis(v, 0, n - 1, n); };
  return on_lines(x % period, concatenate({last(at) - period, at, first(at) + period}), concatenate({last(f), f, first(f)}));
}

}  // namespace

Array interp(const Array& x, const Array& xp, const Array& fp, const InterpOptions& options) {
  if (xp.ndim() != 1 || xp.shape() != fp.shape())
    throw ValueError(text("interp: xp and fp must be vectors of one length, got shapes ", xp.shape(), " and ",
                          fp.shape(), "; map over several with vmap"));
  if (xp.size() == 0)
    throw ValueError("interp: at least one known point is required, got none; check sizes first");
  const auto xs = promote_inexact("interp", {x, xp});
  const auto f = promote_inexact(fp);
  if (!options.period.is_empty_handle()) return on_circle(xs[0], xs[1], f, options.period);
  auto y = xp.size() == 1 ? lax::full(x.shape(), reshape(f, {})) : on_lines(xs[0], xs[1], f);
  const auto outside = [&](const Array& there, const Outside& o, std::int64_t edge) {
    if (o.extrapolates()) return;
    const auto value =
        o.value().is_empty_handle() ? reshape(slice_axis(f, 0, edge, edge + 1), {}) : o.value();
    y = where(there, value, y);
  };
  const auto n = xp.size();
  outside(xs[0] < reshape(slice_axis(xs[1], 0, 0, 1), {}), options.left, 0);
  outside(xs[0] > reshape(slice_axis(xs[1], 0, n - 1, n), {}), options.right, n - 1);
  return y;
}

}  // namespace fluxion
