#include "kernels/eval/narrow.hpp"
#include "kernels/isa/blocks.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <class T> Kernel kernel_of(ir::Op op, unsigned mask) {
  using ir::Op;
  using Flag = std::uint8_t;
  switch (op) {
    case Op::neg: return unary_blocks<narrow::Neg, T, T>();
    case Op::not_: return unary_blocks<narrow::Not, T, T>();
    case Op::abs: return unary_blocks<narrow::Abs, T, T>();
    case Op::sign: return unary_blocks<narrow::Sign, T, T>();
    case Op::square: return unary_blocks<narrow::Square, T, T>();
    case Op::population_count: return unary_blocks<narrow::PopulationCount, T, T>();
    case Op::clz: return unary_blocks<narrow::LeadingZeros, T, T>();
    case Op::clamp: return ternary_blocks<narrow::Clamp, T>(mask);
    case Op::add: return binary_blocks<narrow::Add, T, T>(mask);
    case Op::sub: return binary_blocks<narrow::Sub, T, T>(mask);
    case Op::mul: return binary_blocks<narrow::Mul, T, T>(mask);
    case Op::div: return binary_blocks<narrow::Div, T, T>(mask);
    case Op::rem: return binary_blocks<narrow::Rem, T, T>(mask);
    case Op::max: return binary_blocks<narrow::Max, T, T>(mask);
    case Op::min: return binary_blocks<narrow::Min, T, T>(mask);
    case Op::and_: return binary_blocks<narrow::And, T, T>(mask);
    case Op::or_: return binary_blocks<narrow::Or, T, T>(mask);
    case Op::xor_: return binary_blocks<narrow::Xor, T, T>(mask);
    case Op::shift_left: return binary_blocks<narrow::ShiftLeft, T, T>(mask);
    case Op::shift_right_logical: return binary_blocks<narrow::ShiftRightLogical, T, T>(mask);
    case Op::shift_right_arithmetic: return binary_blocks<narrow::ShiftRightArithmetic, T, T>(mask);
    case Op::eq: return binary_blocks<narrow::Eq, Flag, T>(mask);
    case Op::ne: return binary_blocks<narrow::Ne, Flag, T>(mask);
    case Op::lt: return binary_blocks<narrow::Lt, Flag, T>(mask);
    case Op::le: return binary_blocks<narrow::Le, Flag, T>(mask);
    case Op::gt: return binary_blocks<narrow::Gt, Flag, T>(mask);
    case Op::ge: return binary_blocks<narrow::Ge, Flag, T>(mask);
    case Op::select: return select_blocks<T>(mask);
    default: return nullptr;
  }
}

}  // namespace

Kernel narrow_kernel(ir::Op op, DType t, unsigned mask) {
  switch (t) {
    case DType::int8: return kernel_of<std::int8_t>(op, mask);
    case DType::int16: return kernel_of<std::int16_t>(op, mask);
    case DType::uint8: return kernel_of<std::uint8_t>(op, mask);
    case DType::uint16: return kernel_of<std::uint16_t>(op, mask);
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
