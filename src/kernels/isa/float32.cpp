#include "kernels/isa/float_kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

Kernel float32_kernel(ir::Op op, unsigned scalar_mask) { return float_kernel<float>(op, scalar_mask); }

}  // namespace fluxion::kernels::FLUXION_ISA
