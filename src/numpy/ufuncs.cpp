// Trigonometric, exponential and rounding functions over their primitives.
#include <fluxion/ufuncs.hpp>

#include <cmath>
#include <limits>
#include <numbers>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

Array arcsin(const Array& x) { return lax::asin(promote_inexact(x)); }
Array arccos(const Array& x) { return lax::acos(promote_inexact(x)); }
Array arctan(const Array& x) { return lax::atan(promote_inexact(x)); }
Array arctan2(const Array& y, const Array& x) { return promoted_inexact("arctan2", lax::atan2, y, x); }
Array sinh(const Array& x) { return lax::sinh(promote_inexact(x)); }
Array cosh(const Array& x) { return lax::cosh(promote_inexact(x)); }
Array arcsinh(const Array& x) { return lax::asinh(promote_inexact(x)); }
Array arccosh(const Array& x) { return lax::acosh(promote_inexact(x)); }
Array arctanh(const Array& x) { return lax::atanh(promote_inexact(x)); }

namespace {

Array times(const Array& x, double factor) {
  const auto f = promote_inexact(x);
  return lax::mul(f, literal(f, factor));
}

// The larger one times sqrt(1 + (smaller / larger)^2).
Array hypot_same(const Array& x, const Array& y) {
  const auto a = lax::abs(x), b = lax::abs(y), infinity = literal(a, std::numeric_limits<double>::infinity());
  const auto infinite = lax::bitwise_or(lax::eq(a, infinity), lax::eq(b, infinity));
  const auto larger = lax::max(a, b), smaller = lax::min(a, b);
  const auto zero = lax::eq(larger, literal(larger, 0)), one = literal(larger, 1);
  const auto ratio = lax::div(smaller, lax::select_n(zero, larger, one));
  const auto length = lax::mul(larger, lax::sqrt(lax::add(one, lax::square(ratio))));
  return lax::select_n(infinite, lax::select_n(zero, length, larger), infinity);
}

}  // namespace

Array deg2rad(const Array& x) { return times(x, std::numbers::pi / 180); }
Array rad2deg(const Array& x) { return times(x, 180 / std::numbers::pi); }
Array hypot(const Array& x, const Array& y) { return promoted_inexact("hypot", hypot_same, x, y); }

Array exp2(const Array& x) { return lax::exp2(promote_inexact(x)); }
Array log2(const Array& x) {
  const auto f = promote_inexact(x);
  return lax::div(lax::log(f), literal(f, std::numbers::ln2));
}
Array log10(const Array& x) {
  const auto f = promote_inexact(x);
  return lax::div(lax::log(f), literal(f, std::numbers::ln10));
}
Array float_power(const Array& x, const Array& y) { return promoted_inexact("float_power", lax::pow, x, y); }

namespace {

// As logaddexp: the larger one by select, so that the derivative at a tie is 1/2 each, and a difference of two equal
// infinities made 0.
Array logaddexp2_same(const Array& x, const Array& y) {
  const auto raw = lax::sub(x, y);
  const auto undefined = lax::ne(raw, raw);
  const auto difference = lax::select_n(undefined, raw, literal(raw, 0));
  const auto larger = lax::select_n(lax::ge(difference, literal(raw, 0)), y, x);
  const auto tail = lax::log1p(lax::exp2(lax::neg(lax::abs(difference))));
  return lax::select_n(undefined, lax::add(larger, lax::div(tail, literal(raw, std::numbers::ln2))), lax::add(x, y));
}

}  // namespace

Array logaddexp2(const Array& x, const Array& y) { return promoted_inexact("logaddexp2", logaddexp2_same, x, y); }

// --- rounding -----------------------------------------------------------

namespace {

void require_real(const char* op, const Array& x) {
  if (!is_complex(x.dtype())) return;
  throw TypeError(text(op, ": operands must be real, got ", x.aval(), "; take fx::real and fx::imag of it"));
}
bool is_whole(const Array& x) { return is_integer(x.dtype()) || x.dtype() == bool_; }
/// Complex numbers by their parts.
Array half_even(const Array& x) {
  if (is_complex(x.dtype())) return lax::complex(half_even(lax::real(x)), half_even(lax::imag(x)));
  return lax::round(x, lax::RoundingMethod::TO_NEAREST_EVEN);
}

Array towards_zero(const Array& x) {
  return lax::select_n(lax::lt(x, literal(x, 0)), lax::floor(x), lax::ceil(x));
}

}  // namespace

Array round(const Array& x, std::int64_t decimals) {
  if (is_whole(x)) {
    if (decimals >= 0) return x;
    throw UnsupportedError(text("round: integers are rounded to `decimals` >= 0, got ", x.aval(), " and ", decimals,
                                "; convert with astype(fx::float64)"));
  }
  if (decimals == 0) return half_even(x);
  const auto factor = literal(x, std::pow(10.0, static_cast<double>(decimals)));
  return lax::div(half_even(lax::mul(x, factor)), factor);
}

Array rint(const Array& x) {
  return is_whole(x) ? convert(x, config().default_float) : half_even(x);
}
Array trunc(const Array& x) {
  require_real("trunc", x);
  return is_whole(x) ? x : towards_zero(x);
}
Array fix(const Array& x) { return trunc(promote_inexact(x)); }

}  // namespace fluxion
