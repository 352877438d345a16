// Operands of products laid out as tiles read them.
#pragma once

#include "kernels/isa/tile.hpp"
#include "kernels/isa/transpose.hpp"

namespace fluxion::kernels::FLUXION_ISA {

inline constexpr std::size_t chunk = product_chunk;

/// Columns of a packed block, at most; with its chunk of rows half of a second-level cache. A multiple of every
/// vector's and tile's width.
template <class T> inline constexpr std::size_t block = 2304 / sizeof(T);
static_assert(block<double> % (tile_vectors * Batch<float>::size) == 0);

/// Columns of each block of n, which are of about the same size.
template <class T> constexpr std::size_t even_block(std::size_t n) {
  constexpr std::size_t unit = tile_vectors * Batch<T>::size;
  const std::size_t blocks = (n + block<T> - 1) / block<T>;
  return ((n + blocks - 1) / blocks + unit - 1) / unit * unit;
}

template <class T> constexpr std::size_t whole_lanes(std::size_t n) {
  return (n + Batch<T>::size - 1) / Batch<T>::size * Batch<T>::size;
}

/// A matrix by its strides.
template <class T> struct Strides {
  const T* data;
  std::ptrdiff_t row, col;
};

/// k rows of n columns to lines of whole vectors; zeros fill the last one.
template <class T> void pack_lines(const Strides<T>& m, std::size_t k, std::size_t n, T* to) {
  using B = Batch<T>;
  constexpr std::size_t lanes = B::size;
  const std::size_t stride = whole_lanes<T>(n);
  const T* b = m.data;
  if (m.row == 1) {
    std::size_t p = 0;
    for (; p + lanes <= k; p += lanes)
      for (std::size_t j = 0; j < n; j += lanes) {
        B rows[lanes];
        for (std::size_t i = 0; i < lanes; ++i)
          rows[i] = j + i < n ? B::load_unaligned(b + std::ptrdiff_t(j + i) * m.col + p) : B(T(0));
        transpose(rows);
        for (std::size_t i = 0; i < lanes; ++i) rows[i].store_unaligned(to + (p + i) * stride + j);
      }
    for (; p < k; ++p)
      for (std::size_t j = 0; j < stride; ++j)
        to[p * stride + j] = j < n ? b[std::ptrdiff_t(j) * m.col + std::ptrdiff_t(p)] : T(0);
    return;
  }
  for (std::size_t p = 0; p < k; ++p, b += m.row, to += stride) {
    std::size_t j = 0;
    if (m.col == 1)
      for (; j + lanes <= n; j += lanes) B::load_unaligned(b + j).store_unaligned(to + j);
    for (; j < n; ++j) to[j] = b[std::ptrdiff_t(j) * m.col];
    for (; j < stride; ++j) to[j] = T(0);
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
