// Which function an operation is on integers of one width. Where the sign does not matter, both share code.
#pragma once

#include "kernels/eval/arithmetic.hpp"
#include "kernels/eval/integer.hpp"
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/loops.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class T> Kernel ordered_kernel(ir::Op op, unsigned mask) {
  using ir::Op;
  switch (op) {
    case Op::abs: return unary<integer::Abs, T>();
    case Op::sign: return unary<integer::Sign, T>();
    case Op::div: return binary<integer::Div, T>(mask);
    case Op::rem: return binary<integer::Rem, T>(mask);
    case Op::max: return binary<integer::Max, T>(mask);
    case Op::clamp: return ternary<integer::Clamp, T>(mask);
    case Op::min: return binary<integer::Min, T>(mask);
    case Op::lt: return comparison<integer::Lt, T>(mask);
    case Op::le: return comparison<integer::Le, T>(mask);
    case Op::gt: return comparison<integer::Gt, T>(mask);
    case Op::ge: return comparison<integer::Ge, T>(mask);
    default: return nullptr;
  }
}

template <class Signed, class Unsigned> Kernel integer_kernel(ir::Op op, bool is_signed, unsigned mask) {
  using ir::Op;
  switch (op) {
    case Op::neg: return unary<integer::Neg, Unsigned>();
    case Op::not_: return unary<integer::Not, Unsigned>();
    case Op::square: return unary<integer::Square, Unsigned>();
    case Op::population_count: return unary<integer::PopulationCount, Unsigned>();
    case Op::clz: return unary<integer::LeadingZeros, Unsigned>();
    case Op::add: return binary<integer::Add, Unsigned>(mask);
    case Op::sub: return binary<integer::Sub, Unsigned>(mask);
    case Op::mul: return binary<integer::Mul, Unsigned>(mask);
    case Op::and_: return binary<integer::And, Unsigned>(mask);
    case Op::or_: return binary<integer::Or, Unsigned>(mask);
    case Op::xor_: return binary<integer::Xor, Unsigned>(mask);
    case Op::shift_left: return binary<integer::ShiftLeft, Unsigned>(mask);
    case Op::shift_right_logical: return binary<integer::ShiftRightLogical, Unsigned>(mask);
    case Op::shift_right_arithmetic: return binary<integer::ShiftRightArithmetic, Unsigned>(mask);
    case Op::eq: return comparison<integer::Eq, Unsigned>(mask);
    case Op::ne: return comparison<integer::Ne, Unsigned>(mask);
    case Op::select: return selection<Select, Flags<Unsigned>, Unsigned>(mask);
    default: return is_signed ? ordered_kernel<Signed>(op, mask) : ordered_kernel<Unsigned>(op, mask);
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
