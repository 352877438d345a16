#include <cstring>
#include <memory>
#include <utility>

#include "base/buffer.hpp"
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

/// One product of the batch.
GemmArgs nth(const GemmArgs& g, std::size_t i, std::size_t size) {
  GemmArgs one = g;
  const auto at = [&](std::ptrdiff_t stride) { return std::ptrdiff_t(i) * stride * std::ptrdiff_t(size); };
  one.a = static_cast<const std::byte*>(g.a) + at(g.a_batch);
  one.b = static_cast<const std::byte*>(g.b) + at(g.b_batch);
  one.c = static_cast<std::byte*>(g.c) + at(g.c_batch);
  one.batch = 1;
  return one;
}
/// C^T = B^T A^T, for a C of one row.
GemmArgs as_column(const GemmArgs& g) {
  GemmArgs t = g;
  std::swap(t.a, t.b);
  std::swap(t.m, t.n);
  std::swap(t.a_batch, t.b_batch);
  t.a_row = g.b_col, t.a_col = g.b_row, t.b_row = g.a_col, t.b_col = g.a_row, t.c_row = 1;
  return t;
}
/// C of one column as one row.
GemmArgs as_row(const GemmArgs& g) {
  GemmArgs t = as_column(g);
  t.c_row = std::ptrdiff_t(t.n);
  return t;
}

bool is_empty(const GemmArgs& g, std::size_t size) {
  if (g.m == 0 || g.n == 0) return true;
  if (g.k > 0) return false;
  for (std::size_t b = 0; b < g.batch; ++b)
    for (std::size_t i = 0; i < g.m; ++i) {
      const auto row = std::ptrdiff_t(b) * g.c_batch + std::ptrdiff_t(i) * g.c_row;
      std::memset(static_cast<std::byte*>(g.c) + row * std::ptrdiff_t(size), 0, g.n * size);
    }
  return true;
}

/// A product of one column, by kernels that want one operand's elements side by side.
template <class Rows, class Inner> void column_product(const GemmArgs& g, std::size_t size, Rows rows, Inner inner) {
  // The columns of A are contiguous: one row times them.
  if (g.a_row == 1 && g.m > 1 && g.c_row == 1) return rows(as_row(g));
  Matrix a{g.a, g.m, g.k, g.a_row, g.a_col}, b{g.b, g.k, 1, g.b_row, g.b_col};
  Packing packed_a, packed_b;
  if (a.col != 1) packed_a.pack(a, size);
  if (b.row != 1) packed_b.pack(b, size);
  inner(GemmArgs{g.c, a.data, b.data, g.m, 1, g.k, a.row, 1, 1, 1, g.c_row});
}

void plain_one(DType t, const GemmArgs& g) {
  const PlainGemm kernels = isa().plain_gemm(t);
  const std::size_t size = itemsize(t);
  if (g.m == 1 && g.n > 1 && g.b_col != 1) return plain_one(t, as_column(g));
  if (g.n == 1) return column_product(g, size, kernels.rows, kernels.inner);
  Matrix b{g.b, g.k, g.n, g.b_row, g.b_col};
  Packing packed;
  if (b.col != 1) packed.pack(b, size);
  kernels.rows({g.c, g.a, b.data, g.m, g.n, g.k, g.a_row, g.a_col, b.row, 1, g.c_row});
}

template <DType t> void plain_product(const GemmArgs& g) {
  if (is_empty(g, itemsize(t))) return;
  for (std::size_t i = 0; i < g.batch; ++i) plain_one(t, nth(g, i, itemsize(t)));
}

/// Small products are all of one kind, so that what is computed does not depend on how the operands lie. Larger ones of
/// one row or one column read an operand as it lies, which decides about the order of the terms.
bool by_tiles(const GemmArgs& g) {
  constexpr double small_work = 32.0 * 32;
  return (g.m != 1 && g.n != 1) || double(g.m) * double(g.n) * double(g.k) <= small_work;
}

/// Products of one row or one column.
void vector_product(const FloatGemm& kernels, const GemmArgs& g, std::size_t size) {
  if (g.n == 1 && g.m == 1 && g.k > 1) return column_product(g, size, kernels.row, kernels.inner);
  if (g.m == 1 && g.b_col == 1) return kernels.row(g);
  const GemmArgs column = g.n == 1 ? g : as_column(g);
  column_product(column, size, kernels.row, kernels.inner);
}

constexpr Memory workspaces{&allocate_raw, &free_raw};

template <DType t> void float_product(const GemmArgs& g) {
  if (is_empty(g, itemsize(t))) return;
  const FloatGemm& kernels = isa().float_gemm(t);
  if (by_tiles(g)) return kernels.products(g, workspaces);
  for (std::size_t i = 0; i < g.batch; ++i) vector_product(kernels, nth(g, i, itemsize(t)), itemsize(t));
}

}  // namespace

Gemm gemm(DType t) {
  switch (t) {
    case DType::float32: return &float_product<DType::float32>;
    case DType::float64: return &float_product<DType::float64>;
    case DType::int32: case DType::uint32: return &plain_product<DType::uint32>;
    case DType::int64: case DType::uint64: return &plain_product<DType::uint64>;
    case DType::bool_: return &plain_product<DType::bool_>;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels
