// Triangular systems with many right-hand sides, and Cholesky factors, of one matrix of moderate order: by tiles that
// stay in registers. Kernels of float32 and float64; strides in elements.
#pragma once

#include <cstddef>

#include <fluxion/dtype.hpp>

namespace fluxion::kernels {

/// The largest order of a system that is solved at once.
inline constexpr std::size_t substituted_order = 128;

/// A X = B for A of order n <= substituted_order, of which the lower triangle is read (with `backward` the upper one,
/// with a unit diagonal nothing on the diagonal), anywhere in memory. X may be B: n rows, of which either the elements
/// follow one another or those of each of the m columns do. A column's bits depend on A and that column alone.
struct Substitution {
  const void *a, *b;
  void* x;
  std::size_t n, m;
  std::ptrdiff_t a_row, a_col, row, col;
  bool backward, unit_diagonal;
};

struct Factors {
  void (*substitute)(const Substitution&) = nullptr;
  /// The upper factor U of U^T U in place of the upper triangle of a symmetric matrix, in rows of `row` elements: at
  /// least n + spare. What is beside the triangle is read and lost. False if a pivot is not positive.
  bool (*cholesky)(void* a, std::size_t n, std::size_t row) = nullptr;
  std::size_t spare = 0;
};
/// Null pointers for other dtypes.
Factors factors(DType t);

}  // namespace fluxion::kernels
