#include <fluxion/manipulation.hpp>

#include <algorithm>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

// The extent -1 is computed from the others.
Array reshape(const Array& x, const Shape& shape) {
  Shape out = shape;
  std::size_t unknown = shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    if (shape[i] != -1 || unknown != shape.size())
      throw ValueError(text("reshape: extents must not be negative, and only one may be -1, got ", shape,
                            "; give the others"));
    unknown = i;
    out[i] = 1;
  }
  const auto n = x.size(), known = checked_element_count("reshape", out);
  const bool fits = unknown == shape.size() ? known == n : known == 0 ? false : n % known == 0;
  if (!fits)
    throw ValueError(text("reshape: the number of elements must stay, got ", x.shape(), " of size ", n,
                          " to ", shape, "; give one extent as -1 to have it computed"));
  if (unknown != shape.size()) out[unknown] = n / known;
  return out == x.shape() ? x : lax::reshape(x, out);
}

Array ravel(const Array& x) { return x.ndim() == 1 ? x : lax::reshape(x, {x.size()}); }

Array transpose(const Array& x) {
  auto axes = iota_dims(0, x.ndim());
  std::reverse(axes.begin(), axes.end());
  return x.ndim() < 2 ? x : lax::transpose(x, axes);
}

Array transpose(const Array& x, const Dims& axes) {
  if (static_cast<std::int64_t>(axes.size()) != x.ndim())
    throw ValueError(text("transpose: every axis must be named once, got ", axes, " for shape ", x.shape(),
                          "; fx::swapaxes and fx::moveaxis take fewer"));
  const auto permutation = normalize_axes("transpose", axes, x.ndim(), x.shape());
  return permutation == iota_dims(0, x.ndim()) ? x : lax::transpose(x, permutation);
}

Array swapaxes(const Array& x, std::int64_t axis1, std::int64_t axis2) {
  auto axes = iota_dims(0, x.ndim());
  std::swap(axes[static_cast<std::size_t>(normalize_axis("swapaxes", axis1, x))],
            axes[static_cast<std::size_t>(normalize_axis("swapaxes", axis2, x))]);
  return transpose(x, axes);
}

Array moveaxis(const Array& x, const Axis& source, const Axis& destination) {
  const auto all = iota_dims(0, x.ndim());
  const auto from = normalize_axes("moveaxis", source.axes().value_or(all), x.ndim(), x.shape());
  const auto to = normalize_axes("moveaxis", destination.axes().value_or(all), x.ndim(), x.shape());
  if (from.size() != to.size())
    throw ValueError(text("moveaxis: as many destinations as sources are required, got ", from, " to ", to,
                          "; pair them"));
  Dims axes(x.shape().size(), -1);
  for (std::size_t i = 0; i < to.size(); ++i) axes[static_cast<std::size_t>(to[i])] = from[i];
  std::int64_t next = 0;
  for (auto& a : axes) {
    if (a >= 0) continue;
    while (contains(from, next)) ++next;
    a = next++;
  }
  return transpose(x, axes);
}

Array expand_dims(const Array& x, const Axis& axis) {
  if (!axis.axes()) return x;
  const auto rank = x.ndim() + static_cast<std::int64_t>(axis.axes()->size());
  auto axes = normalize_axes("expand_dims", *axis.axes(), rank, x.shape());
  std::sort(axes.begin(), axes.end());
  return insert_axes(x, axes);
}

Array squeeze(const Array& x, const Axis& axis) {
  Dims axes;
  if (axis.axes()) {
    axes = sorted_axes("squeeze", axis, x);
    for (auto a : axes)
      if (x.shape(a) != 1)
        throw ValueError(text("squeeze: axes must have size 1, got axis ", a, " of shape ", x.shape(),
                              "; leave the axis out to drop all of size 1"));
  } else {
    for (std::int64_t i = 0; i < x.ndim(); ++i)
      if (x.shape(i) == 1) axes.push_back(i);
  }
  return remove_axes(x, axes);
}

Array broadcast_to(const Array& x, const Shape& shape) {
  return broadcast_to_shape("broadcast_to", x, shape);
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  return broadcast_shapes("broadcast_shapes", {a, b});
}

Array flip(const Array& x, const Axis& axis) {
  const auto axes = sorted_axes("flip", axis, x);
  return axes.empty() ? x : lax::rev(x, axes);
}

Array tile(const Array& x, const Dims& repeats) {
  for (auto r : repeats)
    if (r < 0)
      throw ValueError(text("tile: repeats must not be negative, got ", repeats, "; use 0 for none"));
  const auto rank = std::max(x.shape().size(), repeats.size());
  // (r0, n0, r1, n1, ...) with the repeated axes broadcast, then merged pairwise.
  Shape split;
  Dims kept;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto lead_x = rank - x.shape().size(), lead_r = rank - repeats.size();
    const auto n = i < lead_x ? 1 : x.shape()[i - lead_x];
    const auto r = i < lead_r ? 1 : repeats[i - lead_r];
    split.push_back(r);
    if (i >= lead_x) kept.push_back(static_cast<std::int64_t>(split.size()));
    split.push_back(n);
  }
  checked_element_count("tile", split);
  Shape merged;
  for (std::size_t i = 0; i < rank; ++i) merged.push_back(split[2 * i] * split[2 * i + 1]);
  return reshape(lax::broadcast_in_dim(x, split, kept), merged);
}

}  // namespace fluxion
