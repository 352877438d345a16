#include <fluxion/diagonals.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// rows x columns: whether an element is on or below the k-th diagonal.
Array lower(const Shape& shape, std::int64_t k) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const Shape plane{shape[shape.size() - 2], shape.back()};
  const auto row = lax::iota(int64, plane, 0), column = lax::iota(int64, plane, 1);
  const auto mask = lax::ge(lax::add(row, scalar<std::int64_t>(k)), column);
  return rank == 2 ? mask : lax::broadcast_in_dim(mask, shape, {rank - 2, rank - 1});
}

void require_matrix(const char* op, const Array& x) {
  if (x.ndim() < 2)
    throw ValueError(
        text(op, ": rank 2 or more is required, got shape ", x.shape(), "; diag makes a matrix of a vector"));
}

// x with the plane's axes last, and where its k-th diagonal begins.
struct Plane {
  Array x;
  std::int64_t row, column, length;
};
Plane plane_of(const char* op, const Array& x, std::int64_t k, std::int64_t axis1, std::int64_t axis2) {
  require_matrix(op, x);
  const auto axes = normalize_axes(op, {axis1, axis2}, x.ndim(), x.shape());
  auto y = moveaxis(x, axes, Dims{-2, -1});
  const auto row = std::max<std::int64_t>(0, -k), column = std::max<std::int64_t>(0, k);
  const auto length = std::max<std::int64_t>(0, std::min(y.shape(-2) - row, y.shape(-1) - column));
  return {std::move(y), row, column, length};
}

}  // namespace

// The diagonal of an n x n block is every (n + 1)-th of its elements in a row: slices and reshapes only.
Array diagonal(const Array& x, std::int64_t k, std::int64_t axis1, std::int64_t axis2) {
  const auto p = plane_of("diagonal", x, k, axis1, axis2);
  const auto rank = p.x.ndim();
  const auto n = p.length;
  Shape lead(p.x.shape().data(), static_cast<std::size_t>(rank - 2)), out = lead;
  out.push_back(n);
  if (n == 0) return zeros(out, x.dtype());
  const auto block =
      slice_axis(slice_axis(p.x, rank - 2, p.row, p.row + n), rank - 1, p.column, p.column + n);
  auto flat = lead;
  flat.push_back(n * n);
  Dims strides(flat.size(), 1);
  strides[strides.size() - 1] = n + 1;
  return lax::slice(lax::reshape(block, flat), Dims(flat.size(), 0), flat, strides);
}

// Interior padding puts n zeros between the elements: row after row of the matrix.
Array diag(const Array& x, std::int64_t k) {
  if (x.ndim() == 2) return diagonal(x, k);
  if (x.ndim() != 1)
    throw ValueError(text("diag: a vector or a matrix is required, got shape ", x.shape(),
                          "; diagflat flattens first, diagonal takes any rank"));
  const auto n = x.size(), m = n + (k < 0 ? -k : k);
  const Shape square{m, m};
  checked_element_count("diag", square);
  if (n == 0) return zeros(square, x.dtype());
  const auto first = k < 0 ? -k * m : k, last = first + (n - 1) * (m + 1);
  return lax::reshape(lax::pad(x, literal(x, 0), {{first, m * m - 1 - last, m}}), square);
}

Array diagflat(const Array& x, std::int64_t k) { return diag(ravel(x), k); }

Array trace(const Array& x, std::int64_t k, std::int64_t axis1, std::int64_t axis2,
            std::optional<DType> dtype) {
  require_matrix("trace", x);
  normalize_axes("trace", {axis1, axis2}, x.ndim(), x.shape());
  const auto elements = diagonal(x, k, axis1, axis2);
  return dtype ? lax::reduce_sum(convert_strong(elements, *dtype), {elements.ndim() - 1}) : sum(elements, -1);
}

Array tri(std::int64_t n, std::optional<std::int64_t> m, std::int64_t k, std::optional<DType> dtype) {
  const Shape shape{n, m.value_or(n)};
  checked_element_count("tri", shape);
  return convert_strong(lower(shape, k), dtype.value_or(config().default_float));
}

Array tril(const Array& x, std::int64_t k) {
  require_matrix("tril", x);
  return lax::select_n(lower(x.shape(), k), zeros_like(x), x);
}
Array triu(const Array& x, std::int64_t k) {
  require_matrix("triu", x);
  return lax::select_n(lower(x.shape(), k - 1), x, zeros_like(x));
}

Array vander(const Array& x, std::optional<std::int64_t> n, bool increasing) {
  if (x.ndim() != 1)
    throw ValueError(
        text("vander: a vector is required, got shape ", x.shape(), "; ravel it, or map with vmap"));
  const auto columns = n.value_or(x.size());
  if (columns < 0)
    throw ValueError(text("vander: the number of columns must not be negative, got ", columns,
                          "; leave it out for a square"));
  const auto base = x.dtype() == bool_ ? convert_strong(x, int32) : x;
  auto powers = lax::iota(base.dtype(), {columns}, 0);
  if (!increasing) powers = lax::rev(powers, {0});
  return power(insert_axes(base, {1}), insert_axes(powers, {0}));
}

}  // namespace fluxion
