// Which instruction sets the kernels were built for, and what each offers beyond the public table.
#pragma once

#include <string_view>

#include "kernels/fft.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::kernels {

/// Matrix products of one instruction set; null for dtypes without a product.
struct SmallGemm {
  Gemm rows = nullptr;    // B has contiguous rows: b_col = 1
  Gemm inner = nullptr;   // one column: n = 1, a_col = 1, b_row = 1
};

struct Isa {
  Table table;
  SmallGemm (*small_gemm)(DType);
  const FftKernels& (*fft)(bool is_double);
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
