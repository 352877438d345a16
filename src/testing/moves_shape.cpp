// Shapes, reductions, windows.
#include <algorithm>
#include <cmath>

#include "testing/moves.hpp"

namespace fluxion::testing {

namespace {

Value like(const Value& v, Array x) { return {std::move(x), v.lo, v.hi}; }
Value with_zero(const Value& v, Array x) { return {std::move(x), std::min(v.lo, 0.0), std::max(v.hi, 0.0)}; }

Shape with_leading(Shape s, std::int64_t n) {
  s.insert(0, n);
  return s;
}

Value repeated(const Scene& s) {
  const auto x = s.first();
  return like(x, broadcast_to(x.x, with_leading(x.x.shape(), 2)));
}
Value raveled(const Scene& s) { return like(s.first(), ravel(s.first().x)); }
Value reshaped(const Scene& s) {
  const auto x = s.first();
  const auto n = x.size();
  for (const std::int64_t m : {3, 2})
    if (n % m == 0) return like(x, x.x.reshape({m, n / m}));
  return like(x, x.x.reshape({n, 1}));
}
Value transposed(const Scene& s) { return like(s.first(), s.first().x.T()); }
Value expanded(const Scene& s) { return like(s.first(), expand_dims(s.first().x, s.choice(s.first().ndim() + 1))); }
Value reversed(const Scene& s) {
  const auto x = with_axis(s.first());
  return like(x, lax::rev(x.x, {some_axis(s, x)}));
}
Value sliced(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto axis = some_axis(s, x), n = x.x.shape(axis);
  return like(x, lax::slice_in_dim(x.x, n > 2 ? s.choice(2) : 0, n, 1 + s.choice(3) % 2, axis));
}
Value concatenated(const Scene& s) {
  const auto [x, y] = s.both();
  const auto a = with_axis(x), b = with_axis(y);
  return {concatenate({a.x, b.x}, some_axis(s, a)), std::min(x.lo, y.lo), std::max(x.hi, y.hi)};
}
Value stacked(const Scene& s) {
  const auto [x, y] = s.both();
  return {stack({x.x, y.x}, s.choice(x.ndim() + 1)), std::min(x.lo, y.lo), std::max(x.hi, y.hi)};
}
// With a value of the program as padding.
Value padded(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto fill = into(s.second(), x.lo, x.hi);
  std::vector<lax::Padding> config(x.x.shape().size());
  config[static_cast<std::size_t>(some_axis(s, x))] = {s.choice(3) - (x.x.shape(some_axis(s, x)) > 1 ? 1 : 0),
                                                       s.choice(2), s.choice(5) % 2};
  return like(x, lax::pad(x.x, mean(fill.x).astype(x.x.dtype()), config));
}
Value rolled(const Scene& s) { return like(s.first(), roll(s.first().x, 1 + s.choice(2))); }
Value tiled(const Scene& s) { return like(s.first(), tile(s.first().x, {2})); }
Value triangle(const Scene& s) {
  const auto x = s.first();
  return bounded(s.choice(2) == 0 ? tril(matrix_of(x, 3, 3)) : triu(matrix_of(x, 2, 3), 1), 1);
}
Value diagonal_of(const Scene& s) {
  return bounded(s.choice(2) == 0 ? diagonal(matrix_of(s.first(), 3, 3))
                                  : diag(into(s.first(), -1, 1).x.reshape({s.first().size()})),
                 1);
}
Value repeated_by_counts(const Scene& s) {
  const auto x = with_axis(s.first());
  std::vector<std::int64_t> counts;
  for (std::int64_t i = 0, n = x.x.shape(0); i < n; ++i) counts.push_back((i + s.choice(2)) % 3 + (n == 1 ? 1 : 0));
  std::int64_t total = 0;
  for (const auto n : counts) total += n;
  if (total == 0) return x;
  return like(x, repeat(x.x, array(counts), 0, {.total_repeat_length = total}));
}

}  // namespace

Moves shape_moves() {
  Moves out;
  for (const auto f : {repeated, raveled, reshaped, transposed, expanded, reversed, sliced, concatenated,
                       stacked, padded, rolled, tiled, triangle, diagonal_of, repeated_by_counts})
    out.push_back({Move::plain, f});
  return out;
}

namespace {

// All axes, or one.
Axis axes_of(const Scene& s, const Value& v) {
  return v.ndim() == 0 || s.choice(3) == 0 ? Axis(none) : Axis(some_axis(s, v));
}
double count_of(const Value& v) { return static_cast<double>(std::max<std::int64_t>(1, v.size())); }

Value summed(const Scene& s) {
  const auto x = s.first();
  return {sum(x.x, axes_of(s, x)), std::min(x.lo, 0.0) * count_of(x), std::max(x.hi, 0.0) * count_of(x)};
}
Value averaged(const Scene& s) { return like(s.first(), mean(s.first().x, axes_of(s, s.first()), true)); }
Value variance(const Scene& s) { return between(var(into(s.first(), -1, 1).x, axes_of(s, s.first())), 0, 1); }
Value multiplied(const Scene& s) {
  const auto x = into(s.first(), 0.8, 1.2);
  const auto n = count_of(x);
  return between(lax::reduce_prod(x.x, x.ndim() == 0 ? Dims{} : Dims{some_axis(s, x)}), std::pow(0.8, n),
                 std::pow(1.2, n));
}
Value greatest(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto axis = some_axis(s, v);
  const auto x = apart(v, axis);
  return like(x, s.choice(2) == 0 ? lax::reduce_max(x.x, {axis}) : lax::reduce_min(x.x, {axis}));
}
Value log_of_sum(const Scene& s) {
  return bounded(logsumexp(into(s.first(), -1, 1).x, axes_of(s, s.first())),
                 1 + std::log(count_of(s.first())));
}
Value soft_maximum(const Scene& s) {
  const auto x = with_axis(into(s.first(), -2, 2));
  const auto axis = some_axis(s, x);  // with more than one element: else it is 1
  return between(weighted(softmax(x.x.shape(axis) > 1 ? x.x : concatenate({x.x, 0.5 * x.x}, axis), axis)), 0, 1);
}
Value accumulated(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto n = static_cast<double>(x.x.shape(some_axis(s, x)));
  return {lax::cumsum(x.x, some_axis(s, x), s.choice(2) == 1), std::min(x.lo, 0.0) * n, std::max(x.hi, 0.0) * n};
}
Value accumulated_product(const Scene& s) {
  const auto x = with_axis(into(s.first(), 0.7, 1.3));
  const auto n = static_cast<double>(x.x.shape(some_axis(s, x)));
  return between(lax::cumprod(x.x, some_axis(s, x), s.choice(2) == 1), std::pow(0.7, n), std::pow(1.3, n));
}
Value accumulated_extremum(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto axis = some_axis(s, v);
  const auto x = apart(v, axis);
  return like(x, s.choice(2) == 0 ? lax::cummax(x.x, axis, s.choice(4) > 1) : lax::cummin(x.x, axis, s.choice(4) > 1));
}
Value accumulated_logarithm(const Scene& s) {
  const auto x = with_axis(into(s.first(), -1, 1));
  return bounded(lax::cumlogsumexp(x.x, some_axis(s, x), s.choice(2) == 1), 1 + std::log(count_of(x)));
}
// By a function of the program: x + y + 0.1 x y is associative, with 0 as its identity.
Value reduced_by(const Scene& s) {
  const auto x = with_axis(into(s.first(), -0.5, 0.5));
  const auto f = [](const Array& a, const Array& b) { return a + b + 0.1 * (a * b); };
  return bounded(lax::reduce(x.x, number(x.x, 0), f, {some_axis(s, x)}), 10 * (std::pow(1.05, count_of(x)) - 1));
}
Value sorted(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto axis = some_axis(s, v);
  const auto x = apart(v, axis);
  return like(x, lax::sort(x.x, axis));
}
Value sorted_by_key(const Scene& s) {
  const auto [a, b] = s.both();
  const auto v = with_axis(a), y = with_axis(b);
  const auto axis = some_axis(s, v);
  return like(y, lax::sort_key_val(apart(v, axis).x, y.x, axis).second);
}
Value top_few(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto x = apart(v, v.ndim() - 1);
  return like(x, lax::top_k(x.x, (x.x.shape(-1) + 1) / 2).first);
}
Value ranked(const Scene& s) {  // where the greatest stands, as a number beside values
  const auto v = with_axis(s.first());
  const auto x = apart(v, 0);
  const auto n = static_cast<double>(v.x.shape(0));
  const auto at = s.choice(2) == 0 ? lax::argmax(x.x, 0) : lax::argmin(x.x, 0);
  return {v.x + 0.1 * at.astype(v.x.dtype()), v.lo, v.hi + 0.1 * n};
}

}  // namespace

Moves reduction_moves() {
  Moves out;
  for (const auto f : {summed, averaged, variance, multiplied, greatest, log_of_sum, soft_maximum,
                       accumulated, accumulated_product, accumulated_extremum, accumulated_logarithm,
                       reduced_by, sorted, sorted_by_key, top_few, ranked})
    out.push_back({Move::plain, f});
  return out;
}

namespace {

lax::Window window_of(const Scene& s, const Value& x) {
  Dims extents(x.x.shape().size(), 1);
  const auto axis = static_cast<std::size_t>(some_axis(s, x));
  extents[axis] = std::min<std::int64_t>(2, x.x.shape()[axis]);
  return {.dimensions = extents, .padding = s.choice(2) == 0 ? "VALID" : "SAME"};
}
Value window_sum(const Scene& s) {
  const auto x = with_axis(s.first());
  return {lax::reduce_window_sum(x.x, window_of(s, x)), 2 * std::min(x.lo, 0.0), 2 * std::max(x.hi, 0.0)};
}
Value window_extremum(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto x = apart(v, some_axis(s, v));
  const auto w = window_of(s, v);
  return like(x, s.choice(4) > 1 ? lax::reduce_window_max(x.x, w) : lax::reduce_window_min(x.x, w));
}
Value window_gather(const Scene& s) {
  const auto [a, b] = s.both();
  const auto v = with_axis(a), y = with_axis(b);
  return with_zero(
      y, lax::select_and_gather_add(y.x, apart(v, some_axis(s, v)).x,
                                    s.choice(3) == 0 ? lax::Choose::le : lax::Choose::ge, window_of(s, v)));
}
Value window_scatter(const Scene& s) {
  const auto v = with_axis(s.first());
  const auto x = apart(v, some_axis(s, v));
  const auto w = window_of(s, v);
  const auto pooled = sin(lax::reduce_window_sum(v.x, w));
  return bounded(lax::select_and_scatter_add(pooled, x.x, lax::Choose::ge, w), 2);
}
Value product(const Scene& s) {
  const auto [x, y] = s.both();
  switch (s.choice(4)) {
    case 0: return bounded(matmul(matrix_of(x, 2, 3), matrix_of(y, 3, 2)), 3);
    case 1: return bounded(vdot(into(x, -1, 1).x, into(y, -1, 1).x), count_of(x));
    case 2: return bounded(matmul(matrix_of(x, 3, 2).reshape({3, 1, 2}), matrix_of(y, 3, 2).reshape({3, 2, 1})), 2);
    default: return bounded(outer(into(x, -1, 1).x, into(y, -1, 1).x), 1);
  }
}
Value contracted(const Scene& s) {
  const auto [x, y] = s.both();
  return bounded(einsum("ij,kj,k->ik", {matrix_of(x, 2, 2), matrix_of(y, 3, 2), matrix_of(x, 1, 3)[0]}), 2);
}
Value convolved(const Scene& s) {
  const auto [x, y] = s.both();
  if (s.choice(2) == 0) {  // [1, 2, 4] by [2, 2, 2]
    return bounded(
        lax::conv(matrix_of(x, 2, 4).reshape({1, 2, 4}), matrix_of(y, 2, 4).reshape({2, 2, 2}), {1}, "SAME"),
        4);
  }
  return bounded(lax::conv_general_dilated(matrix_of(x, 3, 3).reshape({1, 1, 3, 3}),
                                           matrix_of(y, 2, 2).reshape({1, 1, 2, 2}), {1, 2}, {{1, 0}, {0, 1}},
                                           {.rhs_dilation = {2, 1}}),
                 4);
}

}  // namespace

Moves window_moves() {
  Moves out;
  for (const auto f :
       {window_sum, window_extremum, window_gather, window_scatter, product, contracted, convolved})
    out.push_back({Move::plain, f});
  return out;
}

}  // namespace fluxion::testing
