// What the sources compiled for one instruction set offer each other; the table is put together from it.
#pragma once

#include "kernels/eval/batch.hpp"
#include "kernels/isa.hpp"

namespace fluxion::kernels {

using RowReduction = void (*)(void* out, const void* in, std::size_t n, std::size_t width);
using ColumnReduction = void (*)(void* out, const void* in, std::size_t rows, std::ptrdiff_t row_stride, std::size_t n);

}  // namespace fluxion::kernels

/// Complex numbers have one code for all instruction sets.
namespace fluxion::kernels::isa_baseline {

Kernel complex_kernel(ir::Op op, DType t, unsigned scalar_mask);
/// ir::Op::complex, of parts of dtype `t`.
Kernel joining_kernel(DType t, unsigned scalar_mask);
RowReduction complex_rows(ir::ReduceOp op, DType t);
ColumnReduction complex_columns(ir::ReduceOp op, DType t);

}  // namespace fluxion::kernels::isa_baseline

namespace fluxion::kernels::FLUXION_ISA {

Kernel float32_kernel(ir::Op op, unsigned scalar_mask);
Kernel float64_kernel(ir::Op op, unsigned scalar_mask);
Kernel int32_kernel(ir::Op op, bool is_signed, unsigned scalar_mask);
Kernel int64_kernel(ir::Op op, bool is_signed, unsigned scalar_mask);
Kernel bool_kernel(ir::Op op, unsigned scalar_mask);
/// Integers of 8 and 16 bits; halves.
Kernel narrow_kernel(ir::Op op, DType t, unsigned scalar_mask);
Kernel half_kernel(ir::Op op, DType t, unsigned scalar_mask);

Kernel convert_kernel(DType from, DType to);
Kernel iota_kernel(DType t);
Kernel threefry_kernel(unsigned scalar_mask);

RowReduction row_reduction(ir::ReduceOp op, DType t);
ColumnReduction column_reduction(ir::ReduceOp op, DType t);
FoldedReductions folded_reductions(ir::ReduceOp op, DType t, Folded f);

ChainCode chain_code(ir::Op op, DType t, ChainForm form);
ChainCode chain_move(ChainMove move, std::size_t itemsize);
ChainCode chain_fold(ir::ReduceOp op, DType t, bool columns);
Kernel chain_kernel(std::size_t itemsize);

PlainGemm plain_gemm(DType t);
const FloatGemm& float_gemm(DType t);
Batched batched_kernels(DType t);
Factors factor_kernels(DType t);
WindowedGemm windowed_kernels(DType t);
const FftKernels& fft_kernels(bool is_double);
const RowsKernels& rows_kernels();
PrefixSum prefix_sum_kernel(DType t);
Reordering reordering_kernels(std::size_t itemsize);

}  // namespace fluxion::kernels::FLUXION_ISA
