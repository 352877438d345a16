// What lax asks of the machine's kernels inside its host functions: declared here and defined by the compiler, as
// evaluation is. Work is shared out among threads; no result depends on how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <fluxion/dtype.hpp>
#include <fluxion/extend/host.hpp>

namespace fluxion::dense {

/// Whether systems of order n with m right-hand sides are solved side by side: small ones of real floats.
bool side_by_side(DType t, std::int64_t n, std::int64_t m = 1);

/// `count` row-major square matrices of order n, for which side_by_side holds.
struct Systems {
  DType dtype;
  std::int64_t n, count;
};
/// Lower factors: of one whose pivot is not positive NaN on and below the diagonal, and zeros above it.
void cholesky(const Systems& s, const void* from, void* to);
/// L and U in one matrix, and what row each row was exchanged with.
void lu(const Systems& s, const void* from, void* to, std::int32_t* pivots);
/// op(a) x = b for x of n x m if `left`, else x op(a) = b for x of m x n.
struct Triangular {
  std::int64_t m;
  bool left, lower, transpose, unit_diagonal;
};
void triangular_solve(const Systems& s, const Triangular& t, const void* a, const void* b, void* x);
/// a x = b for x of n x m: to the bit what `lu`, permuted rows of b and both triangles give.
void solve(const Systems& s, std::int64_t m, const void* a, const void* b, void* x);

/// Systems and factors of one matrix of moderate order, by own kernels: of float32 and float64.
std::int64_t substituted_order(DType t);  ///< the largest one that is solved at once; 0 for other dtypes
/// op(a) x = b for a in rows of `lead` elements; x and b are n rows of m each, or if `turned` the transposes of m rows
/// of n, and may be one. With `forward` op(a) is lower.
struct Substituted {
  DType dtype;
  std::int64_t n, m, lead;
  bool turned, transpose, forward, unit_diagonal;
};
void substitute(const Substituted& s, const void* a, const void* b, void* x);
/// The largest order of which the lower factor is found here.
std::int64_t factorised_order(DType t);
/// The lower factor of a row-major matrix by its lower triangle, zeros above it; false if a pivot is not positive. The
/// workspace is of `cholesky_workspace` elements.
std::int64_t cholesky_workspace(DType t, std::int64_t n);
bool cholesky(DType t, std::int64_t n, const void* from, void* workspace, void* to);

/// Host functions that programs are known to hold side by side, so that a compiler may do at once what several do:
/// stacks of square matrices to L and U in one matrix, exchanges, and the order of rows after them;
class Factorisation : public HostFunction {};
/// and (a, b) to the x with op(a) x = b, or x op(a) = b.
class Substitution : public HostFunction {
 public:
  struct Form {
    bool left, lower, transpose, conjugate, unit_diagonal;
    friend bool operator==(const Form&, const Form&) = default;
  };
  explicit Substitution(Form form) : form_(form) {}
  const Form& form() const { return form_; }

 private:
  Form form_;
};

/// to = the transpose of a row-major m x n matrix of elements of this many bytes.
void transpose(const void* from, std::int64_t m, std::int64_t n, std::size_t itemsize, void* to);

/// body(begin, end) for parts of [0, n), by several threads if `work` (multiplications in all) is worth it. What a body
/// throws reaches the caller.
void in_parallel(std::int64_t n, double work, const std::function<void(std::int64_t, std::int64_t)>& body);

/// Products with what windows see, of float32 or float64; counts in elements. The bits are those of matrix products.
/// Rows and columns of results are written in multiples of these.
std::int64_t tile_rows(DType t);
std::int64_t tile_columns(DType t);
/// Rows of k weights each as `lines` wants them: k * (m rounded up to tile_rows) elements.
void pack_weights(DType t, const void* w, std::int64_t m, std::int64_t k, void* to);
/// result (m x n) = packed weights (m x k, m a multiple of tile_rows) times lines of n elements from x + offset[p] on.
struct Lines {
  DType dtype;
  std::int64_t m, n, k;
  const std::ptrdiff_t* offset;
};
void lines(const Lines& s, const void* packed, const void* x, void* result, std::int64_t row);
/// result (m x n) = elements x[start[i] + offset[p]] times the transpose of weights (n x k); m is a multiple of
/// tile_rows, and `row` is n rounded up to tile_columns.
struct Places {
  DType dtype;
  std::int64_t m, n, k;
  const std::ptrdiff_t *start, *offset;
};
void places(const Places& s, const void* x, const void* w, void* result, std::int64_t row);

}  // namespace fluxion::dense
