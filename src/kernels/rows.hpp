// Rows moved between a table and where they are taken or come from, by indices known at run time only.
#pragma once

#include <cstddef>
#include <cstdint>

#include <fluxion/dtype.hpp>

namespace fluxion::kernels {

/// Row i of the table is `table_step` bytes behind row i - 1; indices and rows are `index_step` and `row_step` apart.
struct Rows {
  void* table;
  const void* indices;
  void* rows;
  std::ptrdiff_t table_step, index_step, row_step;
  std::int64_t extent, count;  // rows of the table (at least one); indices
  std::size_t row_elements;
  bool narrow;       // indices are int32, else int64
  bool wraps;        // negative ones count from the end
  bool clips;        // those out of range are clamped, else skipped
  const void* fill;  // for take: the element of rows out of range, if they are not clamped
};

using RowsKernel = void (*)(const Rows&);

struct RowsKernels {
  /// rows[j] = table[index j]. Null unless itemsize is 1, 2, 4, 8 or 16.
  RowsKernel (*take)(std::size_t itemsize);
  /// table[index j] = rows[j], j ascending.
  RowsKernel (*put)(std::size_t itemsize);
  /// table[index j] += rows[j], j ascending. Null where another kernel must add.
  RowsKernel (*add)(DType);
};

const RowsKernels& rows();

}  // namespace fluxion::kernels
