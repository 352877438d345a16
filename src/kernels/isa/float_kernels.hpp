// Which function an operation is on float32 and float64.
#pragma once

#include "kernels/eval/arithmetic.hpp"
#include "kernels/eval/error_function.hpp"
#include "kernels/eval/gamma.hpp"
#include "kernels/eval/hyperbolic.hpp"
#include "kernels/eval/inverse_trigonometric.hpp"
#include "kernels/eval/power.hpp"
#include "kernels/eval/trigonometric.hpp"
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/loops.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class T> Kernel float_kernel(ir::Op op, unsigned mask) {
  using ir::Op;
  switch (op) {
    case Op::neg: return unary<Neg, T>();
    case Op::abs: return unary<Abs, T>();
    case Op::sign: return unary<Sign, T>();
    case Op::floor: return unary<Floor, T>();
    case Op::exp: return unary<Exp, T>();
    case Op::expm1: return unary<Expm1, T>();
    case Op::log: return unary<Log, T>();
    case Op::log1p: return unary<Log1p, T>();
    case Op::sqrt: return unary<Sqrt, T>();
    case Op::cbrt: return unary<Cbrt, T>();
    case Op::sin: return unary<Sin, T>();
    case Op::cos: return unary<Cos, T>();
    case Op::tanh: return unary<Tanh, T>();
    case Op::logistic: return unary<Logistic, T>();
    case Op::erf: return unary<Erf, T>();
    case Op::erf_inv: return unary<ErfInv, T>();
    case Op::ceil: return unary<Ceil, T>();
    case Op::round_half_away: return unary<RoundHalfAway, T>();
    case Op::round_half_even: return unary<RoundHalfEven, T>();
    case Op::exp2: return unary<Exp2, T>();
    case Op::rsqrt: return unary<Rsqrt, T>();
    case Op::square: return unary<Square, T>();
    case Op::tan: return unary<Tan, T>();
    case Op::asin: return unary<Asin, T>();
    case Op::acos: return unary<Acos, T>();
    case Op::atan: return unary<Atan, T>();
    case Op::sinh: return unary<Sinh, T>();
    case Op::cosh: return unary<Cosh, T>();
    case Op::asinh: return unary<Asinh, T>();
    case Op::acosh: return unary<Acosh, T>();
    case Op::atanh: return unary<Atanh, T>();
    case Op::erfc: return unary<Erfc, T>();
    case Op::lgamma: return unary<Lgamma, T>();
    case Op::digamma: return unary<Digamma, T>();
    case Op::is_finite: return predicate<IsFinite, T>();
    case Op::atan2: return binary<Atan2, T>(mask);
    case Op::nextafter: return binary<NextAfter, T>(mask);
    case Op::polygamma: return binary<Polygamma, T>(mask);
    case Op::clamp: return ternary<Clamp, T>(mask);
    case Op::add: return binary<Add, T>(mask);
    case Op::sub: return binary<Sub, T>(mask);
    case Op::mul: return binary<Mul, T>(mask);
    case Op::div: return binary<Div, T>(mask);
    case Op::rem: return binary<Rem, T>(mask);
    case Op::max: return binary<Max, T>(mask);
    case Op::min: return binary<Min, T>(mask);
    case Op::pow: return binary<Pow, T>(mask);
    case Op::eq: return comparison<Eq, T>(mask);
    case Op::ne: return comparison<Ne, T>(mask);
    case Op::lt: return comparison<Lt, T>(mask);
    case Op::le: return comparison<Le, T>(mask);
    case Op::gt: return comparison<Gt, T>(mask);
    case Op::ge: return comparison<Ge, T>(mask);
    case Op::select: return selection<Select, Flags<T>, T>(mask);
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
