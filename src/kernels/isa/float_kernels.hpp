// Which function an operation is on float32 and float64.
#pragma once

#include "kernels/eval/arithmetic.hpp"
#include "kernels/eval/error_function.hpp"
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
