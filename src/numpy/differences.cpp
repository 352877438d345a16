#include <fluxion/differences.hpp>

#include <algorithm>
#include <numbers>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// x[first:] without the last `drop`, along one axis.
Array part(const Array& x, std::int64_t axis, std::int64_t first, std::int64_t drop) {
  const auto n = x.shape(axis);
  return slice_axis(x, axis, std::min(first, n), std::max(n - drop, std::min(first, n)));
}

// What diff joins to x: of its shape but along the axis.
Array joinable(const Array& v, const Array& x, std::int64_t axis) {
  if (v.ndim() != 0) return v;
  Shape shape = x.shape();
  shape[static_cast<std::size_t>(axis)] = 1;
  return broadcast_to(v, shape);
}

}  // namespace

Array diff(const Array& x, const DiffOptions& options) {
  if (options.n < 0)
    throw ValueError(text("diff: n must not be negative, got ", options.n, "; cumsum goes the other way"));
  if (x.ndim() == 0) throw ValueError("diff: rank 1 or more is required, got a scalar; reshape it to {1}");
  if (options.n == 0) return x;
  const auto axis = normalize_axis("diff", options.axis, x);
  Arrays parts;
  if (!options.prepend.is_empty_handle()) parts.push_back(joinable(options.prepend, x, axis));
  parts.push_back(x);
  if (!options.append.is_empty_handle()) parts.push_back(joinable(options.append, x, axis));
  auto y = concatenate(parts, axis);
  for (std::int64_t i = 0; i < options.n && y.shape(axis) > 0; ++i) {
    const auto after = part(y, axis, 1, 0), before = part(y, axis, 0, 1);
    y = y.dtype() == bool_ ? lax::ne(after, before) : lax::sub(after, before);
  }
  return y;
}

Array ediff1d(const Array& x, const Ediff1dOptions& options) {
  const auto flat = ravel(x);
  Arrays parts;
  const auto add = [&](const Array& v) {
    if (!v.is_empty_handle()) parts.push_back(convert(ravel(v), x.dtype()));
  };
  add(options.to_begin);
  parts.push_back(flat.size() == 0 ? flat : lax::sub(part(flat, 0, 1, 0), part(flat, 0, 0, 1)));
  add(options.to_end);
  return concatenate(parts);
}

namespace {

Array along(const Array& v, const Array& f, std::int64_t axis) {
  Shape shape(f.shape().size(), 1);
  shape[static_cast<std::size_t>(axis)] = v.size();
  return reshape(v, shape);
}

// Inside, the derivative of the parabola through three neighbours, whose steps are h1 and h2.
Array gradient_along(const Array& f, const Array& spacing, std::int64_t axis) {
  const auto n = f.shape(axis);
  if (n < 2)
    throw ValueError(text("gradient: at least two samples along each axis are required, got shape ",
                          f.shape(), " along axis ", axis, "; name the axes that have them"));
  const auto steps = part(f, axis, 1, 0) - part(f, axis, 0, 1);
  const auto first = slice_axis(steps, axis, 0, 1), last = slice_axis(steps, axis, n - 2, n - 1);
  if (spacing.ndim() == 0) {
    const auto inner = (part(f, axis, 2, 0) - part(f, axis, 0, 2)) * 0.5 / spacing;
    return concatenate({first / spacing, inner, last / spacing}, axis);
  }
  if (spacing.ndim() != 1 || spacing.size() != n)
    throw ValueError(text("gradient: the spacing must be a number or one position per sample, got ",
                          spacing.aval(), " for ", n, " samples along axis ", axis,
                          "; index the axis that it belongs to"));
  const auto x = along(spacing, f, axis);
  const auto h = part(x, axis, 1, 0) - part(x, axis, 0, 1);
  const auto h1 = part(h, axis, 0, 1), h2 = part(h, axis, 1, 0);
  const auto inner = -h2 / (h1 * (h1 + h2)) * part(f, axis, 0, 2) +
                     (h2 - h1) / (h1 * h2) * part(f, axis, 1, 1) +
                     h1 / (h2 * (h1 + h2)) * part(f, axis, 2, 0);
  return concatenate({first / slice_axis(h, axis, 0, 1), inner, last / slice_axis(h, axis, n - 2, n - 1)},
                     axis);
}

}  // namespace

Array gradient(const Array& f, const Array& spacing, std::int64_t axis) {
  const auto same = promote_inexact("gradient", {f, spacing});
  return gradient_along(same[0], same[1], normalize_axis("gradient", axis, f));
}

Arrays gradient(const Array& f, const GradientOptions& options) {
  const auto& spacing = options.spacing;
  const auto& given = options.axis.axes();
  const auto axes = given ? normalize_axes("gradient", *given, f.ndim(), f.shape()) : iota_dims(0, f.ndim());
  if (spacing.size() > 1 && spacing.size() != axes.size())
    throw ValueError(text("gradient: one spacing for all axes or one for each is required, got ",
                          spacing.size(), " for axes ", axes, "; name the axes"));
  Arrays out;
  for (std::size_t i = 0; i < axes.size(); ++i)
    out.push_back(gradient(f, spacing.empty() ? Array(1) : spacing[spacing.size() == 1 ? 0 : i], axes[i]));
  return out;
}

Array trapezoid(const Array& y, const TrapezoidOptions& options) {
  if (y.ndim() == 0)
    throw ValueError("trapezoid: rank 1 or more is required, got a scalar; reshape it to {1}");
  const auto axis = normalize_axis("trapezoid", options.axis, y);
  const auto last = y.ndim() - 1;
  if (options.x.is_empty_handle()) {
    const auto f = moveaxis(promote_inexact(y), axis, last);
    return 0.5 * sum(options.dx * (part(f, last, 1, 0) + part(f, last, 0, 1)), -1);
  }
  const auto same = promote_inexact("trapezoid", {y, options.x});
  const bool shared = same[1].ndim() == 1;
  const auto f = moveaxis(same[0], axis, last), x = shared ? same[1] : moveaxis(same[1], axis, last);
  if (x.ndim() == 0 || x.shape(-1) != f.shape(-1))
    throw ValueError(text("trapezoid: as many positions as samples along axis ", axis,
                          " are required, got x of shape ", options.x.shape(), " for y of shape ", y.shape(),
                          "; or give their distance as dx"));
  const auto steps = part(x, x.ndim() - 1, 1, 0) - part(x, x.ndim() - 1, 0, 1);
  return 0.5 * sum(steps * (part(f, last, 1, 0) + part(f, last, 0, 1)), -1);
}

// A jump of exactly half a period keeps its sign.
Array unwrap(const Array& p, const UnwrapOptions& options) {
  if (p.ndim() == 0) throw ValueError("unwrap: rank 1 or more is required, got a scalar; reshape it to {1}");
  if (is_complex(p.dtype()))
    throw TypeError(text("unwrap: real angles are required, got ", p.aval(), "; take fx::angle first"));
  const auto axis = normalize_axis("unwrap", options.axis, p);
  const auto x = promote_inexact(p);
  const auto period = options.period.is_empty_handle() ? Array(2 * std::numbers::pi) : options.period;
  if (x.shape(axis) == 0) return x;
  const auto half = period / 2;
  const auto jump = part(x, axis, 1, 0) - part(x, axis, 0, 1);
  auto wrapped = (jump + half) % period - half;
  wrapped = where((wrapped == -half) & (jump > 0), half, wrapped);
  const auto correction = where(abs(jump) < (options.discont.is_empty_handle() ? half : options.discont),
                                literal(jump, 0), wrapped - jump);
  return concatenate({slice_axis(x, axis, 0, 1), part(x, axis, 1, 0) + cumsum(correction, axis)}, axis);
}

}  // namespace fluxion
