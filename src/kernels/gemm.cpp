#include <cblas.h>

#include <climits>
#include <cstring>
#include <memory>
#include <optional>

#include "kernels/isa.hpp"

namespace fluxion::kernels {
namespace {

/// A matrix operand: strides in elements.
struct Matrix {
  const void* data;
  std::size_t rows, cols;
  std::ptrdiff_t row, col;
};

/// Room for a contiguous row-major copy of a matrix; small ones need no allocation.
class Packing {
 public:
  Packing() {}  // leaves the buffer as it is
  Packing(const Packing&) = delete;
  Packing& operator=(const Packing&) = delete;

  void pack(Matrix& m, std::size_t itemsize) {
    const std::size_t bytes = m.rows * m.cols * itemsize;
    void* to = local_;
    if (bytes > sizeof local_) {
      heap_.reset(new unsigned char[bytes]);
      to = heap_.get();
    }
    const auto size = std::int64_t(itemsize);
    const std::int64_t shape[] = {std::int64_t(m.rows), std::int64_t(m.cols)};
    const std::int64_t from[] = {m.row * size, m.col * size}, dst[] = {shape[1] * size, size};
    copy_strided(to, dst, m.data, from, shape, 2, itemsize);
    m = {to, m.rows, m.cols, std::ptrdiff_t(m.cols), 1};
  }

 private:
  alignas(64) unsigned char local_[4096];
  std::unique_ptr<unsigned char[]> heap_;
};

/// The product by this machine's own kernels, which want one operand's elements side by side.
void own_product(DType t, const GemmArgs& g) {
  if (g.m == 1 && g.n > 1 && g.b_col != 1) {
    // One row is one column of the transposed product.
    return own_product(t, {g.c, g.b, g.a, g.n, 1, g.k, g.b_col, g.b_row, g.a_col, g.a_row});
  }
  const SmallGemm kernels = isa().small_gemm(t);
  const std::size_t size = itemsize(t);
  Matrix a{g.a, g.m, g.k, g.a_row, g.a_col}, b{g.b, g.k, g.n, g.b_row, g.b_col};
  Packing packed_a, packed_b;
  if (g.n == 1 && g.a_row == 1 && g.m > 1)
    return kernels.rows({g.c, b.data, a.data, 1, g.m, g.k, 0, b.row, a.col, 1});
  if (g.n == 1) {
    if (a.col != 1) packed_a.pack(a, size);
    if (b.row != 1) packed_b.pack(b, size);
    return kernels.inner({g.c, a.data, b.data, g.m, g.n, g.k, a.row, 1, 1, 1});
  }
  if (b.col != 1) packed_b.pack(b, size);
  kernels.rows({g.c, a.data, b.data, g.m, g.n, g.k, a.row, a.col, b.row, 1});
}

struct Blas {
  CBLAS_TRANSPOSE transpose;
  blasint stride;
};

/// How BLAS would read the matrix in place, if it can.
std::optional<Blas> expressible(const Matrix& m) {
  const auto rows = std::ptrdiff_t(m.rows), cols = std::ptrdiff_t(m.cols);
  if (m.col == 1 && m.row >= cols && m.row <= INT_MAX) return Blas{CblasNoTrans, blasint(m.row)};
  if (m.row == 1 && m.col >= rows && m.col <= INT_MAX) return Blas{CblasTrans, blasint(m.col)};
  return std::nullopt;
}

void blas_gemm(const GemmArgs& g, const float* a, Blas la, const float* b, Blas lb) {
  cblas_sgemm(CblasRowMajor, la.transpose, lb.transpose, blasint(g.m), blasint(g.n), blasint(g.k), 1, a, la.stride, b,
              lb.stride, 0, static_cast<float*>(g.c), blasint(g.n));
}
void blas_gemm(const GemmArgs& g, const double* a, Blas la, const double* b, Blas lb) {
  cblas_dgemm(CblasRowMajor, la.transpose, lb.transpose, blasint(g.m), blasint(g.n), blasint(g.k), 1, a, la.stride, b,
              lb.stride, 0, static_cast<double*>(g.c), blasint(g.n));
}

/// A as it is stored: rows of contiguous elements, to be transposed or not.
struct Stored {
  blasint rows, cols;
  Blas layout;
};
/// c = op(A) x.
void blas_gemv(float* c, const float* a, Stored s, const float* x, std::ptrdiff_t step) {
  cblas_sgemv(CblasRowMajor, s.layout.transpose, s.rows, s.cols, 1, a, s.layout.stride, x, blasint(step), 0, c, 1);
}
void blas_gemv(double* c, const double* a, Stored s, const double* x, std::ptrdiff_t step) {
  cblas_dgemv(CblasRowMajor, s.layout.transpose, s.rows, s.cols, 1, a, s.layout.stride, x, blasint(step), 0, c, 1);
}

/// c = M x for a vector x of M's column count.
template <class T> void matrix_vector(T* c, Matrix m, Matrix x) {
  Packing packed_m, packed_x;
  if (!expressible(m)) packed_m.pack(m, sizeof(T));
  if (x.row < 1 || x.row > INT_MAX) packed_x.pack(x, sizeof(T));
  const Blas layout = *expressible(m);
  const auto rows = blasint(m.rows), cols = blasint(m.cols);
  const Stored stored = layout.transpose == CblasTrans ? Stored{cols, rows, layout} : Stored{rows, cols, layout};
  blas_gemv(c, static_cast<const T*>(m.data), stored, static_cast<const T*>(x.data), x.row);
}

template <class T, DType t> void float_product(const GemmArgs& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) {
    std::memset(g.c, 0, g.m * g.n * sizeof(T));
    return;
  }
  // Below this a BLAS call costs more than it saves; sums and outer products gain nothing from it.
  constexpr double small_work = 32.0 * 32 * 32;
  const bool small = double(g.m) * double(g.n) * double(g.k) <= small_work || g.k == 1 || (g.m == 1 && g.n == 1);
  const bool fits = g.m <= INT_MAX && g.n <= INT_MAX && g.k <= INT_MAX;
  if (small || !fits) return own_product(t, g);
  Matrix a{g.a, g.m, g.k, g.a_row, g.a_col}, b{g.b, g.k, g.n, g.b_row, g.b_col};
  if (g.n == 1) return matrix_vector(static_cast<T*>(g.c), a, b);
  if (g.m == 1)
    return matrix_vector(static_cast<T*>(g.c), {b.data, b.cols, b.rows, b.col, b.row}, {a.data, a.cols, 1, a.col, 1});
  Packing packed_a, packed_b;
  if (!expressible(a)) packed_a.pack(a, sizeof(T));
  if (!expressible(b)) packed_b.pack(b, sizeof(T));
  blas_gemm(g, static_cast<const T*>(a.data), *expressible(a), static_cast<const T*>(b.data), *expressible(b));
}

template <DType t> void plain_product(const GemmArgs& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) std::memset(g.c, 0, g.m * g.n * itemsize(t));
  else own_product(t, g);
}

}  // namespace

Gemm gemm(DType t) {
  switch (t) {
    case DType::float32: return &float_product<float, DType::float32>;
    case DType::float64: return &float_product<double, DType::float64>;
    case DType::int32: case DType::uint32: return &plain_product<DType::uint32>;
    case DType::int64: case DType::uint64: return &plain_product<DType::uint64>;
    case DType::bool_: return &plain_product<DType::bool_>;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels
