// Cumulative sums and products.
#include <fluxion/reductions.hpp>

#include <fluxion/creation.hpp>
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

using Cumulate = Array (*)(const Array&, std::int64_t, bool);

DType widened_type(DType t) {
  if (t == bool_ || is_signed_integer(t)) return int64;
  return is_unsigned_integer(t) ? uint64 : t;
}

std::int64_t single_axis(const char* op, const Axis& axis, const Array& x) {
  if (axis.axes()->size() != 1)
    throw ValueError(text(op, ": one axis or none is required, got ", *axis.axes(), "; ravel or reshape first"));
  return normalize_axis(op, axis.axes()->front(), x);
}

Array cumulate(const char* op, Cumulate f, const Array& x, const Axis& axis, std::optional<DType> dtype) {
  require_value(op, x);
  const auto along = axis.axes() ? single_axis(op, axis, x) : 0;
  const auto type = dtype.value_or(widened_type(x.dtype()));
  const auto result = f(convert_strong(axis.axes() ? x : ravel(x), type == bool_ ? int64 : type), along, false);
  return convert_strong(result, type);
}

Array cumulative(const char* op, Cumulate f, double initial, const Array& x, const Axis& axis,
                 const CumulativeOptions& o) {
  require_value(op, x);
  if (x.ndim() == 0) throw ValueError(text(op, ": an axis is required, got ", x.aval(), "; reshape it to {1}"));
  if (!axis.axes() && x.ndim() != 1)
    throw ValueError(
        text(op, ": an axis must be named for more than one, got ", x.aval(), "; give axis, or ravel first"));
  const auto along = axis.axes() ? single_axis(op, axis, x) : 0;
  const auto result = cumulate(op, f, x, along, o.dtype);
  if (!o.include_initial) return result;
  auto shape = result.shape();
  shape[static_cast<std::size_t>(along)] = 1;
  return lax::concatenate(Arrays{lax::full(shape, make_scalar(result.dtype(), initial)), result}, along);
}

Array without_nan(const char* op, const Array& x, double instead) {
  require_value(op, x);
  return is_inexact(x.dtype()) ? where(isnan(x), literal(x, instead), x) : x;
}

}  // namespace

Array cumsum(const Array& x, const Axis& axis, std::optional<DType> dtype) {
  return cumulate("cumsum", lax::cumsum, x, axis, dtype);
}
Array cumprod(const Array& x, const Axis& axis, std::optional<DType> dtype) {
  return cumulate("cumprod", lax::cumprod, x, axis, dtype);
}
Array cumulative_sum(const Array& x, const Axis& axis, const CumulativeOptions& options) {
  return cumulative("cumulative_sum", lax::cumsum, 0, x, axis, options);
}
Array cumulative_prod(const Array& x, const Axis& axis, const CumulativeOptions& options) {
  return cumulative("cumulative_prod", lax::cumprod, 1, x, axis, options);
}
Array nancumsum(const Array& x, const Axis& axis, std::optional<DType> dtype) {
  return cumulate("nancumsum", lax::cumsum, without_nan("nancumsum", x, 0), axis, dtype);
}
Array nancumprod(const Array& x, const Axis& axis, std::optional<DType> dtype) {
  return cumulate("nancumprod", lax::cumprod, without_nan("nancumprod", x, 1), axis, dtype);
}
Array logcumsumexp(const Array& x, const Axis& axis) {
  require_value("logcumsumexp", x);
  const auto f = promote_inexact(x);
  return axis.axes() ? lax::cumlogsumexp(f, single_axis("logcumsumexp", axis, f)) : lax::cumlogsumexp(ravel(f), 0);
}

}  // namespace fluxion
