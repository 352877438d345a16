// power, whose algorithm depends on what the exponent is.
#include <fluxion/elementwise.hpp>

#include <optional>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

// The exponent's value if it is a concrete integer scalar.
std::optional<std::int64_t> static_exponent(const Array& y) {
  if (y.ndim() != 0 || !is_integer(y.dtype()) || concrete(y) == nullptr) return {};
  return y.item<std::int64_t>();
}

Array static_power(const Array& x, std::int64_t y) {
  const auto base = x.dtype() == bool_ ? convert(x, int32) : x;
  if (y < 0 && is_integer(base.dtype()))
    throw TypeError(text("power: integers must not be raised to negative powers, got ", base.aval(),
                         " to the ", y, "; use a floating base"));
  return lax::integer_pow(base, y);
}

// Square and multiply over the low six bits of the exponent, as jax does; the rest cannot matter but for
// bases -1, 0 and 1.
Array integer_power(const Array& base, const Array& exponent) {
  auto x = base, y = exponent;
  const auto one = literal(y, 1);
  Array result = literal(x, 1);
  for (int bit = 0; bit < 6; ++bit) {
    const auto odd = lax::ne(lax::bitwise_and(y, one), literal(y, 0));
    Array factors[] = {odd, literal(x, 1), x};
    broadcast_operands("power", factors);
    result = lax::mul(result, lax::select_n(factors[0], factors[1], factors[2]));
    x = lax::mul(x, x);
    y = lax::shift_right_logical(y, one);
  }
  return result;
}

// A float to an integer array: at y = 0 the value is 1 and the derivative 0 for every x, also for 0 and NaN.
Array mixed_power(const Array& x, const Array& y) {
  const auto base = where(y == 0, literal(x, 1), x);
  return promoted("power", lax::pow, base, convert(y, x.dtype(), y.weak_type()));
}

}  // namespace

Array power(const Array& x, const Array& y) {
  if (const auto n = static_exponent(y)) return static_power(x, *n);
  if (is_inexact(x.dtype()) && is_integer(y.dtype())) return mixed_power(x, y);
  const Array given[] = {x, y};
  const auto type = result_type(given, "power");
  if (!is_inexact(type.dtype)) return promoted_numeric("power", integer_power, x, y);
  return promoted("power", lax::pow, x, y);
}

}  // namespace fluxion
