// Joining, cutting and repeating along an axis.
#include <fluxion/manipulation.hpp>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

void require_some(const char* op, ArraySpan xs) {
  if (xs.empty())
    throw ValueError(text(op, ": at least one array is required, got none; pass a list of arrays"));
}

std::int64_t one_axis(const char* op, const Axis& axis, const Array& x) {
  if (axis.axes()->size() != 1)
    throw ValueError(text(op, ": one axis is required, got ", *axis.axes(), "; call it once per axis"));
  return normalize_axis(op, axis.axes()->front(), x);
}

// x[start:limit] along one axis.
Array slice_axis(const Array& x, std::int64_t axis, std::int64_t start, std::int64_t limit) {
  Dims from(x.shape().size(), 0), to = x.shape();
  from[static_cast<std::size_t>(axis)] = start;
  to[static_cast<std::size_t>(axis)] = limit;
  return lax::slice(x, from, to);
}

void check_shapes(ArraySpan xs, std::int64_t axis) {
  for (const auto& x : xs) {
    Shape want = xs[0].shape();
    if (want.size() == x.shape().size())
      want[static_cast<std::size_t>(axis)] = x.shape()[static_cast<std::size_t>(axis)];
    if (want != x.shape())
      throw ValueError(text("concatenate: shapes must agree but for axis ", axis, ", got ", xs[0].shape(),
                            " and ", x.shape(), "; pick another axis, or broadcast_to one shape"));
  }
}

}  // namespace

Array concatenate(ArraySpan xs, const Axis& axis) {
  require_some("concatenate", xs);
  if (!axis.axes()) {
    Arrays flat;
    for (const auto& x : xs) flat.push_back(ravel(x));
    return concatenate(flat, 0);
  }
  if (xs[0].ndim() == 0)
    throw ValueError("concatenate: arrays of rank 1 or more are required, got a scalar; use stack");
  const auto along = one_axis("concatenate", axis, xs[0]);
  check_shapes(xs, along);
  const auto same = promote("concatenate", xs);
  return same.size() == 1 ? same[0] : lax::concatenate(same, along);
}

Array stack(ArraySpan xs, std::int64_t axis) {
  require_some("stack", xs);
  for (const auto& x : xs)
    if (x.shape() != xs[0].shape())
      throw ValueError(text("stack: all arrays must have one shape, got ", xs[0].shape(), " and ", x.shape(),
                            "; broadcast_to or reshape them first"));
  const auto at = normalize_axis("stack", axis, xs[0].ndim() + 1, xs[0].shape());
  auto same = promote("stack", xs);
  for (auto& x : same) x = insert_axes(x, {at});
  return same.size() == 1 ? same[0] : lax::concatenate(same, at);
}

Array vstack(ArraySpan xs) {
  Arrays rows;
  for (const auto& x : xs) rows.push_back(x.ndim() < 2 ? reshape(x, {1, x.size()}) : x);
  return concatenate(rows, 0);
}

Array hstack(ArraySpan xs) {
  Arrays columns;
  for (const auto& x : xs) columns.push_back(x.ndim() == 0 ? reshape(x, {1}) : x);
  return concatenate(columns, columns.empty() || columns[0].ndim() == 1 ? 0 : 1);
}

Array roll(const Array& x, std::int64_t shift, const Axis& axis) {
  if (!axis.axes()) return reshape(roll(ravel(x), shift, 0), x.shape());
  const auto along = one_axis("roll", axis, x);
  const auto n = x.shape(along);
  if (n == 0) return x;
  const auto cut = n - ((shift % n) + n) % n;
  if (cut == n) return x;
  const Array parts[] = {slice_axis(x, along, cut, n), slice_axis(x, along, 0, cut)};
  return lax::concatenate(parts, along);
}

Array repeat(const Array& x, std::int64_t repeats, const Axis& axis) {
  if (repeats < 0)
    throw ValueError(text("repeat: repeats must not be negative, got ", repeats, "; use 0 for none"));
  if (!axis.axes()) return repeat(ravel(x), repeats, 0);
  const auto along = one_axis("repeat", axis, x);
  Shape wide = x.shape(), merged = x.shape();
  wide.insert(static_cast<std::size_t>(along) + 1, repeats);
  checked_element_count("repeat", wide);
  merged[static_cast<std::size_t>(along)] *= repeats;
  Dims kept;
  for (std::int64_t i = 0; i < x.ndim(); ++i) kept.push_back(i <= along ? i : i + 1);
  return lax::reshape(lax::broadcast_in_dim(x, wide, kept), merged);
}

}  // namespace fluxion
