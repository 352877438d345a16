// One instruction set's table: which kernel stands for an operation and a dtype.
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

Kernel elementwise(ir::Op op, DType t, unsigned scalar_mask) {
  if (op == ir::Op::complex) return isa_baseline::joining_kernel(t, scalar_mask);
  switch (t) {
    case DType::bool_: return bool_kernel(op, scalar_mask);
    case DType::int32: return int32_kernel(op, true, scalar_mask);
    case DType::int64: return int64_kernel(op, true, scalar_mask);
    case DType::uint32: return int32_kernel(op, false, scalar_mask);
    case DType::uint64: return int64_kernel(op, false, scalar_mask);
    case DType::int8: case DType::int16: case DType::uint8: case DType::uint16: return narrow_kernel(op, t, scalar_mask);
    case DType::bfloat16: case DType::float16: return half_kernel(op, t, scalar_mask);
    case DType::complex64: case DType::complex128: return isa_baseline::complex_kernel(op, t, scalar_mask);
    case DType::float32: return float32_kernel(op, scalar_mask);
    case DType::float64: return float64_kernel(op, scalar_mask);
    case DType::key_fry: {
      // A key is opaque: it can be chosen and told apart, and nothing else.
      const bool allowed = op == ir::Op::select || op == ir::Op::eq || op == ir::Op::ne;
      return allowed ? int64_kernel(op, false, scalar_mask) : nullptr;
    }
    default: return nullptr;
  }
}

#define FLUXION_NAME_OF(name) FLUXION_NAME_TEXT(name)
#define FLUXION_NAME_TEXT(name) #name
constexpr std::string_view prefixed = FLUXION_NAME_OF(FLUXION_ISA);
constexpr std::string_view isa_name{prefixed.data() + sizeof("isa_") - 1, prefixed.size() - (sizeof("isa_") - 1)};

}  // namespace

constexpr Isa isa{
    {isa_name, &elementwise, &convert_kernel, &iota_kernel, &threefry_kernel, &row_reduction, &column_reduction,
     &folded_reductions, &chain_code, &chain_move, &chain_fold, &chain_kernel},
    &plain_gemm,
    &float_gemm,
    &batched_kernels,
    &factor_kernels,
    &windowed_kernels,
    &fft_kernels,
    &rows_kernels,
    &prefix_sum_kernel,
    &reordering_kernels};

}  // namespace fluxion::kernels::FLUXION_ISA
