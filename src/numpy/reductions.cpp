#include <fluxion/reductions.hpp>

#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/reductions.hpp>
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

// Sums of the 16-bit floats are taken in float32 and rounded once.
DType computation_type(DType t) { return is_half(t) ? float32 : t; }

double count(const Array& x, const Dims& axes) {
  double n = 1;
  for (auto a : axes) n *= static_cast<double>(x.shape(a));
  return n;
}

// x where the mask holds, else the number v.
Array masked(const char* op, const Array& x, const Array& mask, double v) {
  return mask.is_empty_handle() ? x : where(broadcast_to_shape(op, mask, x.shape()), x, literal(x, v));
}

Array fold(const char* op, Reduce f, Binary combine, double identity, const Array& x, const Axis& axis,
           const ReduceOptions& o) {
  const auto axes = sorted_axes(op, axis, x);
  const auto type = o.dtype.value_or(sum_type(x.dtype()));
  const auto wide = convert_strong(x, computation_type(type));
  auto result = reduce(f, masked(op, wide, o.where, identity), axes, o.keepdims);
  if (!o.initial.is_empty_handle())
    result = combine(broadcast_to_shape(op, convert_strong(o.initial, result.dtype()), result.shape()), result);
  return convert_strong(result, type);
}

// Of the element type's own order: bool counts as a number.
Array extremum(const char* op, Reduce f, Binary combine, const Array& x, const Dims& axes, const ReduceOptions& o) {
  if (x.dtype() == bool_)
    return lax::convert_element_type(
        extremum(op, f, combine, lax::convert_element_type(x, int32), axes, {o.keepdims, o.where, o.initial, int32}),
        bool_);
  if (o.initial.is_empty_handle()) return reduce(f, x, axes, o.keepdims);
  const auto initial = convert_strong(o.initial, x.dtype());
  auto taken = x;
  if (!o.where.is_empty_handle()) taken = where(broadcast_to_shape(op, o.where, x.shape()), x, initial);
  Shape left = x.shape();
  for (std::size_t k = axes.size(); k-- > 0;) left.erase(static_cast<std::size_t>(axes[k]));
  auto result = broadcast_to_shape(op, initial, left);
  if (count(x, axes) != 0) result = combine(axes.empty() ? taken : f(taken, axes), result);
  return o.keepdims ? insert_axes(result, axes) : result;
}

Array reduce_extremum(const char* op, Reduce f, Binary combine, const Array& x, const Axis& axis,
                      const ReduceOptions& o) {
  const auto axes = sorted_axes(op, axis, x);
  if (o.initial.is_empty_handle()) {
    if (!o.where.is_empty_handle())
      throw ValueError(text(op, ": where requires initial, since no elements have no ", op, ", got a mask of ",
                            o.where.aval(), " without it; give {.where = mask, .initial = value}"));
    if (count(x, axes) == 0)
      throw ValueError(text(op, ": at least one element is required to reduce over, got shape ", x.shape(),
                            " over axes ", axes, "; join it with an initial value first"));
  }
  return extremum(op, f, combine, o.dtype ? convert_strong(x, *o.dtype) : x, axes, o);
}

Array reduce_arg(const char* op, Array (*f)(const Array&, std::int64_t, DType), const Array& x, const Axis& axis,
                 bool keepdims) {
  require_value(op, x);
  if (axis.axes() && axis.axes()->size() != 1)
    throw ValueError(text(op, ": one axis or none is required, got ", *axis.axes(), "; ravel or reshape first"));
  const auto along = axis.axes() ? normalize_axis(op, axis.axes()->front(), x) : 0;
  const auto flat = axis.axes() ? x : ravel(x);
  if (flat.shape(along) == 0)
    throw ValueError(text(op, ": at least one element is required, got shape ", x.shape(), "; check its size first"));
  const auto index = f(flat, along, int64);
  if (!keepdims) return index;
  return axis.axes() ? insert_axes(index, {along}) : insert_axes(index, iota_dims(0, x.ndim()));
}

Array truth(const Array& x) { return x.dtype() == bool_ ? x : x != 0; }

Array logical(const char* op, Reduce f, bool identity, const Array& x, const Axis& axis, const ReduceOptions& o) {
  const auto axes = sorted_axes(op, axis, x);
  auto t = truth(x);
  if (!o.where.is_empty_handle()) t = where(broadcast_to_shape(op, o.where, x.shape()), t, scalar(identity));
  return reduce(f, t, axes, o.keepdims);
}

Array centred_squares(const Array& x, const Dims& axes) {
  const auto centred = x - mean(x, axes, true);
  return is_complex(x.dtype()) ? lax::real(lax::mul(centred, lax::conj(centred))) : square(centred);
}

}  // namespace

Array sum(const Array& x, const Axis& axis, bool keepdims) { return sum(x, axis, ReduceOptions{keepdims}); }
Array sum(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return fold("sum", lax::reduce_sum, lax::add, 0, x, axis, options);
}
Array prod(const Array& x, const Axis& axis, bool keepdims) { return prod(x, axis, ReduceOptions{keepdims}); }
Array prod(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return fold("prod", lax::reduce_prod, lax::mul, 1, x, axis, options);
}

Array mean(const Array& x, const Axis& axis, bool keepdims) { return mean(x, axis, ReduceOptions{keepdims}); }
Array mean(const Array& x, const Axis& axis, const ReduceOptions& o) {
  const auto axes = sorted_axes("mean", axis, x);
  if (!o.initial.is_empty_handle())
    throw ValueError(
        text("mean: a mean has no initial value, got ", o.initial.aval(), "; join it to the elements instead"));
  const auto type = o.dtype.value_or(to_inexact({x.dtype(), false}));
  const auto f = masked("mean", convert_strong(x, computation_type(type)), o.where, 0);
  const auto total = reduce(lax::reduce_sum, f, axes, o.keepdims);
  if (o.where.is_empty_handle()) return convert_strong(lax::div(total, literal(f, count(x, axes))), type);
  const auto n = sum(broadcast_to_shape("mean", truth(o.where), x.shape()), axes, o.keepdims);
  return convert_strong(lax::div(total, convert_strong(n, total.dtype())), type);
}

Array var(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  const auto axes = sorted_axes("var", axis, x);
  const auto type = to_inexact({x.dtype(), false});
  const auto f = convert_strong(x, computation_type(type));
  const auto n = count(x, axes) - ddof;
  const auto divisor = n > 0 ? n : std::numeric_limits<double>::quiet_NaN();
  const auto squares = centred_squares(f, axes);
  return convert_strong(lax::div(sum(squares, axes, keepdims), literal(squares, divisor)),
                        real_part(type));
}

Array std(const Array& x, const Axis& axis, double ddof, bool keepdims) {
  return sqrt(var(x, sorted_axes("std", axis, x), ddof, keepdims));
}

Array max(const Array& x, const Axis& axis, bool keepdims) { return max(x, axis, ReduceOptions{keepdims}); }
Array max(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return reduce_extremum("max", lax::reduce_max, lax::max, x, axis, options);
}
Array min(const Array& x, const Axis& axis, bool keepdims) { return min(x, axis, ReduceOptions{keepdims}); }
Array min(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return reduce_extremum("min", lax::reduce_min, lax::min, x, axis, options);
}
Array ptp(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("ptp", axis, x);
  return max(x, axes, keepdims) - min(x, axes, keepdims);
}

Array argmax(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_arg("argmax", lax::argmax, x, axis, keepdims);
}
Array argmin(const Array& x, const Axis& axis, bool keepdims) {
  return reduce_arg("argmin", lax::argmin, x, axis, keepdims);
}

Array any(const Array& x, const Axis& axis, bool keepdims) { return any(x, axis, ReduceOptions{keepdims}); }
Array any(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return logical("any", lax::reduce_or, false, x, axis, options);
}
Array all(const Array& x, const Axis& axis, bool keepdims) { return all(x, axis, ReduceOptions{keepdims}); }
Array all(const Array& x, const Axis& axis, const ReduceOptions& options) {
  return logical("all", lax::reduce_and, true, x, axis, options);
}
Array count_nonzero(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("count_nonzero", axis, x);
  return sum(truth(x), axes, keepdims);
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
