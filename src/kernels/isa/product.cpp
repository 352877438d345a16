// Matrix products of integers and bools, without packing.
#include "kernels/eval/integer.hpp"
#include "kernels/eval/partial.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

/// c + a b in the ring of T; bool's is (or, and).
template <class B> B accumulate(B a, B b, B c) {
  if constexpr (sizeof(Value<B>) == 1) return from_lanes<B>((bits(a) & bits(b)) | bits(c));
  else return from_lanes<B>(bits(a) * bits(b) + bits(c));
}

/// Columns [j, j + width W) of `height` rows of C, each element summed in order of the inner index, so
/// that it does not depend on the tile it falls into.
template <class T, std::size_t height, std::size_t width, bool partial>
void tile(const GemmArgs& g, std::size_t row, std::size_t column) {
  using B = Batch<T>;
  const T* a = static_cast<const T*>(g.a) + std::ptrdiff_t(row) * g.a_row;
  const T* b = static_cast<const T*>(g.b) + column;
  T* c = static_cast<T*>(g.c) + std::ptrdiff_t(row) * g.c_row + column;
  const std::size_t count = g.n - column;
  B sum[height][width];
  for (auto& line : sum)
    for (auto& s : line) s = B(T(0));
  for (std::size_t p = 0; p < g.k; ++p, a += g.a_col, b += g.b_row) {
    B line[width];
    for (std::size_t u = 0; u < width; ++u)
      line[u] = partial ? load_partial<B>(b, count, T(0)) : B::load_unaligned(b + u * B::size);
    for (std::size_t i = 0; i < height; ++i) {
      const B x(a[std::ptrdiff_t(i) * g.a_row]);
      for (std::size_t u = 0; u < width; ++u) sum[i][u] = accumulate(x, line[u], sum[i][u]);
    }
  }
  for (std::size_t i = 0; i < height; ++i)
    for (std::size_t u = 0; u < width; ++u) {
      if constexpr (partial) store_partial(c + std::ptrdiff_t(i) * g.c_row, sum[i][u], count);
      else sum[i][u].store_unaligned(c + std::ptrdiff_t(i) * g.c_row + u * B::size);
    }
}

template <class T, std::size_t height>
void rows(const GemmArgs& g, std::size_t row) {
  constexpr std::size_t lanes = Batch<T>::size;
  std::size_t j = 0;
  for (; j + 2 * lanes <= g.n; j += 2 * lanes) tile<T, height, 2, false>(g, row, j);
  for (; j + lanes <= g.n; j += lanes) tile<T, height, 1, false>(g, row, j);
  if (j < g.n) tile<T, height, 1, true>(g, row, j);
}

/// C = A B where B's rows are contiguous (b_col = 1); A's strides are free.
template <class T> void product(const GemmArgs& g) {
  constexpr std::size_t height = 4;
  std::size_t row = 0;
  for (; row + height <= g.m; row += height) rows<T, height>(g, row);
  for (; row < g.m; ++row) rows<T, 1>(g, row);
}

/// Inner products of A's rows with one contiguous vector: n = 1, a_col = 1, b_row = 1.
template <class T> void inner_products(const GemmArgs& g) {
  using B = Batch<T>;
  constexpr std::size_t group = 4;
  const T* b = static_cast<const T*>(g.b);
  for (std::size_t row = 0; row < g.m; ++row) {
    const T* a = static_cast<const T*>(g.a) + std::ptrdiff_t(row) * g.a_row;
    B sum[group];
    for (auto& s : sum) s = B(T(0));
    std::size_t p = 0;
    for (; p + group * B::size <= g.k; p += group * B::size)
      for (std::size_t i = 0; i < group; ++i)
        sum[i] = accumulate(B::load_unaligned(a + p + i * B::size), B::load_unaligned(b + p + i * B::size), sum[i]);
    for (std::size_t i = 0; p + B::size <= g.k; p += B::size, ++i)
      sum[i] = accumulate(B::load_unaligned(a + p), B::load_unaligned(b + p), sum[i]);
    if (const std::size_t rest = g.k - p; rest != 0)
      sum[3] = accumulate(load_partial<B>(a + p, rest, T(0)), load_partial<B>(b + p, rest, T(0)), sum[3]);
    const B one(T(1));
    const B all = accumulate(one, accumulate(one, sum[0], sum[1]), accumulate(one, sum[2], sum[3]));
    alignas(64) T lane[B::size];
    all.store_aligned(lane);
    for (std::size_t h = B::size / 2; h > 0; h /= 2)
      for (std::size_t i = 0; i < h; ++i) {
        if constexpr (sizeof(T) == 1) lane[i] |= lane[i + h];
        else lane[i] += lane[i + h];
      }
    static_cast<T*>(g.c)[std::ptrdiff_t(row) * g.c_row] = lane[0];
  }
}

template <class T> PlainGemm plain() { return {&product<T>, &inner_products<T>}; }

}  // namespace

PlainGemm plain_gemm(DType t) {
  switch (t) {
    case DType::int32: case DType::uint32: return plain<std::uint32_t>();
    case DType::int64: case DType::uint64: return plain<std::uint64_t>();
    case DType::bool_: return plain<std::uint8_t>();
    default: return {};
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
