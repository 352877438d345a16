// Arithmetic of two operands, integers' divisors, and what is told apart by cases.
#include <fluxion/control.hpp>
#include <fluxion/ufuncs.hpp>

#include <limits>
#include <utility>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

Array fabs(const Array& x) { return lax::abs(promote_inexact(x)); }

std::pair<Array, Array> divmod(const Array& x, const Array& y) {
  const Array operands[] = {x, y};
  const auto t = result_type(operands, "divmod");
  if (is_complex(t.dtype))
    throw TypeError(text("divmod: operands must be real, got ", x.aval(), " and ", y.aval(),
                         "; complex numbers have no order"));
  return {floor_divide(x, y), x % y};
}

namespace {

Array is_nan(const Array& x) { return lax::ne(x, x); }

Array fmax_same(const Array& x, const Array& y) {
  return lax::select_n(lax::bitwise_or(lax::gt(x, y), is_nan(y)), y, x);
}
Array fmin_same(const Array& x, const Array& y) {
  return lax::select_n(lax::bitwise_or(lax::lt(x, y), is_nan(y)), y, x);
}

Array heaviside_same(const Array& x, const Array& y) {
  const auto zero = literal(x, 0);
  return lax::select_n(lax::lt(x, zero), lax::select_n(lax::gt(x, zero), y, literal(x, 1)), zero);
}

using Pair = std::pair<Array, Array>;

// Euclid's algorithm on all elements at once; those that are done stay.
Array gcd_same(const Array& x, const Array& y) {
  const auto more = [](const Pair& p) { return any(p.second != 0); };
  const auto step = [](const Pair& p) {
    const auto& [a, b] = p;
    const auto zero = literal(b, 0);
    const auto done = lax::eq(b, zero);
    const auto rest = lax::rem(a, lax::select_n(done, b, literal(b, 1)));
    return Pair{lax::select_n(done, b, a), lax::select_n(done, rest, zero)};
  };
  const auto [divisor, zero] = while_loop(more, step, Pair{abs(x), abs(y)});
  return abs(divisor);
}

void require_integers(const char* op, const Array& x, const Array& y) {
  for (const auto& a : {x, y}) {
    require_value(op, a);
    if (!is_integer(a.dtype()))
      throw TypeError(text(op, ": operands must be integers, got ", x.aval(), " and ", y.aval(),
                           "; convert with astype(fx::int64)"));
  }
}

// Both of one dtype and, since they are carried by a loop, of one shape.
Pair integers(const char* op, const Array& x, const Array& y) {
  require_integers(op, x, y);
  auto both = promote(op, {x, y});
  for (auto& a : both) a = convert_strong(a, a.dtype());
  broadcast_operands(op, both, true);
  return {both[0], both[1]};
}

}  // namespace

Array fmax(const Array& x, const Array& y) { return promoted("fmax", fmax_same, x, y); }
Array fmin(const Array& x, const Array& y) { return promoted("fmin", fmin_same, x, y); }
Array heaviside(const Array& x, const Array& y) { return promoted_inexact("heaviside", heaviside_same, x, y); }

Array gcd(const Array& x, const Array& y) {
  const auto [a, b] = integers("gcd", x, y);
  return gcd_same(a, b);
}
Array lcm(const Array& x, const Array& y) {
  const auto [a, b] = integers("lcm", x, y);
  const auto divisor = gcd_same(a, b), zero = literal(divisor, 0);
  const auto none = lax::eq(divisor, zero);
  const auto quotient = lax::div(abs(b), lax::select_n(none, divisor, literal(divisor, 1)));
  return lax::select_n(none, lax::mul(abs(a), quotient), zero);
}

namespace {

double largest(DType t) {
  switch (t) {
    case DType::float16: return 65504;
    case DType::bfloat16: return 0x1.fep127;
    case DType::float32: return std::numeric_limits<float>::max();
    default: return std::numeric_limits<double>::max();
  }
}

Array with_numbers(const Array& x, const Array& nan, const Array& posinf, const Array& neginf) {
  const auto infinity = literal(x, std::numeric_limits<double>::infinity());
  auto out = where(is_nan(x), convert(nan, x.dtype(), x.weak_type()), x);
  out = where(lax::eq(out, infinity), convert(posinf, x.dtype(), x.weak_type()), out);
  return where(lax::eq(out, lax::neg(infinity)), convert(neginf, x.dtype(), x.weak_type()), out);
}

}  // namespace

Array nan_to_num(const Array& x, const Array& nan) {
  if (is_complex(x.dtype())) return lax::complex(nan_to_num(lax::real(x), nan), nan_to_num(lax::imag(x), nan));
  if (!is_floating(x.dtype())) return x;
  return with_numbers(x, nan, literal(x, largest(x.dtype())), literal(x, -largest(x.dtype())));
}
Array nan_to_num(const Array& x, const Array& nan, const Array& posinf, const Array& neginf) {
  if (is_complex(x.dtype()))
    return lax::complex(nan_to_num(lax::real(x), nan, posinf, neginf), nan_to_num(lax::imag(x), nan, posinf, neginf));
  return is_floating(x.dtype()) ? with_numbers(x, nan, posinf, neginf) : x;
}

}  // namespace fluxion
