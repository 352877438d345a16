// Arrays joined along an axis.
#include <fluxion/joining.hpp>

#include <algorithm>

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

Arrays of_one_type(const char* op, ArraySpan xs, std::optional<DType> dtype) {
  if (!dtype) return promote(op, xs);
  Arrays out;
  for (const auto& x : xs) out.push_back(convert_strong(x, *dtype));
  return out;
}

}  // namespace

Array concatenate(ArraySpan xs, const Axis& axis, std::optional<DType> dtype) {
  require_some("concatenate", xs);
  if (!axis.axes()) {
    Arrays flat;
    for (const auto& x : xs) flat.push_back(ravel(x));
    return concatenate(flat, 0, dtype);
  }
  if (xs[0].ndim() == 0)
    throw ValueError("concatenate: arrays of rank 1 or more are required, got a scalar; use stack");
  const auto along = one_axis("concatenate", axis, xs[0]);
  check_shapes(xs, along);
  const auto same = of_one_type("concatenate", xs, dtype);
  return same.size() == 1 ? same[0] : lax::concatenate(same, along);
}

Array stack(ArraySpan xs, std::int64_t axis, std::optional<DType> dtype) {
  require_some("stack", xs);
  for (const auto& x : xs)
    if (x.shape() != xs[0].shape())
      throw ValueError(text("stack: all arrays must have one shape, got ", xs[0].shape(), " and ", x.shape(),
                            "; broadcast_to or reshape them first"));
  const auto at = normalize_axis("stack", axis, xs[0].ndim() + 1, xs[0].shape());
  auto same = of_one_type("stack", xs, dtype);
  for (auto& x : same) x = insert_axes(x, {at});
  return same.size() == 1 ? same[0] : lax::concatenate(same, at);
}

Array vstack(ArraySpan xs, std::optional<DType> dtype) {
  Arrays rows;
  for (const auto& x : xs) rows.push_back(atleast_2d(x));
  return concatenate(rows, 0, dtype);
}

Array hstack(ArraySpan xs, std::optional<DType> dtype) {
  Arrays columns;
  for (const auto& x : xs) columns.push_back(atleast_1d(x));
  return concatenate(columns, columns.empty() || columns[0].ndim() == 1 ? 0 : 1, dtype);
}

Array dstack(ArraySpan xs, std::optional<DType> dtype) {
  Arrays planes;
  for (const auto& x : xs) planes.push_back(atleast_3d(x));
  return concatenate(planes, 2, dtype);
}

Array column_stack(ArraySpan xs) {
  Arrays columns;
  for (const auto& x : xs) columns.push_back(x.ndim() < 2 ? reshape(x, {x.size(), 1}) : x);
  return concatenate(columns, 1);
}

Array append(const Array& x, const Array& values, const Axis& axis) { return concatenate({x, values}, axis); }

Array block(std::initializer_list<Array> row) {
  std::int64_t rank = 1;
  for (const auto& x : row) rank = std::max(rank, x.ndim());
  Arrays parts;
  for (const auto& x : row) parts.push_back(insert_axes(x, iota_dims(0, rank - x.ndim())));
  return concatenate(parts, -1);
}

Array block(std::initializer_list<std::initializer_list<Array>> rows) {
  std::vector<Arrays> lists;
  for (const auto& row : rows) lists.emplace_back(row);
  return block(lists);
}

Array block(const std::vector<Arrays>& rows) {
  std::int64_t rank = 2;
  for (const auto& row : rows)
    for (const auto& x : row) rank = std::max(rank, x.ndim());
  Arrays joined;
  for (const auto& row : rows) {
    Arrays parts;
    for (const auto& x : row) parts.push_back(insert_axes(x, iota_dims(0, rank - x.ndim())));
    require_some("block", parts);
    joined.push_back(concatenate(parts, -1));
  }
  require_some("block", joined);
  return concatenate(joined, -2);
}

Array atleast_1d(const Array& x) { return x.ndim() == 0 ? reshape(x, {1}) : x; }
Array atleast_2d(const Array& x) { return x.ndim() < 2 ? reshape(x, {1, x.size()}) : x; }
Array atleast_3d(const Array& x) {
  if (x.ndim() > 2) return x;
  return x.ndim() < 2 ? reshape(x, {1, x.size(), 1}) : insert_axes(x, {2});
}

Arrays broadcast_arrays(ArraySpan xs) {
  std::vector<Shape> shapes;
  for (const auto& x : xs) shapes.push_back(x.shape());
  const auto shape = broadcast_shapes(shapes);
  Arrays out;
  for (const auto& x : xs) out.push_back(broadcast_to(x, shape));
  return out;
}

}  // namespace fluxion
