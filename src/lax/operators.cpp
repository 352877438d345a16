// The operators of Array: promotion and broadcasting in front of lax.
#include <fluxion/array.hpp>
#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

bool is_bool(const Array& x) { return x.dtype() == bool_; }

Array add_any(const Array& a, const Array& b) { return is_bool(a) ? lax::bitwise_or(a, b) : lax::add(a, b); }
Array mul_any(const Array& a, const Array& b) { return is_bool(a) ? lax::bitwise_and(a, b) : lax::mul(a, b); }

// The remainder has the divisor's sign, as Python's; integers modulo 0 give 0, as jax.numpy.remainder.
Array python_remainder(const Array& a, const Array& b) {
  const auto zero = literal(b, 0);
  const auto divisor = is_integer(b.dtype()) ? lax::select_n(lax::eq(b, zero), b, literal(b, 1)) : b;
  const auto rem = lax::rem(a, divisor);
  const auto wrong_sign = lax::ne(lax::lt(rem, zero), lax::lt(divisor, zero));
  const auto fix = lax::bitwise_and(wrong_sign, lax::ne(rem, zero));
  return lax::select_n(fix, rem, lax::add(rem, divisor));
}

Array shift_right(const Array& a, const Array& b) {
  return is_unsigned_integer(a.dtype()) ? lax::shift_right_logical(a, b) : lax::shift_right_arithmetic(a, b);
}

// Keys are equal if both their words are.
Array equal_keys(const char* op, const Array& a, const Array& b) {
  Array pair[] = {a, b};
  broadcast_operands(op, pair, true);
  const auto shape = pair[0].shape();
  const auto equal = lax::eq(lax::random_unwrap(pair[0]), lax::random_unwrap(pair[1]));
  const auto word = [&](std::int64_t i) {
    Dims start(shape.size() + 1, 0), limit = equal.shape();
    start[shape.size()] = i;
    limit[shape.size()] = i + 1;
    return lax::reshape(lax::slice(equal, start, limit), shape);
  };
  return lax::bitwise_and(word(0), word(1));
}

bool both_keys(const Array& a, const Array& b) { return is_key(a.dtype()) && is_key(b.dtype()); }

}  // namespace

Array operator-(const Array& x) { return lax::neg(x); }
Array operator~(const Array& x) { return lax::bitwise_not(x); }
Array operator!(const Array& x) { return is_bool(x) ? lax::bitwise_not(x) : lax::eq(x, literal(x, 0)); }

Array operator+(const Array& a, const Array& b) { return promoted("add", add_any, a, b); }
Array operator-(const Array& a, const Array& b) { return promoted("sub", lax::sub, a, b); }
Array operator*(const Array& a, const Array& b) { return promoted("mul", mul_any, a, b); }
Array operator/(const Array& a, const Array& b) { return promoted_inexact("div", lax::div, a, b); }
Array operator%(const Array& a, const Array& b) { return promoted_numeric("rem", python_remainder, a, b); }
Array operator&(const Array& a, const Array& b) { return promoted("and", lax::bitwise_and, a, b); }
Array operator|(const Array& a, const Array& b) { return promoted("or", lax::bitwise_or, a, b); }
Array operator^(const Array& a, const Array& b) { return promoted("xor", lax::bitwise_xor, a, b); }
Array operator<<(const Array& a, const Array& b) {
  return promoted_numeric("shift_left", lax::shift_left, a, b);
}
Array operator>>(const Array& a, const Array& b) {
  const bool logical = !a.is_empty_handle() && is_unsigned_integer(a.dtype());
  return promoted_numeric(logical ? "shift_right_logical" : "shift_right_arithmetic", shift_right, a, b);
}

Array operator==(const Array& a, const Array& b) {
  return both_keys(a, b) ? equal_keys("eq", a, b) : promoted("eq", lax::eq, a, b);
}
Array operator!=(const Array& a, const Array& b) {
  return both_keys(a, b) ? lax::bitwise_not(equal_keys("ne", a, b)) : promoted("ne", lax::ne, a, b);
}
Array operator<(const Array& a, const Array& b) { return promoted("lt", lax::lt, a, b); }
Array operator<=(const Array& a, const Array& b) { return promoted("le", lax::le, a, b); }
Array operator>(const Array& a, const Array& b) { return promoted("gt", lax::gt, a, b); }
Array operator>=(const Array& a, const Array& b) { return promoted("ge", lax::ge, a, b); }

}  // namespace fluxion
