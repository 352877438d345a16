#include <fluxion/elementwise.hpp>

#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/transforms/custom_jvp.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

bool is_bool_or_unsigned(const Array& x) { return x.dtype() == bool_ || is_unsigned_integer(x.dtype()); }

// CPython's float_divmod: the quotient of x less its remainder, which is a whole number.
Array float_floor_divide(const Array& x, const Array& y) {
  const auto zero = literal(x, 0), one = literal(x, 1);
  const auto mod = lax::rem(x, y);
  const auto quotient = lax::div(lax::sub(x, mod), y);
  const auto wrong_sign = lax::bitwise_and(lax::ne(mod, zero), lax::ne(lax::sign(y), lax::sign(mod)));
  return lax::round(lax::select_n(wrong_sign, quotient, lax::sub(quotient, one)));
}

Array floor_divide_same(const Array& x, const Array& y) {
  if (is_floating(x.dtype())) return float_floor_divide(x, y);
  const auto quotient = lax::div(x, y);
  if (!is_signed_integer(x.dtype())) return quotient;
  const auto zero = literal(x, 0);
  const auto signs_differ = lax::ne(lax::lt(x, zero), lax::lt(y, zero));
  const auto inexact = lax::ne(lax::rem(x, y), zero);
  return lax::select_n(lax::bitwise_and(signs_differ, inexact), quotient, lax::sub(quotient, literal(x, 1)));
}

// Integers modulo 0 give 0.
Array fmod_same(const Array& x, const Array& y) {
  if (!is_integer(y.dtype())) return lax::rem(x, y);
  return lax::rem(x, lax::select_n(lax::eq(y, literal(y, 0)), y, literal(y, 1)));
}

Array maximum_any(const Array& x, const Array& y) {
  return x.dtype() == bool_ ? lax::bitwise_or(x, y) : lax::max(x, y);
}
Array minimum_any(const Array& x, const Array& y) {
  return x.dtype() == bool_ ? lax::bitwise_and(x, y) : lax::min(x, y);
}

}  // namespace

Array floor_divide(const Array& x, const Array& y) {
  return promoted_numeric("floor_divide", floor_divide_same, x, y);
}
Array fmod(const Array& x, const Array& y) { return promoted_numeric("fmod", fmod_same, x, y); }

Array square(const Array& x) {
  return lax::square(x.dtype() == bool_ ? convert(x, int32) : x);
}
Array reciprocal(const Array& x) {
  const auto f = promote_inexact(x);
  return lax::div(literal(f, 1), f);
}
Array negative(const Array& x) { return -x; }
Array abs(const Array& x) { return is_bool_or_unsigned(x) ? x : lax::abs(x); }

Array sign(const Array& x) {
  if (!is_bool_or_unsigned(x)) return lax::sign(x);
  return x.dtype() == bool_ ? x : lax::convert_element_type(lax::ne(x, literal(x, 0)), x.dtype());
}

Array floor(const Array& x) { return is_floating(x.dtype()) ? lax::floor(x) : x; }
Array ceil(const Array& x) { return is_floating(x.dtype()) ? lax::ceil(x) : x; }

Array maximum(const Array& x, const Array& y) { return promoted("maximum", maximum_any, x, y); }
Array minimum(const Array& x, const Array& y) { return promoted("minimum", minimum_any, x, y); }
Array clip(const Array& x, const Array& min, const Array& max) { return minimum(max, maximum(min, x)); }
Array clip(const Array& x, None, const Array& max) { return minimum(max, x); }
Array clip(const Array& x, const Array& min, None) { return maximum(min, x); }

Array exp(const Array& x) { return lax::exp(promote_inexact(x)); }
Array expm1(const Array& x) { return lax::expm1(promote_inexact(x)); }
Array log(const Array& x) { return lax::log(promote_inexact(x)); }
Array log1p(const Array& x) { return lax::log1p(promote_inexact(x)); }
Array cbrt(const Array& x) { return lax::cbrt(promote_inexact(x)); }
Array sqrt(const Array& x) { return lax::sqrt(promote_inexact(x)); }
Array sin(const Array& x) { return lax::sin(promote_inexact(x)); }
Array cos(const Array& x) { return lax::cos(promote_inexact(x)); }
Array tan(const Array& x) { return lax::tan(promote_inexact(x)); }
Array tanh(const Array& x) { return lax::tanh(promote_inexact(x)); }
Array erf(const Array& x) { return lax::erf(promote_inexact(x)); }
Array erfinv(const Array& x) { return lax::erf_inv(promote_inexact(x)); }

Array stop_gradient(const Array& x) { return lax::stop_gradient(x); }

namespace {

/// How the smaller of two numbers lies below the larger one. A difference of two equal infinities is made 0 lest its
/// NaN poison derivatives; the sign is taken by select so that these are right at a tie, too.
struct Gap {
  Array undefined, ordered, minus;  // no difference; x >= y; -|x - y|
  Gap(const Array& x, const Array& y) {
    const auto raw = lax::sub(x, y);
    undefined = lax::ne(raw, raw);
    const auto difference = lax::select_n(undefined, raw, literal(raw, 0));
    ordered = lax::ge(difference, literal(raw, 0));
    minus = lax::select_n(ordered, difference, lax::neg(difference));
  }
};

Array logaddexp_same(const Array& x, const Array& y);

struct LogAddExp {
  Array operator()(const Array& x, const Array& y) const {
    const Gap gap(x, y);
    const auto larger = lax::select_n(gap.ordered, y, x);
    return lax::select_n(gap.undefined, lax::add(larger, lax::log1p(lax::exp(gap.minus))), lax::add(x, y));
  }
};
/// The softmax of both, from the same exponential. Where the difference is undefined, 1: what the sum is there.
struct LogAddExpRule {
  using Two = std::tuple<Array, Array>;
  std::pair<Array, Array> operator()(const Two& at, const Two& tangents) const {
    const auto& [x, y] = at;
    const Gap gap(x, y);
    const auto one = literal(x, 1), e = lax::exp(gap.minus), all = lax::add(one, e);
    const auto weight = [&](const Array& below, const Array& above) {
      return lax::select_n(gap.undefined, lax::div(lax::select_n(gap.ordered, below, above), all), one);
    };
    return {logaddexp_same(x, y), lax::add(lax::mul(std::get<0>(tangents), weight(e, one)),
                                           lax::mul(std::get<1>(tangents), weight(one, e)))};
  }
};
Array logaddexp_same(const Array& x, const Array& y) { return custom_jvp(LogAddExp{}, LogAddExpRule{})(x, y); }

}  // namespace

Array logaddexp(const Array& x, const Array& y) {
  return promoted_inexact("logaddexp", logaddexp_same, x, y);
}

}  // namespace fluxion
