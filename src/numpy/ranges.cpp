// arange and linspace.
#include <fluxion/creation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

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

// start*(1-t) + stop*t with t = iota/(n-1), and the end appended, so that both ends are exact.
Array linspace(const Array& start, const Array& stop, std::int64_t num, bool endpoint,
               std::optional<DType> dtype) {
  if (num < 0)
    throw ValueError(
        text("linspace: the number of values must not be negative, got ", num, "; use 0 for none"));
  const Array given[] = {start, stop};
  const auto type = result_type(given, "linspace");
  const auto computed = dtype && is_inexact(*dtype) ? *dtype
                        : type.weak                 ? config().default_float
                                                    : to_inexact(type);
  Array ends[] = {convert_strong(start, computed), convert_strong(stop, computed)};
  broadcast_operands("linspace", ends, true);
  Shape row = ends[0].shape(), shape = row;
  row.insert(0, num);
  checked_element_count("linspace", row);
  row[0] = 1;
  const auto first = lax::reshape(ends[0], row), last = lax::reshape(ends[1], row);
  const auto inner = endpoint ? num - 1 : num;
  const auto repeated = [&](const Array& x, std::int64_t n) {
    auto s = row;
    s[0] = n;
    return broadcast_to_shape("linspace", x, s);
  };
  Array out;
  if (num == 1 || num == 0) {
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

}  // namespace fluxion
