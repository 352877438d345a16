#include "numpy/axes.hpp"

#include <algorithm>

#include <fluxion/lax.hpp>

#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"

namespace fluxion {

std::int64_t normalize_axis(const char* op, std::int64_t axis, std::int64_t rank, const Shape& shape) {
  if (axis < -rank || axis >= rank) {
    if (rank == 0)
      throw ValueError(text(op, ": a scalar has no axes, got axis ", axis,
                            " for shape (); leave the axis out, or give fx::none"));
    throw ValueError(text(op, ": axis must be in [", -rank, ", ", rank, "), got ", axis, " for shape ", shape,
                          "; negative axes count from the end"));
  }
  return axis < 0 ? axis + rank : axis;
}

Dims normalize_axes(const char* op, const Dims& axes, std::int64_t rank, const Shape& shape) {
  Dims out;
  for (auto a : axes) {
    const auto axis = normalize_axis(op, a, rank, shape);
    if (contains(out, axis))
      throw ValueError(
          text(op, ": axes must be distinct, got ", axes, " for shape ", shape, "; name each axis once"));
    out.push_back(axis);
  }
  return out;
}

std::int64_t one_axis(const char* op, const Axis& axis, const Array& x) {
  if (!axis.axes() || axis.axes()->size() != 1)
    throw ValueError(
        text(op, ": one axis is required, got ", axis.axes().value_or(Dims{}), "; call it once per axis"));
  return normalize_axis(op, axis.axes()->front(), x);
}

Dims sorted_axes(const char* op, const Axis& axis, const Array& x) {
  require_value(op, x);
  if (!axis.axes()) return iota_dims(0, x.ndim());
  auto out = normalize_axes(op, *axis.axes(), x.ndim(), x.shape());
  std::sort(out.begin(), out.end());
  return out;
}

Array insert_axes(const Array& x, const Dims& axes) {
  if (axes.empty()) return x;
  Shape shape;
  Dims kept;
  std::size_t from = 0;
  for (std::int64_t i = 0; i < x.ndim() + static_cast<std::int64_t>(axes.size()); ++i) {
    if (contains(axes, i)) {
      shape.push_back(1);
    } else {
      shape.push_back(x.shape()[from++]);
      kept.push_back(i);
    }
  }
  return lax::broadcast_in_dim(x, shape, kept);
}

Array remove_axes(const Array& x, const Dims& axes) {
  if (axes.empty()) return x;
  Shape shape;
  for (std::int64_t i = 0; i < x.ndim(); ++i)
    if (!contains(axes, i)) shape.push_back(x.shape()[static_cast<std::size_t>(i)]);
  return lax::reshape(x, shape);
}

Array slice_axis(const Array& x, std::int64_t axis, std::int64_t start, std::int64_t limit) {
  if (start == 0 && limit == x.shape(axis)) return x;
  Dims from(x.shape().size(), 0), to = x.shape();
  from[static_cast<std::size_t>(axis)] = start;
  to[static_cast<std::size_t>(axis)] = limit;
  return lax::slice(x, from, to);
}

Array take_axis(const Array& x, const Array& at, std::int64_t axis) {
  return moveaxis(lax::take_rows(moveaxis(x, axis, 0), convert_strong(at, int64)), 0, axis);
}

}  // namespace fluxion
