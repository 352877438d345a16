// Which instruction sets the kernels were built for, and what each offers beyond the public table.
#pragma once

#include <string_view>

#include "kernels/kernels.hpp"

namespace fluxion::kernels {

/// Matrix products of integers and bools by one instruction set; null for other dtypes.
struct PlainGemm {
  Gemm rows = nullptr;    // B has contiguous rows: b_col = 1
  Gemm inner = nullptr;   // one column: n = 1, a_col = 1, b_row = 1
};

/// Terms of a product's element that are summed before they are added to it: part of what its bits are.
inline constexpr std::size_t product_chunk = 256;

/// Matrix products of float32 or float64.
struct FloatGemm {
  void (*products)(const GemmArgs&, void* workspace);  // any strides, any batch
  std::size_t (*workspace)(const GemmArgs&);           // its bytes, which may be 0
  Gemm row;                                            // one row: m = 1, b_col = 1; no batch
  Gemm inner;                                          // one column: n = 1, a_col = 1, b_row = 1; no batch
};

struct Isa {
  Table table;
  PlainGemm (*plain_gemm)(DType);
  FloatGemm (*float_gemm)(DType);
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
