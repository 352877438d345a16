// Averages and order statistics.
#include <fluxion/reductions.hpp>

#include <limits>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/sorting.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

void check_method(const char* op, std::string_view method) {
  for (const auto* known : {"linear", "lower", "higher", "midpoint", "nearest"})
    if (method == known) return;
  throw ValueError(text(op, ": method must be \"linear\", \"lower\", \"higher\", \"midpoint\" or \"nearest\", got \"",
                        method, "\"; leave it out for \"linear\""));
}

/// x with the reduced axes joined as the last one.
Array joined_last(const Array& x, const Dims& axes) {
  auto order = lax::remaining(x.ndim(), axes);
  Shape shape;
  for (auto d : order) shape.push_back(x.shape(d));
  std::int64_t n = 1;
  for (auto a : axes) {
    order.push_back(a);
    n *= x.shape(a);
  }
  shape.push_back(n);
  return lax::reshape(lax::transpose(x, order), shape);
}

/// The neighbours of each quantile among sorted elements, and how far it is from the lower one.
struct Neighbours {
  Array low, high, weight;  // [rest.., q]
};

// `position` [rest.., q] counts sorted elements, of which there are `n` (a number, or [rest.., 1]).
Neighbours neighbours(const Array& sorted, const Array& position, const Array& n) {
  const auto low = lax::floor(position), high = lax::neg(lax::floor(lax::neg(position)));
  const auto weight = position - low;
  const auto last = convert_strong(n, position.dtype()) - literal(position, 1), zero = literal(position, 0);
  const auto index = [&](const Array& p) { return lax::convert_element_type(maximum(minimum(p, last), zero), int64); };
  const auto batch = sorted.ndim() - 1;
  return {lax::take_rows(sorted, index(low), batch), lax::take_rows(sorted, index(high), batch), weight};
}

Array between(const Neighbours& n, std::string_view method) {
  if (method == "lower") return n.low;
  if (method == "higher") return n.high;
  if (method == "nearest") return where(n.weight <= literal(n.weight, 0.5), n.low, n.high);
  if (method == "midpoint") return (n.low + n.high) * literal(n.low, 0.5);
  const auto high = convert_strong(n.high, n.weight.dtype()), low = convert_strong(n.low, n.weight.dtype());
  return low * (literal(n.weight, 1) - n.weight) + high * n.weight;
}

Array quantiles(const char* op, const Array& a, const Array& fractions, const Axis& axis, const QuantileOptions& o,
                bool skip_nan) {
  check_method(op, o.method);
  const auto axes = sorted_axes(op, axis, a);
  require_value(op, fractions);
  if (fractions.ndim() > 1)
    throw ValueError(text(op, ": q must have rank 0 or 1, got ", fractions.aval(), "; ravel it first"));
  const auto x = joined_last(promote_inexact(a), axes);
  if (!is_floating(x.dtype()))
    throw TypeError(text(op, ": elements must be real numbers, got ", a.aval(), "; convert with astype"));
  if (x.shape(-1) == 0)
    throw ValueError(text(op, ": at least one element is required, got shape ", a.shape(), " over axes ", axes,
                          "; check its size first"));
  const auto q = promote_inexact(fractions);
  const auto nan = literal(x, std::numeric_limits<double>::quiet_NaN());
  const auto missing = isnan(x);
  const auto sorted = lax::sort(skip_nan ? x : where(any(missing, -1, true), nan, x));
  Shape rows = sorted.shape();
  rows[rows.size() - 1] = q.ndim() == 0 ? 1 : q.shape(0);
  const Array n =
      skip_nan ? sum(!missing, -1, true) : lax::full({}, make_scalar(int64, static_cast<double>(x.shape(-1))));
  const auto spread = broadcast_to_shape(op, q.ndim() == 0 ? lax::reshape(q, {1}) : q, rows);
  const auto position = spread * (convert_strong(n, q.dtype()) - literal(q, 1));
  auto result = convert_strong(between(neighbours(sorted, position, n), o.method), x.dtype());  // [rest.., q]
  result = moveaxis(result, -1, 0);
  if (o.keepdims) {
    Dims ones;
    for (auto d : axes) ones.push_back(d + 1);
    result = insert_axes(result, ones);
  }
  return q.ndim() == 0 ? lax::reshape(result, Shape(result.shape().data() + 1, result.shape().size() - 1)) : result;
}

Array per_cent(const char* op, const Array& q) {
  require_value(op, q);
  const auto f = promote_inexact(q);
  return f / literal(f, 100);
}

// Weights of one axis, repeated along the others.
Array fitted(const Array& x, const Array& weights, const Axis& axis) {
  if (weights.shape() == x.shape()) return weights;
  if (!axis.axes() || axis.axes()->size() != 1)
    throw TypeError(text("average: one axis is required where weights have another shape, got ", weights.aval(),
                         " for ", x.aval(), "; name the axis that they weigh"));
  if (weights.ndim() != 1)
    throw TypeError(text("average: weights must have x's shape or rank 1, got ", weights.aval(), " for ", x.aval(),
                         "; broadcast them"));
  const auto d = normalize_axis("average", axis.axes()->front(), x);
  if (weights.shape(0) != x.shape(d))
    throw ValueError(text("average: weights must have as many elements as the axis, got ", weights.aval(), " for axis ",
                          d, " of ", x.aval(), "; give one for each"));
  return lax::broadcast_in_dim(weights, x.shape(), {d});
}

}  // namespace

std::pair<Array, Array> average_and_weights(const Array& x, const Axis& axis, const Array& weights, bool keepdims) {
  const auto axes = sorted_axes("average", axis, x);
  if (weights.is_empty_handle()) {
    const auto result = mean(x, axes, keepdims);
    double n = 1;
    for (auto a : axes) n *= static_cast<double>(x.shape(a));
    return {result, lax::full(result.shape(), make_scalar(result.dtype(), n))};
  }
  const auto both = promote_inexact("average", {x, weights});
  const auto w = fitted(both[0], both[1], axis);
  const auto total = sum(w, axes, keepdims);
  return {sum(both[0] * w, axes, keepdims) / total, total};
}
Array average(const Array& x, const Axis& axis, const Array& weights, bool keepdims) {
  return average_and_weights(x, axis, weights, keepdims).first;
}

Array quantile(const Array& x, const Array& q, const Axis& axis, const QuantileOptions& options) {
  return quantiles("quantile", x, q, axis, options, false);
}
Array percentile(const Array& x, const Array& q, const Axis& axis, const QuantileOptions& options) {
  return quantiles("percentile", x, per_cent("percentile", q), axis, options, false);
}
Array median(const Array& x, const Axis& axis, bool keepdims) {
  return quantiles("median", x, Array(0.5), axis, {"midpoint", keepdims}, false);
}
Array nanquantile(const Array& x, const Array& q, const Axis& axis, const QuantileOptions& options) {
  return quantiles("nanquantile", x, q, axis, options, true);
}
Array nanpercentile(const Array& x, const Array& q, const Axis& axis, const QuantileOptions& options) {
  return quantiles("nanpercentile", x, per_cent("nanpercentile", q), axis, options, true);
}
Array nanmedian(const Array& x, const Axis& axis, bool keepdims) {
  return quantiles("nanmedian", x, Array(0.5), axis, {"midpoint", keepdims}, true);
}

}  // namespace fluxion
