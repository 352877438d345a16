// The one inner loop of all products of floats: a few rows by a few vectors of the result, in registers.
//
// An element of a product is the sum of its chunks of `product_chunk` terms, added one after the other; a chunk is
// summed term by term, by fused steps where the instruction set has them. So its bits depend on nothing but its row,
// its column and their order: not on layouts, tiles, threads or what else is computed with it.
#pragma once

#include "kernels/eval/partial.hpp"
#include "kernels/isa.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// Rows and vectors of a tile: the most whose sums, with a line of B, fit into the registers.
inline constexpr std::size_t tile_rows = has_avx512 ? 8 : 4, tile_vectors = has_fma ? 3 : 2;

/// Operands by strides: B's lines are contiguous, A's elements anywhere.
template <class T> struct Strided {
  const T* a;
  std::ptrdiff_t a_row, a_col;
  const T* b;
  std::ptrdiff_t b_row;
  T left(std::size_t i) const { return a[std::ptrdiff_t(i) * a_row]; }
  const T* right() const { return b; }
  void next() {
    a += a_col;
    b += b_row;
  }
};

/// The same for a tile whose sums become scale * sum + sign * other, each operation rounded; without `other`
/// scale * sum.
template <class T> struct TileFinish {
  T scale, sign;
  const T* other;
  std::ptrdiff_t other_row;
};
template <class T> struct Finished : Strided<T> {
  TileFinish<T> finish;
};

/// B's lines are where a table says; A is packed, a column of `tile_rows` elements after the other.
template <class T> struct TableRight {
  const T* a;
  const T* b;
  const std::ptrdiff_t* offset;
  T left(std::size_t i) const { return a[i]; }
  const T* right() const { return b + *offset; }
  void next() {
    a += tile_rows;
    ++offset;
  }
};

/// Row i of A starts at a + start[i], and its elements are where a table says.
template <class T> struct TableLeft {
  const T* a;
  const std::ptrdiff_t* start;
  const std::ptrdiff_t* offset;
  const T* b;
  std::ptrdiff_t b_row;
  T left(std::size_t i) const { return a[start[i] + *offset]; }
  const T* right() const { return b; }
  void next() {
    ++offset;
    b += b_row;
  }
};

#if defined(__AVX512F__)
/// Half of a vector: lines of that length are not parts of longer ones, which would cross cache lines.
template <class T> struct Half;
template <> struct Half<float> {
  static constexpr std::size_t size = 8;
  __m256 data;
  Half() = default;
  explicit Half(__m256 v) : data(v) {}
  explicit Half(float x) : data(_mm256_set1_ps(x)) {}
  static Half load_unaligned(const float* p) { return Half(_mm256_loadu_ps(p)); }
  void store_unaligned(float* p) const { _mm256_storeu_ps(p, data); }
  friend Half operator+(Half a, Half b) { return Half(_mm256_add_ps(a.data, b.data)); }
  friend Half operator*(Half a, Half b) { return Half(_mm256_mul_ps(a.data, b.data)); }
  friend Half madd(Half a, Half b, Half c) { return Half(_mm256_fmadd_ps(a.data, b.data, c.data)); }
};
template <> struct Half<double> {
  static constexpr std::size_t size = 4;
  __m256d data;
  Half() = default;
  explicit Half(__m256d v) : data(v) {}
  explicit Half(double x) : data(_mm256_set1_pd(x)) {}
  static Half load_unaligned(const double* p) { return Half(_mm256_loadu_pd(p)); }
  void store_unaligned(double* p) const { _mm256_storeu_pd(p, data); }
  friend Half operator+(Half a, Half b) { return Half(_mm256_add_pd(a.data, b.data)); }
  friend Half operator*(Half a, Half b) { return Half(_mm256_mul_pd(a.data, b.data)); }
  friend Half madd(Half a, Half b, Half c) { return Half(_mm256_fmadd_pd(a.data, b.data, c.data)); }
};
#endif

/// Sums that are finished before they are stored.
template <class T, std::size_t height, std::size_t width, bool partial, class B>
[[gnu::always_inline]] inline void finish_sums(B (&sum)[height][width], T* c, std::ptrdiff_t c_row,
                                               const TileFinish<T>& f, std::size_t count, bool add) {
  const auto load = [&](const T* rows, std::ptrdiff_t row, std::size_t i, std::size_t u) {
    const T* const p = rows + std::ptrdiff_t(i) * row + u * B::size;
    if constexpr (partial)
      if (u + 1 == width) return load_partial<B>(p, count, T(0));
    return B::load_unaligned(p);
  };
  const auto each = [&](const auto& change) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < height; ++i)
#pragma GCC unroll 16
      for (std::size_t u = 0; u < width; ++u) change(i, u, sum[i][u]);
  };
  if (add) each([&](std::size_t i, std::size_t u, B& s) { s = load(c, c_row, i, u) + s; });
  const B scale(f.scale), sign(f.sign);
  if (f.other == nullptr) each([&](std::size_t, std::size_t, B& s) { s = scale * s; });
  else each([&](std::size_t i, std::size_t u, B& s) { s = scale * s + sign * load(f.other, f.other_row, i, u); });
  each([&](std::size_t i, std::size_t u, B& s) {
    T* const to = c + std::ptrdiff_t(i) * c_row + u * B::size;
    if constexpr (partial)
      if (u + 1 == width) return store_partial(to, s, count);
    s.store_unaligned(to);
  });
}

/// `height` rows by `width` vectors of one chunk's sums, to be stored or added. If `partial`, only the first `count`
/// lanes of the last vector are there.
template <class T, class Operands, std::size_t height, std::size_t width, bool partial, class B = Batch<T>>
void tile(T* c, std::ptrdiff_t c_row, const Operands& operands, std::size_t k, std::size_t count, bool add) {
  Operands from = operands;
  B sum[height][width];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < height; ++i)
#pragma GCC unroll 16
    for (std::size_t u = 0; u < width; ++u) sum[i][u] = B(T(0));
  for (std::size_t p = 0; p < k; ++p, from.next()) {
    const T* const b = from.right();
    B line[width];
#pragma GCC unroll 16
    for (std::size_t u = 0; u < width - partial; ++u) line[u] = B::load_unaligned(b + u * B::size);
    if constexpr (partial) line[width - 1] = load_partial<B>(b + (width - 1) * B::size, count, T(0));
#pragma GCC unroll 16
    for (std::size_t i = 0; i < height; ++i) {
      const B x(from.left(i));
#pragma GCC unroll 16
      for (std::size_t u = 0; u < width; ++u) sum[i][u] = madd(x, line[u], sum[i][u]);
    }
  }
  if constexpr (requires { operands.finish; }) {
    finish_sums<T, height, width, partial>(sum, c, c_row, operands.finish, count, add);
  } else {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < height; ++i)
#pragma GCC unroll 16
      for (std::size_t u = 0; u < width; ++u) {
        T* const to = c + std::ptrdiff_t(i) * c_row + u * B::size;
        if constexpr (partial) {
          if (u + 1 == width) {
            if (add) sum[i][u] = load_partial<B>(to, count, T(0)) + sum[i][u];
            store_partial(to, sum[i][u], count);
            continue;
          }
        }
        if (add) sum[i][u] = B::load_unaligned(to) + sum[i][u];
        sum[i][u].store_unaligned(to);
      }
  }
}

template <class T, class Operands>
using Tile = void (*)(T* c, std::ptrdiff_t c_row, const Operands&, std::size_t k, std::size_t count, bool add);

/// By the number of vectors, and whether the last one is partial.
template <class T, class Operands, std::size_t height, class Widths> struct TilesOf;
template <class T, class Operands, std::size_t height, std::size_t... w>
struct TilesOf<T, Operands, height, std::index_sequence<w...>> {
  static constexpr Tile<T, Operands> all[][2] = {
      {&tile<T, Operands, height, w + 1, false>, &tile<T, Operands, height, w + 1, true>}...};
};
template <class T, class Operands, std::size_t height> Tile<T, Operands> tile_of(std::size_t columns) {
  constexpr std::size_t lanes = Batch<T>::size;
  return TilesOf<T, Operands, height, std::make_index_sequence<tile_vectors>>::all[(columns - 1) / lanes]
                                                                                  [columns % lanes != 0];
}

/// The tile of `height` rows (a power of two) and `columns` (at most tile_vectors vectors of them).
template <class T, class Operands> Tile<T, Operands> tile_for(std::size_t height, std::size_t columns) {
#if defined(__AVX512F__)
  if (columns == Half<T>::size) {
    if (height == tile_rows) return &tile<T, Operands, tile_rows, 1, false, Half<T>>;
    if (height == 4) return &tile<T, Operands, 4, 1, false, Half<T>>;
    return height == 2 ? &tile<T, Operands, 2, 1, false, Half<T>> : &tile<T, Operands, 1, 1, false, Half<T>>;
  }
#endif
  if (height == tile_rows) return tile_of<T, Operands, tile_rows>(columns);
  if (height == 4) return tile_of<T, Operands, 4>(columns);
  return height == 2 ? tile_of<T, Operands, 2>(columns) : tile_of<T, Operands, 1>(columns);
}

/// Lanes of the last of the vectors that hold `columns`.
template <class T> constexpr std::size_t last_lanes(std::size_t columns) { return columns % Batch<T>::size; }

/// How many of `left` rows, or columns, the next tile takes. Four vectors are two and two, as one alone has too few
/// sums under way.
constexpr std::size_t next_height(std::size_t left) {
  std::size_t h = tile_rows;
  while (h > left) h /= 2;
  return h;
}
template <class T> constexpr std::size_t next_width(std::size_t left) {
  constexpr std::size_t lanes = Batch<T>::size;
  if (tile_vectors == 3 && left > 3 * lanes && left <= 4 * lanes) return 2 * lanes;
  return left < tile_vectors * lanes ? left : tile_vectors * lanes;
}

}  // namespace fluxion::kernels::FLUXION_ISA
