#include <fluxion/testing/bijection.hpp>

#include <fluxion/fluxion.hpp>

#include "base/text.hpp"

namespace fluxion::testing::bijection {

namespace {

Array logit(const Array& p) { return log(p) - log1p(-p); }
Array along_last(const Array& x, std::int64_t start, std::int64_t limit) {
  return lax::slice_in_dim(x, start, limit, 1, x.ndim() - 1);
}

void check_axis(const char* what, const Array& x, std::int64_t least) {
  if (x.ndim() == 0 || x.shape(-1) < least)
    throw ValueError(text(what, ": an array whose last axis has at least ", least,
                          " elements is required, got ", x.aval(), "; reshape it"));
}
void check_square(const char* what, const Array& x) {
  if (x.ndim() < 2 || x.shape(-1) != x.shape(-2))
    throw ValueError(text(what, ": square matrices are required, got ", x.aval()));
}

/// The order of the matrix whose lower triangle, from the k-th diagonal down (0, or -1), has so many elements.
std::int64_t order_of(const char* what, const Array& y, std::int64_t k) {
  check_axis(what, y, 0);
  std::int64_t n = 1;
  const auto count = [&] { return k == 0 ? n * (n + 1) / 2 : n * (n - 1) / 2; };
  while (count() < y.shape(-1)) ++n;
  if (count() != y.shape(-1))
    throw ValueError(text(what, ": a last axis of n (n ", k == 0 ? "+" : "-",
                          " 1) / 2 elements is required, got ", y.aval()));
  return n;
}

/// [.., m] as the lower triangle of zeros [.., n, n], row by row, and back.
Array triangle(const Array& y, std::int64_t n, std::int64_t k) {
  const auto at = tril_indices(n, k);
  auto shape = y.shape();
  shape.pop_back();
  shape.push_back(n * n);
  const auto flat = zeros(shape, y.dtype()).at(ellipsis, at[0] * n + at[1]).set(y, {.unique_indices = true});
  shape.pop_back();
  shape.push_back(n);
  shape.push_back(n);
  return flat.reshape(shape);
}
Array entries(const Array& l, std::int64_t k) {
  const auto n = l.shape(-1);
  const auto at = tril_indices(n, k);
  auto shape = l.shape();
  shape.pop_back();
  shape.pop_back();
  shape.push_back(n * n);
  return take(l.reshape(shape), at[0] * n + at[1], -1);
}

Array gram(const Array& l) { return matmul(l, matrix_transpose(l)); }

/// 1, 2, ..., n - 1 of the dtype of x, to count what is left.
Array remaining(const Array& x, std::int64_t n) { return arange(n - 1, 0, -1, x.dtype()); }

}  // namespace

Array positive(const Array& y) { return exp(y); }
Array positive_inverse(const Array& x) { return log(x); }

Array unit_interval(const Array& y) { return nn::sigmoid(y); }
Array unit_interval_inverse(const Array& x) { return logit(x); }

Array interval(const Array& y, const Array& low, const Array& high) { return low + (high - low) * nn::sigmoid(y); }
Array interval_inverse(const Array& x, const Array& low, const Array& high) { return log(x - low) - log(high - x); }

Array ordered(const Array& y) {
  check_axis("bijection::ordered", y, 0);
  if (y.shape(-1) < 2) return y;
  return cumsum(concatenate({along_last(y, 0, 1), exp(along_last(y, 1, y.shape(-1)))}, -1), -1);
}
Array ordered_inverse(const Array& x) {
  check_axis("bijection::ordered_inverse", x, 0);
  if (x.shape(-1) < 2) return x;
  return concatenate({along_last(x, 0, 1), log(diff(x))}, -1);
}

Array simplex(const Array& y) {
  check_axis("bijection::simplex", y, 0);
  const auto n = y.shape(-1) + 1;
  const auto broken = nn::sigmoid(y - log(remaining(y, n)));  // the share of what is left
  auto end = y.shape();
  end[end.size() - 1] = 1;
  const auto one = ones(end, y.dtype());
  const auto left = concatenate({one, cumprod(1.0 - broken, -1)}, -1);
  return left * concatenate({broken, one}, -1);
}
Array simplex_inverse(const Array& x) {
  check_axis("bijection::simplex_inverse", x, 1);
  const auto n = x.shape(-1);
  const auto head = along_last(x, 0, n - 1);
  // What is left behind an element, summed from the end, where it is small.
  const auto behind = along_last(flip(cumsum(flip(x, -1), -1), -1), 1, n);
  return log(head) - log(behind) + log(remaining(x, n));
}

Array correlation_cholesky(const Array& y) {
  const auto n = order_of("bijection::correlation_cholesky", y, -1);
  // The squared length that columns before j have left over is the product of 1 - z^2; as sech(y) = sqrt(1 - tanh(y)^2)
  // it is smooth, and never negative.
  const auto left = cumprod(1.0 / cosh(triangle(y, n, -1)), -1);
  auto front = left.shape();
  front[front.size() - 1] = 1;
  const auto before = concatenate({ones(front, y.dtype()), along_last(left, 0, n - 1)}, -1);
  return (triangle(tanh(y), n, -1) + eye(n, {}, 0, y.dtype())) * before;
}
Array correlation_cholesky_inverse(const Array& l) {
  check_square("bijection::correlation_cholesky_inverse", l);
  // What is left of a row's length behind and at column j, from the end.
  const auto squares = flip(cumsum(flip(square(l), -1), -1), -1);
  return arctanh(entries(l, -1) / sqrt(entries(squares, -1)));
}
Array correlation(const Array& y) { return gram(correlation_cholesky(y)); }
Array correlation_inverse(const Array& x) {
  check_square("bijection::correlation_inverse", x);
  return correlation_cholesky_inverse(linalg::cholesky(x));
}

Array positive_definite(const Array& y) {
  const auto n = order_of("bijection::positive_definite", y, 0);
  const auto l = triangle(y, n, 0);
  const auto diagonal = eye(n, {}, 0, bool_);
  return gram(where(diagonal, exp(where(diagonal, l, 0.0)), l));  // else exp may overflow beside the diagonal
}
Array positive_definite_inverse(const Array& x) {
  check_square("bijection::positive_definite_inverse", x);
  const auto l = linalg::cholesky(x);
  const auto diagonal = eye(l.shape(-1), {}, 0, bool_);
  return entries(where(diagonal, log(where(diagonal, l, 1.0)), l), 0);
}

}  // namespace fluxion::testing::bijection
