// The kernels: loops over contiguous elements, built once per instruction set and chosen at run time.
// Knows nothing of arrays, programs or tracing. No caller needs xsimd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <fluxion/dtype.hpp>
#include "ir/op.hpp"

namespace fluxion::kernels {

/// `args` holds the output pointers, then the input pointers; `n` elements are computed. Operands are
/// contiguous, of any alignment; an operand marked scalar in the lookup points to one element. Nothing
/// beyond n elements is read or written, outputs may be inputs (same pointer), and an element's value
/// does not depend on its position, on n, or on its neighbours.
using Kernel = void (*)(void* const* args, std::size_t n);

// --- chains -------------------------------------------------------------------------------------------------
// Cheap operations cost less than their operands' way through memory. A chain carries out many of them on a group of
// elements, eight vectors, before it goes on to the next: what one step computes is in registers for the next one.
// Its steps are code of this library that jumps from one to the next, prepared by whoever plans; values are those of
// the elementwise kernels.

/// Code of a chain's step; null where there is none.
using ChainCode = void (*)();

/// How an operation finds its operands. `acc` is what the step before left in registers; a scalar is one element.
/// For select, whose first operand are bytes in memory, these are its two branches, the false one first.
enum class ChainForm : std::uint8_t { unary, twice, acc_vector, vector_acc, acc_scalar, scalar_acc };

/// What else a step may be. `count` is Iota of uint32 from the int64 at its operand; `threefry` takes acc as the
/// second word of the counters, and two words of a key and the first word of all counters, each one element, from its
/// operand on, and leaves the exclusive or of both results. `stream` stores past the caches: see fence_streams.
enum class ChainMove : std::uint8_t { load_vector, load_scalar, store, stream, count, threefry, end };

struct ChainStep {
  ChainCode code;
  std::uint64_t operand;  // the first of its pointers among the arguments
};
/// What an argument points to.
struct ChainArg {
  std::uint8_t bytes = 0;  // of an element; 0: there is only one
  bool written = false;
  bool padded = false;     // whole groups may be read and written: there is room, and nothing behind the end counts
  bool counter = false;    // the operand of `count`
  bool folded = false;     // what is there takes part in the result: no element may come twice
  bool accumulators = false, length = false;  // operands of a fold of rows
  std::uint8_t same = 0;   // the number of an argument that is the same place, or its own
};
constexpr std::size_t most_chain_args = 32;
constexpr std::size_t accumulators_bytes = 256;  // of a fold of rows
/// A chain, in memory: this, then `args` ChainArgs, at `steps` (bytes from here) the steps, of which the last is `end`.
struct ChainHead {
  std::uint32_t args, steps;
};

/// Waits until what was streamed is seen by every thread that sees what this one does next.
void fence_streams();

/// What a reduction may fold instead of elements x of its operand, which is then never stored: a cheap function of x,
/// or of x and y. Each is the same for x and y exchanged, but for a zero's or a NaN's sign.
enum class Folded : std::uint8_t { square, magnitude, product, square_of_difference, magnitude_of_difference };
/// n rows of `width` contiguous elements x, and those of y; strides in bytes.
struct FoldedRows {
  void* out;
  const void *x, *y;
  std::size_t n, width;
  std::ptrdiff_t x_row, y_row;
};
struct FoldedReductions {
  using Kernel = void (*)(const FoldedRows&);
  Kernel rows = nullptr;            // as Table::reduce_rows, of rows that need not follow one another
  Kernel rows_with_one = nullptr;   // the same, where y is one element per row
  Kernel columns = nullptr;         // as Table::reduce_columns; at least 64 bytes of a row
};

/// One instruction set's kernels. Null means: this dtype has no such operation.
struct Table {
  std::string_view isa;  // "baseline", "avx2", "avx512"

  /// Elementwise. `t` is the operands' dtype (for select, that of the two branches). Bit i of
  /// `scalar_mask` says operand i is one element; masks with all bits set are not provided, and for
  /// select the predicate is never scalar.
  Kernel (*elementwise)(ir::Op op, DType t, unsigned scalar_mask);
  /// Value conversion as lax.convert_element_type: float to int saturates and NaN gives 0, int to int
  /// wraps, anything to bool is `!= 0`.
  Kernel (*convert)(DType from, DType to);
  /// args = {out}; out[i] = start + i as dtype t; `start` is read from args[1] as one int64.
  Kernel (*iota)(DType t);
  /// args = {out0, out1, key0, key1, count0, count1}, all uint32: Threefry-2x32, 20 rounds.
  /// Bits 0 and 1 of the mask say that key0 and key1 are one element each (masks 0 and 3 exist).
  Kernel (*threefry2x32)(unsigned scalar_mask);
  /// args = {out, in}: folds each of the n rows of `width` contiguous elements to one element of out.
  /// width <= chunk_elements(t). See reduction_tree in reduce.hpp for the exact tree.
  void (*(*reduce_rows)(ir::ReduceOp op, DType t))(void* out, const void* in, std::size_t n, std::size_t width);
  /// Folds a panel of `rows` rows of n contiguous columns, rows `row_stride` bytes apart, to n elements,
  /// with the same tree per column as reduce_rows has along a row. rows <= chunk_elements(t).
  void (*(*reduce_columns)(ir::ReduceOp op, DType t))(void* out, const void* in, std::size_t rows,
                                                      std::ptrdiff_t row_stride, std::size_t n);
  /// Null where there is none.
  FoldedReductions (*reduce_folded)(ir::ReduceOp op, DType t, Folded f);
  /// Steps for operands of dtype `t` (for select, of its branches).
  ChainCode (*chain)(ir::Op op, DType t, ChainForm form);
  /// Steps for elements of `itemsize` bytes: 4 or 8.
  ChainCode (*chain_move)(ChainMove move, std::size_t itemsize);
  /// Steps that fold acc, which stays. Of a row, or a chunk of one: into 256 bytes of accumulators that begin as the
  /// identity, and are folded by reduce_rows as a row of their own in the end; the operand behind them is the number of
  /// elements of the run, an int64. Runs of one row begin at multiples of 256 bytes of it.
  /// Of columns: with a row of elements, read and written, unless the int64 behind says that there is none yet.
  ChainCode (*chain_fold)(ir::ReduceOp op, DType t, bool columns);
  /// args = {chain, its arguments ...}: all elements of the chain have `itemsize` bytes, but for bools.
  Kernel (*run_chain)(std::size_t itemsize);
};

/// The table for this machine: the best instruction set it has, or what FLUXION_ISA names.
/// Throws ValueError if FLUXION_ISA names one that is unknown or that this machine lacks.
const Table& table();

/// Elements that one row of reduce_rows may have: 4 KiB worth. Longer reductions are cut into chunks of
/// this size in logical row-major order (the last one shorter) and the partial results are folded pairwise.
constexpr std::size_t chunk_elements(DType t) { return itemsize(t) == 0 ? 4096 : 4096 / itemsize(t); }

/// Copies a strided n-dimensional block; strides are in bytes and may be zero or negative. itemsize is
/// 1, 2, 4, 8 or 16. Source and destination do not overlap.
void copy_strided(void* dst, const std::int64_t* dst_strides, const void* src, const std::int64_t* src_strides,
                  const std::int64_t* shape, std::size_t ndim, std::size_t itemsize);

/// Index (as int64, written with stride 1) of the first maximum along the middle axis of a strided
/// (outer, n, inner) block; the first NaN wins. Strides in bytes. Null for dtypes without an order.
using ArgMax = void (*)(std::int64_t* out, const void* in, std::size_t outer, std::size_t n, std::size_t inner,
                        std::ptrdiff_t outer_stride, std::ptrdiff_t n_stride, std::ptrdiff_t inner_stride);
ArgMax argmax(DType t);

/// Terms of a product's element that are summed before they are added to it: part of what its bits are.
inline constexpr std::size_t product_chunk = 256;

/// What becomes of a product's element before it is left: `scale` times it, then, by `kind`, added to the element of
/// `other` in its place, taken from that, or that from it. Each operation is rounded.
struct GemmFinish {
  enum class Kind : std::uint8_t { none, add, from_other, minus_other };
  const void* scale = nullptr;  // one element; null: 1
  const void* other = nullptr;  // rows of contiguous elements; C itself only if k <= product_chunk, else apart from it
  std::ptrdiff_t other_row = 0;
  Kind kind = Kind::none;
};

/// C (m x n, rows of contiguous elements) = A (m x k) B (k x n), `batch` times; strides in elements. An element's bits
/// depend on its row and its column and their order alone, but that a single column (n = 1) or row (m = 1) of
/// contiguous factors is summed as an inner product. Null for dtypes without a product.
struct GemmArgs {
  void* c;
  const void* a;
  const void* b;
  std::size_t m, n, k;
  std::ptrdiff_t a_row, a_col, b_row, b_col, c_row;
  std::size_t batch = 1;
  std::ptrdiff_t a_batch = 0, b_batch = 0, c_batch = 0;
  const GemmFinish* finish = nullptr;  // of floats, of one product with m, n > 1 and k > 0
};
using Gemm = void (*)(const GemmArgs&);
Gemm gemm(DType t);

/// Systems of this order, and right-hand sides, are the largest that are solved side by side.
constexpr std::size_t batched_order = 16;

/// op(A) X = B for X of n x m if `left`, else X op(A) = B for X of m x n.
struct TriangularShape {
  std::size_t n, m;
  bool left, lower, transpose, unit_diagonal;
};

/// Row-major square matrices of order n <= batched_order, `count` of them one after the other, a vector's lane each.
/// What comes out of one does not depend on the others. All null for dtypes other than float32 and float64.
struct Batched {
  /// Lower factors; NaN on and below the diagonal where a pivot is not positive.
  void (*cholesky)(const void* from, void* to, std::size_t n, std::size_t count) = nullptr;
  /// Of the triangle that `lower` names alone; m <= batched_order.
  void (*triangular)(const void* a, const void* b, void* x, const TriangularShape&, std::size_t count) = nullptr;
  /// L and U in one matrix; row i was exchanged with row pivots[i].
  void (*lu)(const void* from, void* to, std::int32_t* pivots, std::size_t n, std::size_t count) = nullptr;
  /// A X = B for X of n x m, m <= batched_order: what `lu`, the exchanges of B's rows and both of its triangles give.
  void (*solve)(const void* a, const void* b, void* x, std::size_t n, std::size_t m, std::size_t count) = nullptr;
  std::size_t lanes = 1;
};
Batched batched(DType t);

/// Products of which one operand is found by tables, as what a sliding window sees is: elements' bits are those of
/// `gemm`. Counts and strides in elements.
struct WindowedGemm {
  std::size_t rows = 1, lanes = 1;  // of a tile: what is written is rounded up to them
  /// A (m x k, rows a_row apart) as `lines` wants it: k * (m rounded up to `rows`) elements.
  void (*pack)(const void* a, std::ptrdiff_t a_row, std::size_t m, std::size_t k, void* to) = nullptr;
  /// C (m x n) = A B for packed A, where B's line p starts at b + offset[p]; m is a multiple of `rows`.
  void (*lines)(const void* packed, const void* b, const std::ptrdiff_t* offset, std::size_t m, std::size_t n,
                std::size_t k, void* c, std::ptrdiff_t c_row) = nullptr;
  /// C (m x n) = A B^T for A's elements a[start[i] + offset[p]] and B's rows of k elements. m is a multiple of `rows`;
  /// C has rows of c_row elements, n rounded up to `lanes` or more. The workspace is of `workspace` bytes.
  void (*places)(const void* a, const std::ptrdiff_t* start, const std::ptrdiff_t* offset, const void* b,
                 std::size_t m, std::size_t n, std::size_t k, void* c, std::ptrdiff_t c_row, void* workspace) = nullptr;
  std::size_t workspace = 0;
};
/// Of float32 and float64; null pointers for others.
WindowedGemm windowed_gemm(DType t);

}  // namespace fluxion::kernels
