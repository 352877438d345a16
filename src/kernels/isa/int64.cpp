#include "kernels/isa/integer_kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

Kernel int64_kernel(ir::Op op, bool is_signed, unsigned scalar_mask) {
  return integer_kernel<std::int64_t, std::uint64_t>(op, is_signed, scalar_mask);
}

}  // namespace fluxion::kernels::FLUXION_ISA
