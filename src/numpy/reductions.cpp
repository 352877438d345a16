#include <fluxion/reductions.hpp>

#include <limits>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

using Reduce = Array (*)(const Array&, const Dims&);

Array reduce(Reduce f, const Array& x, const Dims& axes, bool keepdims) {
  const auto y = axes.empty() ? x : f(x, axes);
  return keepdims ? insert_axes(y, axes) : y;
}

DType sum_type(DType t) {
  if (t == bool_ || is_signed_integer(t)) return int64;
  return is_unsigned_integer(t) ? uint64 : t;
}

double count(const Array& x, const Dims& axes) {
  double n = 1;
  for (auto a : axes) n *= static_cast<double>(x.shape(a));
  return n;
}

Array reduce_extremum(const char* op, Reduce f, const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes(op, axis, x);
  if (count(x, axes) == 0)
    throw ValueError(text(op, ": at least one element is required to reduce over, got shape ", x.shape(),
                          " over axes ", axes, "; join it with an initial value first"));
  if (x.dtype() != bool_) return reduce(f, x, axes, keepdims);
  return lax::convert_element_type(reduce(f, lax::convert_element_type(x, int32), axes, keepdims), bool_);
}

Array reduce_arg(const char* op, const Array& x, const Axis& axis, bool keepdims) {
  if (axis.axes() && axis.axes()->size() != 1)
    throw ValueError(
        text(op, ": one axis or none is required, got ", *axis.axes(), "; ravel or reshape first"));
  const auto along = axis.axes() ? normalize_axis(op, axis.axes()->front(), x) : 0;
  const auto flat = axis.axes() ? x : ravel(x);
  if (flat.shape(along) == 0)
    throw ValueError(
        text(op, ": at least one element is required, got shape ", x.shape(), "; check its size first"));
  const auto index = lax::argmax(flat, along, int64);
  if (!keepdims) return index;
  return axis.axes() ? insert_axes(index, {along}) : insert_axes(index, iota_dims(0, x.ndim()));
}

Array centred_squares(const Array& x, const Dims& axes) {
  const auto centred = x - mean(x, axes, true);
  return square(centred);
}

}  // namespace

Array sum(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("sum", axis, x);
  return reduce(lax::reduce_sum, convert_strong(x, sum_type(x.dtype())), axes, keepdims);
}

Array mean(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("mean", axis, x);
  const auto f = convert_strong(x, to_inexact({x.dtype(), false}));
  return lax::div(reduce(lax::reduce_sum, f, axes, keepdims), literal(f, count(x, axes)));
}

Array var(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  const auto axes = sorted_axes("var", axis, x);
  const auto f = convert_strong(x, to_inexact({x.dtype(), false}));
  const auto n = count(x, axes) - ddof;
  const auto divisor = n > 0 ? n : std::numeric_limits<double>::quiet_NaN();
  return lax::div(sum(centred_squares(f, axes), axes, keepdims), literal(f, divisor));
}

Array std(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  return sqrt(var(x, sorted_axes("std", axis, x), ddof, keepdims));
}

Array max(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_extremum("max", lax::reduce_max, x, axis, keepdims);
}
Array min(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_extremum("min", lax::reduce_min, x, axis, keepdims);
}

Array argmax(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_arg("argmax", x, axis, keepdims);
}

// The complement reverses the order of integers, also of unsigned ones and of the smallest signed one.
Array argmin(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_arg("argmin", is_floating(x.dtype()) ? -x : ~x, axis, keepdims);
}

Array any(const Array& x, const Axis& axis, bool keepdims) {
  return sum(x != 0, sorted_axes("any", axis, x), keepdims) != 0;
}
Array all(const Array& x, const Axis& axis, bool keepdims) {
  return sum(x == 0, sorted_axes("all", axis, x), keepdims) == 0;
}

// The maximum is taken out; where it is infinite nothing is, so that +inf gives inf and all -inf give -inf.
Array logsumexp(const Array& x, const Axis& axis, bool keepdims) {
  const auto f = convert_strong(x, to_inexact({x.dtype(), x.weak_type()}));
  const auto axes = sorted_axes("logsumexp", axis, f);
  if (count(f, axes) == 0) return log(sum(exp(f), axes, keepdims));
  const auto largest = lax::stop_gradient(max(f, axes, true));
  const auto shift = where(isfinite(largest), largest, literal(f, 0));
  const auto result = log(sum(exp(f - shift), axes, true)) + shift;
  return keepdims ? result : remove_axes(result, axes);
}

}  // namespace fluxion
