// Reductions that leave NaNs out.
#include <fluxion/reductions.hpp>

#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Array instead_of_nan(const Array& x, double v) { return where(isnan(x), literal(x, v), x); }

using Reduction = Array (*)(const Array&, const Axis&, bool);

// Where nothing is left, NaN.
Array extremum(const char* op, Reduction f, double identity, const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes(op, axis, x);
  if (!is_floating(x.dtype())) return f(x, axes, keepdims);
  return where(all(isnan(x), axes, keepdims), literal(x, kNaN), f(instead_of_nan(x, identity), axes, keepdims));
}

Array argument(const char* op, Reduction f, double identity, const Array& x, const Axis& axis, bool keepdims) {
  require_value(op, x);
  if (!is_floating(x.dtype())) return f(x, axis, keepdims);
  const auto index = f(instead_of_nan(x, identity), axis, keepdims);
  return where(all(isnan(x), axis, keepdims), Array(-1), index);
}

Array numbers(const Array& x, const Dims& axes, bool keepdims) { return sum(!isnan(x), axes, keepdims); }

Array variance(const char* op, const Array& x, const Axis& axis, double ddof, bool keepdims) {
  const auto axes = sorted_axes(op, axis, x);
  const auto type = to_inexact({x.dtype(), false});
  const auto f = convert_strong(x, is_half(type) ? float32 : type);
  const auto centred = where(isnan(f), literal(f, 0), f - nanmean(f, axes, true));
  const auto squares =
      sum(is_complex(type) ? lax::real(lax::mul(centred, lax::conj(centred))) : square(centred), axes, keepdims);
  const auto n = convert_strong(numbers(f, axes, keepdims), squares.dtype()) - literal(squares, ddof);
  const auto zero = literal(squares, 0);
  return convert_strong(where(n > zero, squares, literal(squares, kNaN)) / where(n > zero, n, literal(squares, 1)),
                        real_part(type));
}

}  // namespace

Array nansum(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("nansum", axis, x);
  return sum(is_inexact(x.dtype()) ? instead_of_nan(x, 0) : x, axes, keepdims);
}
Array nanprod(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("nanprod", axis, x);
  return prod(is_inexact(x.dtype()) ? instead_of_nan(x, 1) : x, axes, keepdims);
}
Array nanmax(const Array& x, const Axis& axis, bool keepdims) {
  return extremum("nanmax", static_cast<Reduction>(max), -kInf, x, axis, keepdims);
}
Array nanmin(const Array& x, const Axis& axis, bool keepdims) {
  return extremum("nanmin", static_cast<Reduction>(min), kInf, x, axis, keepdims);
}
Array nanmean(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("nanmean", axis, x);
  if (!is_inexact(x.dtype())) return mean(x, axes, keepdims);
  const auto wide =
      is_half(x.dtype()) ? convert_strong(x, float32) : convert_strong(x, x.dtype());
  const auto total = sum(instead_of_nan(wide, 0), axes, keepdims);
  return convert_strong(total / convert_strong(numbers(x, axes, keepdims), total.dtype()), x.dtype());
}
Array nanvar(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  return variance("nanvar", x, axis, ddof, keepdims);
}
Array nanstd(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  return sqrt(variance("nanstd", x, axis, ddof, keepdims));
}
Array nanargmax(const Array& x, const Axis& axis, bool keepdims) {
  return argument("nanargmax", argmax, -kInf, x, axis, keepdims);
}
Array nanargmin(const Array& x, const Axis& axis, bool keepdims) {
  return argument("nanargmin", argmin, kInf, x, axis, keepdims);
}

}  // namespace fluxion
