// The tags of elementwise operations and reductions: what a kernel computes, and nothing else.
#pragma once

#include <cstdint>
#include <string_view>

#include <fluxion/dtype.hpp>

namespace fluxion::ir {

/// One elementwise operation. The name is the jaxpr name; the arithmetic is in src/kernels/eval.
enum class Op : std::uint8_t {
  // one operand
  ceil, round_half_away, round_half_even, exp2, rsqrt, square, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh,
  erfc, lgamma, digamma, population_count, clz,
  is_finite,  // bool result
  neg, abs, sign, floor, exp, expm1, log, log1p, sqrt, cbrt, sin, cos, tanh, logistic, erf, erf_inv, not_,
  // parts of complex numbers
  real, imag, conj,
  // two operands
  add, sub, mul, div, atan2, nextafter, polygamma, rem, max, min, pow, and_, or_, xor_,
  shift_left, shift_right_logical, shift_right_arithmetic,
  complex,
  // two operands, bool result
  eq, ne, lt, le, gt, ge,
  // select(pred, on_false, on_true): three operands, the first bool; clamp(min, x, max)
  select, clamp,
  count_,
};

constexpr int arity(Op op) { return op < Op::add ? 1 : op < Op::select ? 2 : 3; }
/// Has a bool result.
constexpr bool is_comparison(Op op) { return (op >= Op::eq && op <= Op::ge) || op == Op::is_finite; }
/// The result's dtype, from that of the operands (for select, of the two branches).
constexpr DType result_dtype(Op op, DType t) {
  if (is_comparison(op)) return DType::bool_;
  if (op == Op::real || op == Op::imag || op == Op::abs) return real_part(t);
  return op == Op::complex ? with_parts(t) : t;
}
std::string_view name(Op op);

/// What a reduction folds with.
enum class ReduceOp : std::uint8_t { sum, max, min, prod, and_, or_, xor_ };
std::string_view name(ReduceOp op);

}  // namespace fluxion::ir
