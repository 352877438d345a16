// Floating numbers taken apart: signs, neighbours, exponents; and bits of integers.
#include <fluxion/ufuncs.hpp>

#include <cmath>
#include <limits>

#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

/// How a floating dtype stores its numbers.
struct Format {
  DType bits;
  int mantissa, exponent_bits;
  double tiny;  // the least normal number
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
};
Format format_of(DType t) {
  switch (t) {
    case DType::bfloat16: return {int16, 7, 8, 0x1p-126};
    case DType::float16: return {int16, 10, 5, 0x1p-14};
    case DType::float32: return {int32, 23, 8, 0x1p-126};
    default: return {int64, 52, 11, 0x1p-1022};
  }
}

Array infinity(const Array& x) { return literal(x, std::numeric_limits<double>::infinity()); }
Array smallest(const Array& x) {
  const auto f = format_of(x.dtype());
  return literal(x, std::ldexp(f.tiny, -f.mantissa));
}

Array nowhere(const Array& x) {
  const auto no = scalar(false);
  return x.ndim() == 0 ? no : lax::full(x.shape(), no);
}

Array real_operand(const char* op, const Array& x) {
  require_value(op, x);
  if (is_complex(x.dtype()))
    throw TypeError(text(op, ": operands must be real, got ", x.aval(), "; take fx::real and fx::imag of it"));
  if (!is_floating(x.dtype()) && !is_integer(x.dtype()) && x.dtype() != bool_) throw_no_number(op, x.dtype());
  return x;
}

Array copysign_same(const Array& x, const Array& y) {
  const auto magnitude = lax::abs(x);
  return lax::select_n(signbit(y), magnitude, lax::neg(magnitude));
}

}  // namespace

Array signbit(const Array& x) {
  real_operand("signbit", x);
  if (is_integer(x.dtype())) return lax::lt(x, literal(x, 0));
  if (x.dtype() == bool_) return nowhere(x);
  const auto bits = lax::bitcast_convert_type(x, format_of(x.dtype()).bits);
  return lax::lt(bits, literal(bits, 0));
}

Array copysign(const Array& x, const Array& y) {
  return promoted_inexact("copysign", copysign_same, real_operand("copysign", x), real_operand("copysign", y));
}

Array nextafter(const Array& x, const Array& y) { return promoted_inexact("nextafter", lax::nextafter, x, y); }

Array spacing(const Array& x) {
  const auto f = promote_inexact(real_operand("spacing", x));
  const auto away = copysign(infinity(f), f);
  const auto step = lax::sub(lax::nextafter(f, away), f);
  const auto none = lax::eq(step, literal(step, 0));
  return lax::select_n(none, step, copysign(smallest(f), f));
}

std::pair<Array, Array> modf(const Array& x) {
  const auto f = promote_inexact(real_operand("modf", x));
  const auto whole = lax::select_n(lax::ge(f, literal(f, 0)), lax::ceil(f), lax::floor(f));
  return {lax::sub(f, whole), whole};
}

namespace {

// 2^n for whole n with a normal result.
Array power_of_two(const Array& n, DType t) {
  const auto f = format_of(t);
  const auto biased = lax::add(n, literal(n, f.bias()));
  return lax::bitcast_convert_type(lax::shift_left(biased, literal(biased, f.mantissa)), t);
}
// Division by 2, rounded down.
Array half(const Array& n) { return lax::shift_right_arithmetic(n, literal(n, 1)); }

struct Parts {
  Array mantissa, exponent;  // the exponent as the integer of the dtype's size
  Array plain;               // what is finite and not 0
};

// The exponent comes from the bits and has no derivative; the mantissa is x times powers of two, which is exact.
Parts parts_of(const Array& x) {
  const auto f = format_of(x.dtype());
  const auto magnitude = lax::stop_gradient(lax::abs(x));
  const auto plain = lax::bitwise_and(lax::gt(magnitude, literal(x, 0)), lax::lt(magnitude, infinity(x)));
  const auto small = lax::lt(magnitude, literal(x, f.tiny));
  const auto up = literal(x, std::ldexp(1.0, f.mantissa));
  const auto bits = lax::bitcast_convert_type(lax::select_n(small, magnitude, lax::mul(magnitude, up)), f.bits);
  const auto raw = lax::shift_right_arithmetic(bits, literal(bits, f.mantissa));
  const auto zero = literal(bits, 0);
  const auto offset = lax::select_n(small, literal(bits, f.bias() - 1), literal(bits, f.bias() - 1 + f.mantissa));
  const auto exponent = lax::select_n(plain, zero, lax::sub(raw, offset));
  const auto down = lax::neg(exponent), first = half(down);
  const auto t = x.dtype();
  const auto scaled = lax::mul(lax::mul(x, power_of_two(first, t)), power_of_two(lax::sub(down, first), t));
  return {lax::select_n(plain, x, scaled), exponent, plain};
}

}  // namespace

std::pair<Array, Array> frexp(const Array& x) {
  const auto f = promote_inexact(real_operand("frexp", x));
  const auto p = parts_of(f);
  return {p.mantissa, lax::convert_element_type(p.exponent, int32)};
}

Array ldexp(const Array& x, const Array& n) {
  real_operand("ldexp", x);
  require_value("ldexp", n);
  if (!is_integer(n.dtype()) && n.dtype() != bool_)
    throw TypeError(text("ldexp: the exponent must be integers, got ", n.aval(), "; convert with astype(fx::int32)"));
  const auto f = promote_inexact(x);
  const auto format = format_of(f.dtype());
  // Beyond these exponents every number has overflowed or vanished.
  const auto reach = 2.0 * (format.bias() + format.mantissa + 1);
  const auto wide = itemsize(n.dtype()) < 4 ? convert(n, int32) : n;
  const auto lowest_step = literal(wide, is_unsigned_integer(wide.dtype()) ? 0 : -reach);
  const auto bounded = lax::clamp(lowest_step, wide, literal(wide, reach));
  Array both[] = {f, lax::convert_element_type(bounded, format.bits)};
  broadcast_operands("ldexp", both, true);
  const auto p = parts_of(both[0]);
  // The first factor is exact, the second rounds once.
  const auto e = lax::add(p.exponent, both[1]), lowest = literal(e, -reach / 2), highest = literal(e, reach / 2);
  const auto inside = lax::clamp(lowest, e, highest), first = half(inside);
  const auto t = f.dtype();
  const auto scaled = lax::mul(lax::mul(p.mantissa, power_of_two(first, t)), power_of_two(lax::sub(inside, first), t));
  return lax::select_n(p.plain, both[0], scaled);
}

Array isposinf(const Array& x) {
  return is_floating(real_operand("isposinf", x).dtype()) ? lax::eq(x, infinity(x)) : nowhere(x);
}
Array isneginf(const Array& x) {
  return is_floating(real_operand("isneginf", x).dtype()) ? lax::eq(x, lax::neg(infinity(x))) : nowhere(x);
}

Array bitwise_count(const Array& x) {
  require_value("bitwise_count", x);
  if (!is_integer(x.dtype()) && x.dtype() != bool_)
    throw TypeError(text("bitwise_count: the operand must be integers or bool, got ", x.aval(),
                         "; convert with astype"));
  const auto integers = x.dtype() == bool_ ? convert(x, int32) : x;
  return lax::convert_element_type(lax::population_count(abs(integers)), uint8);
}

}  // namespace fluxion
