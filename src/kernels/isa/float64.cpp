#include "kernels/isa/float_kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

Kernel float64_kernel(ir::Op op, unsigned scalar_mask) { return float_kernel<double>(op, scalar_mask); }

}  // namespace fluxion::kernels::FLUXION_ISA
