// Logic, selection and approximate equality.
#include <fluxion/elementwise.hpp>

#include <algorithm>
#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/logic.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

Array truth(const Array& x) { return x.dtype() == bool_ ? x : lax::ne(x, literal(x, 0)); }

Array infinity(const Array& x) { return literal(x, std::numeric_limits<double>::infinity()); }

Array nowhere(const Array& x) {
  const auto no = scalar(false);
  return x.ndim() == 0 ? no : lax::full(x.shape(), no);
}

Array equal_or_both_nan(const Array& x, const Array& y, bool equal_nan) {
  const auto same = x == y;
  return equal_nan ? same | (isnan(x) & isnan(y)) : same;
}

}  // namespace

Array logical_and(const Array& x, const Array& y) { return truth(x) & truth(y); }
Array logical_or(const Array& x, const Array& y) { return truth(x) | truth(y); }
Array logical_xor(const Array& x, const Array& y) { return truth(x) ^ truth(y); }

Array isnan(const Array& x) { return is_inexact(x.dtype()) ? lax::ne(x, x) : nowhere(x); }
Array isinf(const Array& x) {
  if (is_complex(x.dtype())) return isinf(lax::real(x)) | isinf(lax::imag(x));
  return is_floating(x.dtype()) ? lax::eq(lax::abs(x), infinity(x)) : nowhere(x);
}
Array isfinite(const Array& x) {
  if (is_complex(x.dtype())) return isfinite(lax::real(x)) & isfinite(lax::imag(x));
  return is_floating(x.dtype()) ? lax::is_finite(x) : !nowhere(x);
}

Array where(const Array& condition, const Array& x, const Array& y) {
  const Array cases[] = {x, y};
  const auto type = result_type(cases, "where");
  Array operands[] = {truth(condition), convert(y, type.dtype, type.weak), convert(x, type.dtype, type.weak)};
  broadcast_operands("where", operands);
  return lax::select_n(operands[0], operands[1], operands[2]);
}

Array isclose(const Array& x, const Array& y, double rtol, double atol, bool equal_nan) {
  const Array given[] = {x, y};
  auto same = promote("isclose", given);
  for (auto& v : same)
    if (v.dtype() == bool_) v = convert(v, int32);
  const auto &a = same[0], &b = same[1];
  if (!is_inexact(a.dtype())) return abs(a - b) <= atol + rtol * abs(b);
  const auto finite = isfinite(a) & isfinite(b);
  const auto near = abs(a - b) <= atol + rtol * abs(b);
  return where(finite, near, equal_or_both_nan(a, b, equal_nan));
}

Array allclose(const Array& x, const Array& y, double rtol, double atol, bool equal_nan) {
  return all(isclose(x, y, rtol, atol, equal_nan));
}

Array array_equal(const Array& x, const Array& y, bool equal_nan) {
  if (x.shape() != y.shape()) return scalar(false);
  return all(equal_or_both_nan(x, y, equal_nan && is_inexact(x.dtype()) && is_inexact(y.dtype())));
}

Array array_equiv(const Array& x, const Array& y) {
  const Shape shapes[] = {x.shape(), y.shape()};
  const auto rank = std::max(shapes[0].size(), shapes[1].size());
  for (std::size_t back = 1; back <= rank; ++back) {
    const auto extent = [&](const Shape& s) { return back > s.size() ? 1 : s[s.size() - back]; };
    const auto m = extent(shapes[0]), n = extent(shapes[1]);
    if (m != n && m != 1 && n != 1) return scalar(false);
  }
  return all(x == y);
}

}  // namespace fluxion
