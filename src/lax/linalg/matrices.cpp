#include "lax/linalg/matrices.hpp"

#include <limits>

#include "core/node.hpp"
#include "lax/broadcasting.hpp"

namespace fluxion::lax::linalg {

Shape leading(const Shape& s, std::size_t n) { return Shape(s.data(), s.size() - n); }

Shape with_last(Shape leading, std::initializer_list<std::int64_t> extents) {
  for (auto n : extents) leading.push_back(n);
  return leading;
}

DType real_dtype(DType t) {
  return t == DType::complex64 ? DType::float32 : t == DType::complex128 ? DType::float64 : t;
}
DType complex_dtype(DType t) {
  return t == DType::float32 ? DType::complex64 : t == DType::float64 ? DType::complex128 : t;
}

void check_element(std::string_view op, const Aval& a) {
  if (is_complex(a.dtype))
    throw UnsupportedError(text(op, ": operands must be float32 or float64, got ", a, "; complex ones are not supported yet"));
  if (real_dtype(a.dtype) != DType::float32 && real_dtype(a.dtype) != DType::float64)
    throw TypeError(
        text(op, ": operands must be float32, float64, complex64 or complex128, got ", a, "; convert with astype"));
}
void check_matrix(std::string_view op, const Aval& a) {
  check_element(op, a);
  if (a.ndim() < 2)
    throw TypeError(
        text(op, ": a matrix, or a stack of them along leading axes, is required, got ", a, "; reshape it"));
}
void check_square(std::string_view op, const Aval& a) {
  check_matrix(op, a);
  if (rows(a.shape) != columns(a.shape))
    throw TypeError(text(op, ": square matrices are required, got ", a, "; the last two extents must be equal"));
}

void no_derivative(std::string_view op, std::string_view way_out) {
  throw UnsupportedError(text(op, ": it has no derivative; ", way_out));
}

Array conjugate(const Array& x) { return x; }
Array real_part(const Array& x) { return x; }

Array swapped(const Array& x) {
  auto order = iota_dims(0, x.ndim());
  std::swap(order[order.size() - 2], order[order.size() - 1]);
  return transpose(x, order);
}
Array adjoint(const Array& x) { return conjugate(swapped(x)); }

Array product(const Array& a, const Array& b) {
  const auto batch = iota_dims(0, a.ndim() - 2);
  return dot_general(a, b, {{a.ndim() - 1}, {b.ndim() - 2}, batch, batch});
}

namespace {

// Of an m x n matrix: where i + k >= j.
Array lower_mask(std::int64_t m, std::int64_t n, std::int64_t k) {
  const auto i = iota(DType::int64, {m, n}, 0), j = iota(DType::int64, {m, n}, 1);
  return ge(k == 0 ? i : add(i, make_scalar(DType::int64, static_cast<double>(k))), j);
}
Array over_leading(const Array& matrix, const Shape& shape) {
  const auto r = static_cast<std::int64_t>(shape.size());
  return r == 2 ? matrix : broadcast_in_dim(matrix, shape, {r - 2, r - 1});
}

}  // namespace

Array lower_part(const Array& x, std::int64_t k) {
  const auto mask = lower_mask(rows(x.shape()), columns(x.shape()), k);
  return select_n(over_leading(mask, x.shape()), ops::zeros_like_aval(x.aval()), x);
}
Array upper_part(const Array& x, std::int64_t k) {
  const auto mask = lower_mask(rows(x.shape()), columns(x.shape()), k - 1);
  return select_n(over_leading(mask, x.shape()), x, ops::zeros_like_aval(x.aval()));
}

Array identity(DType t, std::int64_t n) {
  return convert_element_type(eq(iota(DType::int64, {n, n}, 0), iota(DType::int64, {n, n}, 1)), t);
}
Array identity_like(const Array& x, std::int64_t n) {
  return over_leading(identity(x.dtype(), n), with_last(leading(x.shape()), {n, n}));
}

// The sum over each row of what is on the diagonal, so that the transpose is elementwise.
Array diagonal(const Array& x) {
  const auto n = std::min(rows(x.shape()), columns(x.shape()));
  auto start = Dims(x.shape().size(), 0), limit = x.shape();
  limit[limit.size() - 1] = limit[limit.size() - 2] = n;
  const auto square = limit == x.shape() ? x : slice(x, start, limit);
  const auto on = over_leading(eq(iota(DType::int64, {n, n}, 0), iota(DType::int64, {n, n}, 1)), square.shape());
  return reduce_sum(select_n(on, ops::zeros_like_aval(square.aval()), square), {x.ndim() - 1});
}

Array per_row(const Array& v, const Shape& shape) { return broadcast_in_dim(v, shape, iota_dims(0, v.ndim())); }
Array per_column(const Array& v, const Shape& shape) {
  auto axes = iota_dims(0, v.ndim());
  axes[axes.size() - 1] += 1;
  return broadcast_in_dim(v, shape, axes);
}

Array constant(const Array& like, double v) { return make_scalar(like.dtype(), v); }

Array hermitian_part(const Array& x) { return div(add(x, adjoint(x)), constant(x, 2)); }

Array padded(const Array& x, std::int64_t m, std::int64_t n) {
  if (rows(x.shape()) == m && columns(x.shape()) == n) return x;
  std::vector<Padding> config(x.shape().size());
  config[config.size() - 2].high = m - rows(x.shape());
  config[config.size() - 1].high = n - columns(x.shape());
  return pad(x, constant(x, 0), config);
}

int extent(std::string_view op, std::int64_t n) {
  if (n > std::numeric_limits<int>::max())
    throw ValueError(text(op, ": extents of matrices must be below 2^31, got ", n, "; split the problem"));
  return static_cast<int>(n);
}

}  // namespace fluxion::lax::linalg
