// The rows. Tangent rules are written exactly as jax writes them, because their form decides the last digits.
#include <cmath>
#include <numbers>

#include <fluxion/complex.hpp>
#include <fluxion/lax/math.hpp>

#include "core/node.hpp"
#include "lax/elementwise.hpp"

namespace fluxion::lax {

namespace {

using T = const Tangent&;
using A = const Array&;
using ir::Op;

Array number(A like, double v) { return make_scalar(like.dtype(), v); }

// 1 where the operand attains the extremum, shared equally with the other operand at a tie.
Array balanced_eq(A x, A z, A y) {
  return select_n(eq(x, z), number(z, 0), number(z, 1)) / select_n(eq(y, z), number(z, 1), number(z, 2));
}
Array replace_zero(A x) { return select_n(x == 0, x, number(x, 1)); }

// Of complex numbers: the part of the tangent along x / |x|, with 1 for |x| = 0, where the derivative is 0.
Array abs_tangent(T j) {
  if (!is_complex(j.x.dtype())) return select_n(j.x >= 0, neg(j.t), j.t);
  return lax::real(mul(j.t, div(lax::conj(j.x), replace_zero(convert_element_type(j.ans, j.x.dtype())))));
}

Array same(A ct, A) { return ct; }
Array negated(A ct, A) { return neg(ct); }
Array times(A ct, A other) { return mul(ct, other); }

// The tangent where the condition holds, else zero.
Array kept(A condition, A t) { return select_n(condition, number(t, 0), t); }

[[noreturn]] Array no_step_derivative(T j) {
  throw UnsupportedError(text("nextafter: has no derivative, got tangents for ", j.ans.aval(),
                              "; take lax::stop_gradient of its operands"));
}
[[noreturn]] Array no_order_derivative(T j) {
  throw UnsupportedError(text("polygamma: has no derivative with respect to its order, got tangents for ", j.x.aval(),
                              "; take lax::stop_gradient of the order"));
}

constexpr double kTwoOverSqrtPi = 2.0 * std::numbers::inv_sqrtpi;
constexpr double kSqrtPiOverTwo = 0.5 / std::numbers::inv_sqrtpi;

const Row kRows[] = {
    {Op::ceil, Operands::floating},
    {Op::round_half_away, Operands::floating},
    {Op::round_half_even, Operands::floating},
    {Op::exp2, Operands::inexact, {[](T j) { return log(number(j.ans, 2)) * (j.t * j.ans); }}},
    {Op::rsqrt, Operands::inexact, {[](T j) { return j.t * (-0.5 * (j.ans / j.x)); }}},
    {Op::square, Operands::number, {[](T j) { return j.t * (number(j.x, 2) * j.x); }}},
    {Op::tan, Operands::inexact, {[](T j) { return j.t * (1.0 + square(j.ans)); }}},
    {Op::asin, Operands::inexact, {[](T j) { return j.t * rsqrt(1.0 - square(j.x)); }}},
    {Op::acos, Operands::inexact, {[](T j) { return j.t * neg(rsqrt(1.0 - square(j.x))); }}},
    {Op::atan, Operands::inexact, {[](T j) { return j.t / (1.0 + square(j.x)); }}},
    {Op::sinh, Operands::inexact, {[](T j) { return j.t * cosh(j.x); }}},
    {Op::cosh, Operands::inexact, {[](T j) { return j.t * sinh(j.x); }}},
    {Op::asinh, Operands::inexact, {[](T j) { return j.t * rsqrt(square(j.x) + 1.0); }}},
    {Op::acosh, Operands::inexact, {[](T j) { return j.t * rsqrt((j.x - 1.0) * (j.x + 1.0)); }}},
    {Op::atanh, Operands::inexact, {[](T j) { return reciprocal(1.0 + j.x) * (j.t / (1.0 - j.x)); }}},
    {Op::erfc, Operands::floating, {[](T j) { return -kTwoOverSqrtPi * (j.t * exp(neg(square(j.x)))); }}},
    {Op::lgamma, Operands::floating, {[](T j) { return j.t * digamma(j.x); }}},
    {Op::digamma, Operands::floating, {[](T j) { return j.t * polygamma(number(j.x, 1), j.x); }}},
    {Op::population_count, Operands::integer},
    {Op::clz, Operands::integer},
    {Op::is_finite, Operands::floating},

    {Op::neg, Operands::number, {[](T j) { return neg(j.t); }}, {negated}, Algebra::linear},
    {Op::abs, Operands::number, {abs_tangent}},
    {Op::sign, Operands::number},
    {Op::floor, Operands::floating},
    {Op::exp, Operands::inexact, {[](T j) { return j.t * j.ans; }}},
    {Op::expm1, Operands::inexact, {[](T j) { return j.t * (j.ans + 1.0); }}},
    {Op::log, Operands::inexact, {[](T j) { return j.t / j.x; }}},
    {Op::log1p, Operands::inexact, {[](T j) { return j.t / (j.x + 1.0); }}},
    {Op::sqrt, Operands::inexact, {[](T j) { return j.t * (0.5 / j.ans); }}},
    {Op::cbrt, Operands::floating, {[](T j) { return j.t * ((1.0 / 3.0) * integer_pow(j.ans, -2)); }}},
    {Op::sin, Operands::inexact, {[](T j) { return j.t * cos(j.x); }}},
    {Op::cos, Operands::inexact, {[](T j) { return neg(j.t * sin(j.x)); }}},
    {Op::tanh, Operands::inexact, {[](T j) { return (j.t + j.t * j.ans) * (1.0 - j.ans); }}},
    {Op::logistic, Operands::inexact, {[](T j) { return j.t * (j.ans * (1.0 - j.ans)); }}},
    {Op::erf, Operands::floating, {[](T j) { return kTwoOverSqrtPi * (j.t * exp(neg(integer_pow(j.x, 2)))); }}},
    {Op::erf_inv, Operands::floating, {[](T j) { return kSqrtPiOverTwo * (j.t * exp(integer_pow(j.ans, 2))); }}},
    {Op::not_, Operands::bits},

    {Op::real, Operands::complex, {[](T j) { return lax::real(j.t); }},
     {[](A ct, A) { return lax::complex(ct, number(ct, 0)); }}, Algebra::linear},
    {Op::imag, Operands::complex, {[](T j) { return lax::imag(j.t); }},
     {[](A ct, A) { return lax::complex(number(ct, 0), neg(ct)); }}, Algebra::linear},
    {Op::conj, Operands::complex, {[](T j) { return lax::conj(j.t); }}, {[](A ct, A) { return lax::conj(ct); }}, Algebra::linear},

    {Op::add, Operands::number, {[](T j) { return j.t; }, [](T j) { return j.t; }}, {same, same}, Algebra::linear},
    {Op::sub, Operands::number, {[](T j) { return j.t; }, [](T j) { return neg(j.t); }}, {same, negated}, Algebra::linear},
    {Op::mul, Operands::number, {[](T j) { return j.t * j.y; }, [](T j) { return j.x * j.t; }}, {times, times},
     Algebra::bilinear},
    {Op::div, Operands::number,
     {[](T j) { return j.t / j.y; }, [](T j) { return (neg(j.t) * j.x) * integer_pow(j.y, -2); }},
     {[](A ct, A other) { return div(ct, other); }}, Algebra::quotient},
    {Op::atan2, Operands::floating,
     {[](T j) { return j.t * (j.y / (square(j.x) + square(j.y))); },
      [](T j) { return j.t * (neg(j.x) / (square(j.x) + square(j.y))); }}},
    {Op::nextafter, Operands::floating, {no_step_derivative, no_step_derivative}},
    {Op::polygamma, Operands::floating,
     {no_order_derivative, [](T j) { return j.t * polygamma(j.x + 1.0, j.y); }}},
    {Op::rem, Operands::real,
     {[](T j) { return j.t; }, [](T j) { return neg(j.t) * (sign(j.x / j.y) * floor(abs(j.x / j.y))); }}},
    {Op::max, Operands::comparable,
     {[](T j) { return j.t * balanced_eq(j.x, j.ans, j.y); }, [](T j) { return j.t * balanced_eq(j.y, j.ans, j.x); }}},
    {Op::min, Operands::comparable,
     {[](T j) { return j.t * balanced_eq(j.x, j.ans, j.y); }, [](T j) { return j.t * balanced_eq(j.y, j.ans, j.x); }}},
    {Op::pow, Operands::inexact,
     {[](T j) { return j.t * (j.y * pow(j.x, j.y - 1.0)); }, [](T j) { return j.t * (log(replace_zero(j.x)) * j.ans); }}},

    {Op::and_, Operands::bits},
    {Op::or_, Operands::bits},
    {Op::xor_, Operands::bits},
    {Op::shift_left, Operands::integer},
    {Op::shift_right_logical, Operands::integer},
    {Op::shift_right_arithmetic, Operands::integer},
    {Op::complex, Operands::parts,
     {[](T j) { return lax::complex(j.t, number(j.t, 0)); }, [](T j) { return lax::complex(number(j.t, 0), j.t); }},
     {[](A ct, A) { return lax::real(ct); }, [](A ct, A) { return lax::imag(neg(ct)); }}, Algebra::linear},

    {Op::eq, Operands::any},
    {Op::ne, Operands::any},
    {Op::lt, Operands::ordered},
    {Op::le, Operands::ordered},
    {Op::gt, Operands::ordered},
    {Op::ge, Operands::ordered},
    {Op::select, Operands::any},
    // The operand has a derivative strictly inside the bounds only, a bound where it is what comes out.
    {Op::clamp, Operands::ordered,
     {[](T j) { return kept(bitwise_and(gt(j.x, j.y), lt(j.x, j.z)), j.t); },
      [](T j) { return kept(bitwise_and(gt(j.y, j.x), lt(j.y, j.z)), j.t); },
      [](T j) { return kept(lt(j.z, j.y), j.t); }}},
};

static_assert(std::size(kRows) == static_cast<std::size_t>(Op::count_), "every ir::Op has one row, in its order");

}  // namespace

const Row& row(Op op) { return kRows[static_cast<std::size_t>(op)]; }

}  // namespace fluxion::lax
