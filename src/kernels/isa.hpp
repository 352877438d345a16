// Which instruction sets the kernels were built for, and what each offers beyond the public table.
#pragma once

#include <string_view>

#include "kernels/fft.hpp"
#include "kernels/kernels.hpp"
#include "kernels/prefix.hpp"
#include "kernels/rows.hpp"
#include "kernels/substitution.hpp"

namespace fluxion::kernels {

/// Matrix products of integers and bools by one instruction set; null for other dtypes.
struct PlainGemm {
  Gemm rows = nullptr;    // B has contiguous rows: b_col = 1
  Gemm inner = nullptr;   // one column: n = 1, a_col = 1, b_row = 1
};

/// Where kernels take memory for packed operands from.
struct Memory {
  void* (*allocate)(std::size_t bytes);
  void (*free)(void* p, std::size_t bytes) noexcept;
};
/// Matrix products of float32 or float64.
struct FloatGemm {
  void (*products)(const GemmArgs&, const Memory&);  // any strides, any batch
  Gemm row;                                          // one row: m = 1, b_col = 1; no batch
  Gemm inner;                                        // one column: n = 1, a_col = 1, b_row = 1; no batch
};

/// to[column][row] = from[row][column]; elements of a row follow one another, rows are bytes apart.
struct Transposed {
  void* to;
  const void* from;
  std::ptrdiff_t to_row, from_row;
  std::size_t rows, columns;  // of the source
};

/// Elements in another order; null for sizes that have no such kernel.
struct Reordering {
  void (*transpose)(const Transposed&) = nullptr;
  /// to[i] = from[-i].
  void (*reverse)(void* to, const void* from, std::size_t n) = nullptr;
};

struct Isa {
  Table table;
  PlainGemm (*plain_gemm)(DType);
  const FloatGemm& (*float_gemm)(DType);  // float32, float64
  Batched (*batched)(DType);
  Factors (*factors)(DType);
  WindowedGemm (*windowed)(DType);
  const FftKernels& (*fft)(bool is_double);
  const RowsKernels& (*rows)();
  PrefixSum (*prefix_sum)(DType);
  Reordering (*reordering)(std::size_t itemsize);
};

namespace isa_baseline { extern const Isa isa; }
namespace isa_avx2 { extern const Isa isa; }
namespace isa_avx512 { extern const Isa isa; }

/// Every instruction set by name, best last.
inline constexpr std::string_view isa_names[] = {"baseline", "avx2", "avx512"};

/// Null when the name is unknown or this machine lacks the instructions.
const Isa* isa_for(std::string_view name);
const Table* table_for(std::string_view name);

/// What `table()` belongs to.
const Isa& isa();

}  // namespace fluxion::kernels
