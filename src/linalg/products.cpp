// Products and powers of matrices.
#include <limits>
#include <vector>

#include <fluxion/creation.hpp>

#include "linalg/support.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

Array kron(const Array& a, const Array& b) {
  const auto rank = std::max(a.ndim(), b.ndim());
  const auto filled = [&](const Array& x) {
    auto s = x.shape();
    while (static_cast<std::int64_t>(s.size()) < rank) s.insert(0, 1);
    return s;
  };
  const auto sa = filled(a), sb = filled(b);
  Shape left, right, out;
  for (std::size_t i = 0; i < sa.size(); ++i) {
    left.push_back(sa[i]), left.push_back(1);
    right.push_back(1), right.push_back(sb[i]);
    out.push_back(sa[i] * sb[i]);
  }
  return reshape(reshape(a, left) * reshape(b, right), out);
}

Array cross(const Array& a, const Array& b, const CrossOptions& axes) {
  const auto last = [](const Array& x, std::int64_t axis) {
    const auto moved = moveaxis(x, axis, -1);
    const auto n = moved.shape().back();
    if (n != 2 && n != 3)
      throw ValueError(text("cross: vectors of 2 or 3 elements are required, got ", x.aval(), " along axis ", axis,
                            "; name the axis that holds them"));
    return moved;
  };
  if (a.ndim() == 0 || b.ndim() == 0)
    throw ValueError(
        text("cross: vectors are required, got ", a.aval(), " and ", b.aval(), "; multiply by a scalar with *"));
  const auto x = last(a, axes.axisa), y = last(b, axes.axisb);
  const auto part = [](const Array& v, std::int64_t i) { return v[{ellipsis, i}]; };
  const auto third = part(x, 0) * part(y, 1) - part(x, 1) * part(y, 0);
  if (x.shape().back() == 2 && y.shape().back() == 2) return third;
  const auto x2 = x.shape().back() == 3 ? part(x, 2) : zeros_like(part(x, 0));
  const auto y2 = y.shape().back() == 3 ? part(y, 2) : zeros_like(part(y, 0));
  const auto first = part(x, 1) * y2 - x2 * part(y, 1), second = x2 * part(y, 0) - part(x, 0) * y2;
  return stack({first, second, third}, axes.axisc);
}

namespace linalg {

Array matrix_power(const Array& a, std::int64_t n) {
  require_square("matrix_power", a);
  if (n == 0) return broadcast_to(la::identity(a.dtype(), rows_of(a)), a.shape());
  auto z = n < 0 ? inv(a) : a;
  auto left = n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
  if (left == 3) return matmul(matmul(z, z), z);
  Array result;
  for (;;) {
    if (left % 2 == 1) result = result.is_empty_handle() ? z : matmul(result, z);
    left /= 2;
    if (left == 0) return result;
    z = matmul(z, z);
  }
}

namespace {

// Where to split the product of matrices first..last so that the whole needs the fewest multiplications.
// Source: Cormen et al., Introduction to Algorithms, 15.2.
struct Plan {
  explicit Plan(const std::vector<double>& sizes) : n(sizes.size() - 1), cost(n * n, 0), split(n * n, 0) {
    for (std::size_t length = 1; length < n; ++length)
      for (std::size_t i = 0; i + length < n; ++i) {
        const auto j = i + length;
        cost[i * n + j] = std::numeric_limits<double>::infinity();
        for (auto k = i; k < j; ++k) {
          const auto c = cost[i * n + k] + cost[(k + 1) * n + j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
          if (c < cost[i * n + j]) cost[i * n + j] = c, split[i * n + j] = k;
        }
      }
  }
  Array multiply(ArraySpan xs, std::size_t i, std::size_t j) const {
    if (i == j) return xs[i];
    const auto k = split[i * n + j];
    return matmul(multiply(xs, i, k), multiply(xs, k + 1, j));
  }
  std::size_t n;
  std::vector<double> cost;
  std::vector<std::size_t> split;
};

}  // namespace

Array multi_dot(ArraySpan arrays) {
  const auto n = arrays.size();
  if (n < 2)
    throw ValueError(text("multi_dot: two or more matrices are required, got ", n, "; there is nothing to multiply"));
  Arrays xs = promote("multi_dot", arrays);
  const bool first = xs[0].ndim() == 1, last = xs[n - 1].ndim() == 1;
  if (first) xs[0] = expand_dims(xs[0], 0);
  if (last) xs[n - 1] = expand_dims(xs[n - 1], 1);
  std::vector<double> sizes;
  for (std::size_t i = 0; i < n; ++i) {
    if (xs[i].ndim() != 2 || (i > 0 && rows_of(xs[i]) != columns_of(xs[i - 1])))
      throw ValueError(text("multi_dot: matrices with matching extents are required, vectors only at the ends, got ",
                            arrays[i].aval(), " as operand ", i, "; transpose or reshape it"));
    sizes.push_back(static_cast<double>(rows_of(xs[i])));
  }
  sizes.push_back(static_cast<double>(columns_of(xs[n - 1])));
  auto y = Plan(sizes).multiply(xs, 0, n - 1);
  if (last) y = squeeze(y, 1);
  return first ? squeeze(y, 0) : y;
}

Array matrix_transpose(const Array& x) {
  require_matrix("matrix_transpose", x);
  return la::swapped(x);
}

Array vecdot(const Array& x1, const Array& x2, std::int64_t axis) {
  if (x1.ndim() == 0 || x2.ndim() == 0 || x1.shape(axis) != x2.shape(axis))
    throw ValueError(text("vecdot: vectors of one length along axis ", axis, " are required, got ", x1.aval(), " and ",
                          x2.aval(), "; name the axis that holds them"));
  const auto given = promote("vecdot", {x1, x2});
  const auto x = expand_dims(moveaxis(la::conjugate(given[0]), axis, -1), -2),
             y = expand_dims(moveaxis(given[1], axis, -1), -1);
  return squeeze(matmul(x, y), {-2, -1});
}

Array cross(const Array& x1, const Array& x2, std::int64_t axis) {
  if (x1.ndim() == 0 || x2.ndim() == 0 || x1.shape(axis) != 3 || x2.shape(axis) != 3)
    throw ValueError(text("cross: vectors of 3 elements along axis ", axis, " are required, got ", x1.aval(), " and ",
                          x2.aval(), "; fx::cross takes 2 as well"));
  return fluxion::cross(x1, x2, {axis, axis, axis});
}

Array outer(const Array& x1, const Array& x2) {
  if (x1.ndim() != 1 || x2.ndim() != 1)
    throw ValueError(text("outer: two vectors are required, got ", x1.aval(), " and ", x2.aval(),
                          "; fx::outer flattens its operands"));
  return fluxion::outer(x1, x2);
}

}  // namespace linalg
}  // namespace fluxion
