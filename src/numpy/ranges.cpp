// arange, linspace and their kin.
#include <fluxion/creation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

void check_bound(const Array& x) {
  if (x.ndim() != 0)
    throw ValueError(text("arange: bounds must be scalars, got ", x.aval(), "; index one element"));
  if (concrete_primal(x) == nullptr)
    throw ConcretizationError(text("arange: the bounds decide the shape and must be concrete, got ", x,
                                   "; pass them as static arguments (fx::static_argnums)"));
  if (!is_integer(x.dtype()) && !is_floating(x.dtype()))
    throw TypeError(
        text("arange: bounds must be integers or floats, got ", x.dtype(), "; convert with astype"));
}

// Unsigned, because the distance between two int64 may exceed int64.
std::int64_t count_between(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step > 0 ? stop <= start : stop >= start) return 0;
  const auto a = static_cast<std::uint64_t>(start), b = static_cast<std::uint64_t>(stop);
  const auto distance = step > 0 ? b - a : a - b;
  const auto magnitude = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const auto n = distance / magnitude + (distance % magnitude != 0);
  return static_cast<std::int64_t>(std::min<std::uint64_t>(n, std::numeric_limits<std::int64_t>::max()));
}

std::int64_t count_between(double start, double stop, double step) {
  const double n = std::ceil((stop - start) / step);
  if (!(std::abs(n) < 9e15))
    throw ValueError(text("arange: a finite number of elements is required, got bounds ", start, ", ", stop,
                          " and step ", step, "; use a larger step or closer bounds"));
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(n));
}

template <class T>
Array progression(const Array& start, const Array& stop, const Array& step, DType dtype) {
  const T a = start.item<T>(), b = stop.item<T>(), s = step.item<T>();
  if (s == 0) throw ValueError("arange: the step must not be zero, got 0; linspace takes a count instead");
  const Shape shape{count_between(a, b, s)};
  checked_element_count("arange", shape);
  auto x = lax::iota(dtype, shape, 0);
  const auto as_dtype = [&](const Array& bound) { return convert_strong(bound, dtype); };
  if (s != 1) x = lax::mul(x, as_dtype(Array(s)));
  return a == 0 ? x : lax::add(as_dtype(Array(a)), x);
}

Array arange_between(const Array& start, const Array& stop, const Array& step, std::optional<DType> dtype) {
  for (const auto* x : {&start, &stop, &step}) check_bound(*x);
  const Array bounds[] = {start, stop, step};
  const auto type = result_type(bounds, "arange");
  if (is_integer(type.dtype)) return progression<std::int64_t>(start, stop, step, dtype.value_or(type.dtype));
  const auto as_is = type.weak ? config().default_float : type.dtype;
  return progression<double>(start, stop, step, dtype.value_or(as_is));
}

}  // namespace

Array arange(const Array& stop, std::optional<DType> dtype) { return arange_between(0, stop, 1, dtype); }
Array arange(const Array& start, const Array& stop, std::optional<DType> dtype) {
  return arange_between(start, stop, 1, dtype);
}
Array arange(const Array& start, const Array& stop, const Array& step, std::optional<DType> dtype) {
  return arange_between(start, stop, step, dtype);
}

namespace {

// What linspace computes in.
DType linspace_dtype(const char* op, const Array& start, const Array& stop, std::optional<DType> dtype) {
  const Array given[] = {start, stop};
  const auto type = result_type(given, op);
  if (dtype && is_inexact(*dtype))
    return is_complex(type.dtype) && !is_complex(*dtype) ? to_inexact(type) : *dtype;
  return type.weak && !is_complex(type.dtype) ? config().default_float : to_inexact(type);
}

// start*(1-t) + stop*t with t = iota/(n-1), and the end appended, so that both ends are exact; along axis 0.
Array linspace_rows(const char* op, const Array& start, const Array& stop, std::int64_t num, bool endpoint,
                    std::optional<DType> dtype) {
  if (num < 0)
    throw ValueError(text(op, ": the number of values must not be negative, got ", num, "; use 0 for none"));
  const auto computed = linspace_dtype(op, start, stop, dtype);
  Array ends[] = {convert_strong(start, computed), convert_strong(stop, computed)};
  broadcast_operands(op, ends, true);
  Shape row = ends[0].shape(), shape = row;
  row.insert(0, num);
  checked_element_count(op, row);
  row[0] = 1;
  const auto first = lax::reshape(ends[0], row), last = lax::reshape(ends[1], row);
  const auto inner = endpoint ? num - 1 : num;
  const auto repeated = [&](const Array& x, std::int64_t n) {
    auto s = row;
    s[0] = n;
    return broadcast_to_shape(op, x, s);
  };
  Array out;
  if (num == 0 || (num == 1 && endpoint)) {
    out = repeated(first, num);
  } else {
    shape.insert(0, inner);
    const auto t = lax::div(lax::iota(computed, shape, 0), make_scalar(computed, static_cast<double>(inner)));
    const auto rest = lax::sub(make_scalar(computed, 1.0), t);
    out = lax::add(lax::mul(repeated(first, inner), rest), lax::mul(repeated(last, inner), t));
    if (endpoint) {
      const Array parts[] = {out, last};
      out = lax::concatenate(parts, 0);
    }
  }
  if (dtype && is_integer(*dtype)) out = lax::floor(out);
  return dtype ? convert(out, *dtype) : out;
}

Array along_axis(const char* op, const Array& rows, std::int64_t axis) {
  return moveaxis(rows, 0, normalize_axis(op, axis, rows));
}

}  // namespace

Array linspace(const Array& start, const Array& stop, std::int64_t num, bool endpoint,
               std::optional<DType> dtype) {
  return linspace_rows("linspace", start, stop, num, endpoint, dtype);
}

Array linspace(const Array& start, const Array& stop, std::int64_t num, const LinspaceOptions& options) {
  return along_axis("linspace", linspace_rows("linspace", start, stop, num, options.endpoint, options.dtype),
                    options.axis);
}

std::pair<Array, Array> linspace(const Array& start, const Array& stop, std::int64_t num, ReturnStep,
                                 const LinspaceOptions& options) {
  auto values = linspace(start, stop, num, options);
  const auto computed = linspace_dtype("linspace", start, stop, options.dtype);
  const auto steps = options.endpoint ? num - 1 : num;
  const auto distance = convert_strong(stop, computed) - convert_strong(start, computed);
  const auto none_fit = std::numeric_limits<double>::quiet_NaN();
  return {std::move(values),
          steps > 0 ? distance / literal(distance, static_cast<double>(steps))
                    : broadcast_to_shape("linspace", literal(distance, none_fit), distance.shape())};
}

Array logspace(const Array& start, const Array& stop, std::int64_t num, const LogspaceOptions& options) {
  const auto exponents = linspace_rows("logspace", start, stop, num, options.endpoint, {});
  const auto values = power(convert(options.base, exponents.dtype()), exponents);
  return along_axis("logspace", options.dtype ? convert_strong(values, *options.dtype) : values,
                    options.axis);
}

// The sign is taken out, so that both ends may be negative.
Array geomspace(const Array& start, const Array& stop, std::int64_t num, const LinspaceOptions& options) {
  const auto computed = linspace_dtype("geomspace", start, stop, options.dtype);
  const auto a = convert_strong(start, computed), b = convert_strong(stop, computed);
  const auto both_negative = (real(a) < 0) & (real(b) < 0);
  const auto flip = where(both_negative, literal(a, -1), literal(a, 1));
  const auto log10 = [](const Array& x) { return log(x) / literal(x, 2.302585092994046); };
  const auto exponents =
      linspace_rows("geomspace", log10(flip * a), log10(flip * b), num, options.endpoint, {});
  const auto values = flip * power(literal(exponents, 10), exponents);
  return along_axis("geomspace", options.dtype ? convert_strong(values, *options.dtype) : values,
                    options.axis);
}

}  // namespace fluxion
