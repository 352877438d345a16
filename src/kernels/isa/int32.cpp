#include "kernels/isa/integer_kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

Kernel int32_kernel(ir::Op op, bool is_signed, unsigned scalar_mask) {
  return integer_kernel<std::int32_t, std::uint32_t>(op, is_signed, scalar_mask);
}

Kernel bool_kernel(ir::Op op, unsigned scalar_mask) {
  using ir::Op;
  using T = std::uint8_t;
  switch (op) {
    case Op::not_: return unary<boolean::Not, T>();
    case Op::and_: case Op::min: return binary<boolean::And, T>(scalar_mask);
    case Op::or_: case Op::max: return binary<boolean::Or, T>(scalar_mask);
    case Op::xor_: case Op::ne: return binary<boolean::Xor, T>(scalar_mask);
    case Op::eq: return binary<boolean::Eq, T>(scalar_mask);
    case Op::lt: return binary<boolean::Lt, T>(scalar_mask);
    case Op::le: return binary<boolean::Le, T>(scalar_mask);
    case Op::gt: return binary<boolean::Gt, T>(scalar_mask);
    case Op::ge: return binary<boolean::Ge, T>(scalar_mask);
    case Op::clamp: return ternary<boolean::Clamp, T>(scalar_mask);
    case Op::select: return selection<boolean::Select, Values<T>, T>(scalar_mask);
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
