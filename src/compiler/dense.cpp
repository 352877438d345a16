#include "core/dense.hpp"

#include <cstring>

#include "base/buffer.hpp"
#include "compiler/parallel.hpp"
#include "kernels/kernels.hpp"
#include "kernels/substitution.hpp"

namespace fluxion::dense {
namespace {

constexpr double parallel_work = 300'000;  // multiplications

std::size_t unsign(std::int64_t n) { return static_cast<std::size_t>(n); }

/// f(first, how many) for parts of the stack, in whole vectors.
template <class F> void share_out(const Systems& s, double work, std::size_t lanes, const F& f) {
  const std::size_t count = unsign(s.count);
  if (count == 0 || s.n == 0) return;
  if (work * static_cast<double>(count) < parallel_work) return f(std::size_t{0}, count);
  compiler::parallel_ranges(count, compiler::grain_of(count, lanes),
                            [&](std::size_t begin, std::size_t end) { f(begin, end - begin); });
}

double cubed(std::int64_t n) { return static_cast<double>(n * n * n); }

}  // namespace

bool side_by_side(DType t, std::int64_t n, std::int64_t m) {
  const auto most = static_cast<std::int64_t>(kernels::batched_order);
  return (t == DType::float32 || t == DType::float64) && n <= most && m <= most;
}

void cholesky(const Systems& s, const void* from, void* to) {
  const auto kernels = kernels::batched(s.dtype);
  const std::size_t bytes = unsign(s.n * s.n) * itemsize(s.dtype);
  share_out(s, cubed(s.n) / 6, kernels.lanes, [&](std::size_t i, std::size_t count) {
    kernels.cholesky(static_cast<const std::byte*>(from) + i * bytes, static_cast<std::byte*>(to) + i * bytes,
                     unsign(s.n), count);
  });
}

void lu(const Systems& s, const void* from, void* to, std::int32_t* pivots) {
  const auto kernels = kernels::batched(s.dtype);
  const std::size_t bytes = unsign(s.n * s.n) * itemsize(s.dtype);
  share_out(s, cubed(s.n) / 3, kernels.lanes, [&](std::size_t i, std::size_t count) {
    kernels.lu(static_cast<const std::byte*>(from) + i * bytes, static_cast<std::byte*>(to) + i * bytes,
               pivots + i * unsign(s.n), unsign(s.n), count);
  });
}

void triangular_solve(const Systems& s, const Triangular& t, const void* a, const void* b, void* x) {
  const auto kernels = kernels::batched(s.dtype);
  const std::size_t a_bytes = unsign(s.n * s.n) * itemsize(s.dtype), x_bytes = unsign(s.n * t.m) * itemsize(s.dtype);
  const kernels::TriangularShape shape{unsign(s.n), unsign(t.m), t.left, t.lower, t.transpose, t.unit_diagonal};
  if (t.m == 0) return;
  share_out(s, static_cast<double>(s.n * s.n * t.m) / 2, kernels.lanes, [&](std::size_t i, std::size_t count) {
    kernels.triangular(static_cast<const std::byte*>(a) + i * a_bytes, static_cast<const std::byte*>(b) + i * x_bytes,
                       static_cast<std::byte*>(x) + i * x_bytes, shape, count);
  });
}

void transpose(const void* from, std::int64_t m, std::int64_t n, std::size_t itemsize, void* to) {
  const auto size = static_cast<std::int64_t>(itemsize);
  const std::int64_t shape[] = {n, m}, from_strides[] = {size, n * size}, to_strides[] = {m * size, size};
  kernels::copy_strided(to, to_strides, from, from_strides, shape, 2, itemsize);
}

void solve(const Systems& s, std::int64_t m, const void* a, const void* b, void* x) {
  const auto kernels = kernels::batched(s.dtype);
  const std::size_t a_bytes = unsign(s.n * s.n) * itemsize(s.dtype), x_bytes = unsign(s.n * m) * itemsize(s.dtype);
  if (m == 0) return;
  const double work = cubed(s.n) / 3 + static_cast<double>(s.n * s.n * m);
  share_out(s, work, kernels.lanes, [&](std::size_t i, std::size_t count) {
    kernels.solve(static_cast<const std::byte*>(a) + i * a_bytes, static_cast<const std::byte*>(b) + i * x_bytes,
                  static_cast<std::byte*>(x) + i * x_bytes, unsign(s.n), unsign(m), count);
  });
}

void in_parallel(std::int64_t n, double work, const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (n <= 0) return;
  if (work < parallel_work) return body(0, n);
  compiler::parallel_ranges(unsign(n), compiler::grain_of(unsign(n), 1), [&](std::size_t begin, std::size_t end) {
    body(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end));
  });
}

std::int64_t substituted_order(DType t) {
  return kernels::factors(t).substitute != nullptr ? static_cast<std::int64_t>(kernels::substituted_order) : 0;
}

void substitute(const Substituted& s, const void* a, const void* b, void* x) {
  const std::ptrdiff_t a_row = s.transpose ? 1 : s.lead, a_col = s.transpose ? s.lead : 1;
  const std::ptrdiff_t row = s.turned ? 1 : s.m, col = s.turned ? s.n : 1;
  kernels::factors(s.dtype).substitute(
      {a, b, x, unsign(s.n), unsign(s.m), a_row, a_col, row, col, !s.forward, s.unit_diagonal});
}

std::int64_t factorised_order(DType t) { return kernels::factors(t).cholesky != nullptr ? 256 : 0; }

std::int64_t cholesky_workspace(DType t, std::int64_t n) {
  return n * (n + static_cast<std::int64_t>(kernels::factors(t).spare));
}

// Row by row the upper factor is what the lower one is column by column.
bool cholesky(DType t, std::int64_t n, const void* from, void* workspace, void* to) {
  const auto kernels = kernels::factors(t);
  const auto size = static_cast<std::int64_t>(itemsize(t)), row = (n + static_cast<std::int64_t>(kernels.spare)) * size;
  const std::int64_t shape[] = {n, n}, lines[] = {row, size}, columns[] = {size, n * size}, turned[] = {size, row},
                     rows[] = {n * size, size};
  auto* const a = static_cast<std::byte*>(workspace);
  kernels::copy_strided(a, lines, from, columns, shape, 2, itemsize(t));
  for (std::int64_t i = 0; i < n; ++i) std::memset(a + i * row + n * size, 0, unsign(row - n * size));
  if (!kernels.cholesky(a, unsign(n), unsign(row / size))) return false;
  kernels::copy_strided(to, rows, a, turned, shape, 2, itemsize(t));
  for (std::int64_t i = 0; i < n; ++i)
    std::memset(static_cast<std::byte*>(to) + (i * n + i + 1) * size, 0, unsign((n - 1 - i) * size));
  return true;
}

std::int64_t tile_rows(DType t) { return static_cast<std::int64_t>(kernels::windowed_gemm(t).rows); }
std::int64_t tile_columns(DType t) { return static_cast<std::int64_t>(kernels::windowed_gemm(t).lanes); }

void pack_weights(DType t, const void* w, std::int64_t m, std::int64_t k, void* to) {
  kernels::windowed_gemm(t).pack(w, k, unsign(m), unsign(k), to);
}

void lines(const Lines& s, const void* packed, const void* x, void* result, std::int64_t row) {
  kernels::windowed_gemm(s.dtype).lines(packed, x, s.offset, unsign(s.m), unsign(s.n), unsign(s.k), result, row);
}

void places(const Places& s, const void* x, const void* w, void* result, std::int64_t row) {
  const auto kernels = kernels::windowed_gemm(s.dtype);
  void* const workspace = allocate_raw(kernels.workspace);
  kernels.places(x, s.start, s.offset, w, unsign(s.m), unsign(s.n), unsign(s.k), result, row, workspace);
  free_raw(workspace, kernels.workspace);
}

}  // namespace fluxion::dense
