// Determinants and their logarithms.
#include <fluxion/transforms/custom_jvp.hpp>

#include "core/node.hpp"
#include "lax/rows.hpp"
#include "linalg/support.hpp"

namespace fluxion::linalg {

namespace {

// The number of true elements along the last axis is odd: 1, else 0, in int64.
Array odd(const Array& flags) {
  return lax::rem(lax::reduce_sum(lax::convert_element_type(flags, DType::int64), {flags.ndim() - 1}),
                  make_scalar(DType::int64, 2));
}
// 1 for even, -1 for odd.
Array alternating(const Array& parity, DType t) {
  const auto p = lax::convert_element_type(parity, t);
  return lax::sub(make_scalar(t, 1), lax::mul(make_scalar(t, 2), p));
}
// Which rows were exchanged.
Array exchanges(const Array& pivots) {
  return lax::ne(pivots, lax::iota(pivots.dtype(), pivots.shape(), pivots.ndim() - 1));
}
Array trace_of(const Array& a) { return lax::reduce_sum(la::diagonal(a), {a.ndim() - 2}); }

Slogdet slogdet_by_lu(const Array& a) {
  const auto f = la::lu(a);
  const auto d = la::diagonal(f.lu);
  const auto singular = any(d == 0, -1);
  Array sign;
  if (is_complex(a.dtype())) {
    sign = alternating(odd(exchanges(f.pivots)), a.dtype()) *
           product_of_last(d / lax::convert_element_type(abs(d), a.dtype()));
  } else {
    sign = alternating(odd(exchanges(f.pivots) ^ (d < 0)), a.dtype());
  }
  const auto log_abs = sum(log(abs(d)), -1);
  return {where(singular, literal(sign, 0), sign),
          where(singular, literal(log_abs, -std::numeric_limits<double>::infinity()), log_abs)};
}

struct SlogdetValue {
  Slogdet operator()(const Array& a) const { return slogdet_by_lu(a); }
};
struct SlogdetRule;
Slogdet slogdet_of(const Array& a);

// d log|det a| = Re tr(a^-1 da); the imaginary part turns the sign.
struct SlogdetRule {
  std::pair<Slogdet, Slogdet> operator()(const std::tuple<Array>& primals, const std::tuple<Array>& tangents) const {
    const auto& a = std::get<0>(primals);
    const auto ans = slogdet_of(a);
    const auto t = trace_of(la::solve(a, std::get<0>(tangents)));
    if (!is_complex(a.dtype())) return {ans, {lax::mul(literal(t, 0), ans.sign), t}};
    const auto re = la::real_part(t);
    return {ans, {(t - lax::convert_element_type(re, t.dtype())) * ans.sign, re}};
  }
};
Slogdet slogdet_of(const Array& a) { return custom_jvp(SlogdetValue{}, SlogdetRule{})(a); }

// det(a) and det(a) a^-1 b, which is finite for a of rank n - 1 as well: the last pivot u is left out of the division,
// and all other rows are multiplied by it instead. For a lower rank it is zero.
std::pair<Array, Array> cofactor_solve(const Array& a, const Array& b) {
  const auto n = rows_of(a), batch = a.ndim() - 2;
  const auto f = la::lu(a);
  const auto d = la::diagonal(f.lu);
  const auto sign = alternating(odd(exchanges(f.pivots)), a.dtype());
  const auto without_last = product_of_last(d[{ellipsis, range(0, n - 1)}]) * sign;
  const auto det = without_last * last_axis(d, n - 1);
  const auto rank_one = la::identity(a.dtype(), n)[{range(n - 1, n), range()}];
  const auto corner = lax::convert_element_type(la::swapped(rank_one) * rank_one, DType::bool_);
  const auto lu = where(corner, expand_dims(literal(without_last, 1) / without_last, {-2, -1}), f.lu);
  const auto probe =
      la::triangular_solve(lu, lax::full(la::leading(a.shape(), 1), make_scalar(a.dtype(), 1)), {.left_side = true});
  const auto deficient = expand_dims(any(probe * literal(probe, 0) != 0, -1), {-2, -1});
  const auto zero = literal(b, 0);
  auto x = where(deficient, zero, b);
  x = lax::take_rows(x, lax::convert_element_type(f.permutation, DType::int64), batch);
  x = la::triangular_solve(lu, x, {.left_side = true, .lower = true, .unit_diagonal = true});
  x = concatenate(
      {x[{ellipsis, range(0, n - 1), range()}] * expand_dims(det, {-2, -1}), x[{ellipsis, range(n - 1, n), range()}]},
      -2);
  x = la::triangular_solve(lu, x, {.left_side = true});
  return {det, where(deficient, zero, x)};
}

struct DetValue {
  Array operator()(const Array& a) const {
    const auto r = slogdet_of(a);
    return r.sign * lax::convert_element_type(exp(r.logabsdet), r.sign.dtype());
  }
};
struct DetRule {
  std::pair<Array, Array> operator()(const std::tuple<Array>& primals, const std::tuple<Array>& tangents) const {
    const auto [det, product] = cofactor_solve(std::get<0>(primals), std::get<0>(tangents));
    return {det, trace_of(product)};
  }
};

Array at(const Array& a, std::int64_t i, std::int64_t j) { return a[{ellipsis, i, j}]; }
Array det_2(const Array& a) { return at(a, 0, 0) * at(a, 1, 1) - at(a, 0, 1) * at(a, 1, 0); }
// By the rule of Sarrus.
Array det_3(const Array& a) {
  const auto a00 = at(a, 0, 0), a01 = at(a, 0, 1), a02 = at(a, 0, 2), a10 = at(a, 1, 0), a11 = at(a, 1, 1),
             a12 = at(a, 1, 2), a20 = at(a, 2, 0), a21 = at(a, 2, 1), a22 = at(a, 2, 2);
  return a00 * a11 * a22 + a01 * a12 * a20 + a02 * a10 * a21 - a02 * a11 * a20 - a00 * a12 * a21 - a01 * a10 * a22;
}

}  // namespace

Slogdet slogdet(const Array& a) { return slogdet_of(inexact_square("slogdet", a)); }

Array det(const Array& a) {
  const auto x = inexact_square("det", a);
  if (rows_of(x) == 2) return det_2(x);
  if (rows_of(x) == 3) return det_3(x);
  if (rows_of(x) == 0) return lax::full(la::leading(x.shape()), make_scalar(x.dtype(), 1));
  return custom_jvp(DetValue{}, DetRule{})(x);
}

Array diagonal(const Array& x, std::int64_t offset) {
  require_matrix("diagonal", x);
  const auto m = rows_of(x), n = columns_of(x);
  const auto part = offset >= 0 ? x[{ellipsis, range(), range(std::min(offset, n), n)}]
                                : x[{ellipsis, range(std::min(-offset, m), m), range()}];
  return la::diagonal(part);
}
Array trace(const Array& x, std::int64_t offset) {
  require_matrix("trace", x);
  return sum(diagonal(x, offset), -1);
}

}  // namespace fluxion::linalg
