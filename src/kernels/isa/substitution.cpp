// Triangular systems and Cholesky factors: each tile of the result is what is left of it when the product of what is
// known has been taken away, then solved with the triangle beside it before it leaves the registers.
#include "kernels/substitution.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/isa/lookup.hpp"
#include "kernels/isa/tile.hpp"
#include "kernels/isa/transpose.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

/// Elements of A by strides, from the tile's first row on.
template <class T> struct Coefficients {
  const T* a;
  std::ptrdiff_t row, col;
  T at(std::size_t i, std::size_t p) const { return a[std::ptrdiff_t(i) * row + std::ptrdiff_t(p) * col]; }
};

/// Rows of whole vectors: those that are known, and the tile's own.
template <class T> struct Lines {
  const T* known;
  std::ptrdiff_t known_row;
  T* own;
  std::ptrdiff_t own_row;
  T* at(std::size_t i) const { return own + std::ptrdiff_t(i) * own_row; }
};

/// `height` rows less their products with the `known` ones, by `width` vectors; then, if there are reciprocals of the
/// diagonal, solved.
template <class T, std::size_t height, std::size_t width>
void solve_tile(const Coefficients<T>& a, const Lines<T>& x, std::size_t known, const T* reciprocals) {
  using B = Batch<T>;
  B sum[height][width];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < height; ++i)
#pragma GCC unroll 8
    for (std::size_t u = 0; u < width; ++u) sum[i][u] = B::load_unaligned(x.at(i) + u * B::size);
  const T *left = a.a, *line = x.known;
  for (std::size_t p = 0; p < known; ++p, left += a.col, line += x.known_row) {
    B right[width];
#pragma GCC unroll 8
    for (std::size_t u = 0; u < width; ++u) right[u] = B::load_unaligned(line + u * B::size);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < height; ++i) {
      const B factor(left[std::ptrdiff_t(i) * a.row]);
#pragma GCC unroll 8
      for (std::size_t u = 0; u < width; ++u) sum[i][u] = nmadd(factor, right[u], sum[i][u]);
    }
  }
  if (reciprocals != nullptr) {
#pragma GCC unroll 8
    for (std::size_t s = 0; s < height; ++s) {
      const B scale(reciprocals[s]);
#pragma GCC unroll 8
      for (std::size_t u = 0; u < width; ++u) sum[s][u] = sum[s][u] * scale;
#pragma GCC unroll 8
      for (std::size_t i = s + 1; i < height; ++i) {
        const B factor(a.at(i, known + s));
#pragma GCC unroll 8
        for (std::size_t u = 0; u < width; ++u) sum[i][u] = nmadd(factor, sum[s][u], sum[i][u]);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < height; ++i)
#pragma GCC unroll 8
    for (std::size_t u = 0; u < width; ++u) sum[i][u].store_unaligned(x.at(i) + u * B::size);
}

template <class T>
using SolveTile = void (*)(const Coefficients<T>&, const Lines<T>&, std::size_t known, const T* reciprocals);

template <class T, std::size_t height> SolveTile<T> tile_of_width(std::size_t width) {
  if constexpr (tile_vectors == 3)
    if (width == 3) return &solve_tile<T, height, 3>;
  return width == 2 ? &solve_tile<T, height, 2> : &solve_tile<T, height, 1>;
}
/// Heights are powers of two up to that of tiles; 2 is 1 and 1.
template <class T> SolveTile<T> solve_tile_for(std::size_t height, std::size_t width) {
  if (height == tile_rows) return tile_of_width<T, tile_rows>(width);
  if (tile_rows != 4 && height == 4) return tile_of_width<T, 4>(width);
  return tile_of_width<T, 1>(width);
}
constexpr std::size_t rows_of_tile(std::size_t left) { return left >= tile_rows ? tile_rows : left >= 4 ? 4 : 1; }

/// Some of a system's columns as rows of whole vectors, in the order in which unknowns are found.
template <class T> class Panel {
 public:
  static constexpr std::size_t most = tile_vectors * Batch<T>::size;

  Panel(T* memory, const Substitution& s, std::size_t columns)
      : memory_(memory), s_(s), columns_(columns), row_((columns + lanes - 1) / lanes * lanes) {}

  std::size_t vectors() const { return row_ / lanes; }
  Lines<T> lines(std::size_t i) const {
    return {memory_, std::ptrdiff_t(row_), memory_ + i * row_, std::ptrdiff_t(row_)};
  }
  void read(const T* b) const {
    if (s_.col != 1) return turn_in(b);
    for (std::size_t i = 0; i < s_.n; ++i) {
      std::memcpy(line(i), b + std::ptrdiff_t(i) * s_.row, columns_ * sizeof(T));
      for (std::size_t c = columns_; c < row_; ++c) line(i)[c] = T(0);
    }
  }
  void write(T* x) const {
    if (s_.col != 1) return turn_out(x);
    for (std::size_t i = 0; i < s_.n; ++i)
      std::memcpy(x + std::ptrdiff_t(i) * s_.row, line(i), columns_ * sizeof(T));
  }

 private:
  using B = Batch<T>;
  static constexpr std::size_t lanes = B::size;

  T* line(std::size_t i) const { return memory_ + (s_.backward ? s_.n - 1 - i : i) * row_; }
  /// Columns whose elements follow one another become rows, a square of vectors at a time.
  void turn_in(const T* b) const {
    for (std::size_t c = 0; c < row_; c += lanes) {
      std::size_t i = 0;
      for (; i + lanes <= s_.n; i += lanes) {
        B square[lanes];
        for (std::size_t l = 0; l < lanes; ++l)
          square[l] = c + l < columns_ ? B::load_unaligned(b + std::ptrdiff_t(c + l) * s_.col + i) : B(T(0));
        transpose(square);
        for (std::size_t l = 0; l < lanes; ++l) square[l].store_unaligned(line(i + l) + c);
      }
      for (; i < s_.n; ++i)
        for (std::size_t l = c; l < c + lanes; ++l)
          line(i)[l] = l < columns_ ? b[std::ptrdiff_t(l) * s_.col + std::ptrdiff_t(i)] : T(0);
    }
  }
  void turn_out(T* x) const {
    for (std::size_t c = 0; c < columns_; c += lanes) {
      std::size_t i = 0;
      for (; i + lanes <= s_.n; i += lanes) {
        B square[lanes];
        for (std::size_t l = 0; l < lanes; ++l) square[l] = B::load_unaligned(line(i + l) + c);
        transpose(square);
        for (std::size_t l = 0; l < lanes && c + l < columns_; ++l)
          square[l].store_unaligned(x + std::ptrdiff_t(c + l) * s_.col + i);
      }
      for (; i < s_.n; ++i)
        for (std::size_t l = c; l < std::min(c + lanes, columns_); ++l)
          x[std::ptrdiff_t(l) * s_.col + std::ptrdiff_t(i)] = line(i)[l];
    }
  }

  T* memory_;
  const Substitution& s_;
  std::size_t columns_, row_;
};

template <class T> void substitute(const Substitution& s) {
  alignas(64) T memory[substituted_order * Panel<T>::most], reciprocals[substituted_order];
  const auto last = std::ptrdiff_t(s.n) - 1;
  const std::ptrdiff_t row = s.backward ? -s.a_row : s.a_row, col = s.backward ? -s.a_col : s.a_col;
  const T* const a = static_cast<const T*>(s.a) + (s.backward ? last * (s.a_row + s.a_col) : 0);
  for (std::size_t i = 0; i < s.n; ++i)
    reciprocals[i] = s.unit_diagonal ? T(1) : T(1) / a[std::ptrdiff_t(i) * (row + col)];
  for (std::size_t j = 0; j < s.m; j += Panel<T>::most) {
    const Panel<T> panel(memory, s, std::min(Panel<T>::most, s.m - j));
    panel.read(static_cast<const T*>(s.b) + std::ptrdiff_t(j) * s.col);
    for (std::size_t i = 0; i < s.n;) {
      const std::size_t height = rows_of_tile(s.n - i);
      solve_tile_for<T>(height, panel.vectors())({a + std::ptrdiff_t(i) * row, row, col}, panel.lines(i), i,
                                                 reciprocals + i);
      i += height;
    }
    panel.write(static_cast<T*>(s.x) + std::ptrdiff_t(j) * s.col);
  }
}

/// A block on the diagonal, in whole vectors.
template <class T> struct Block {
  static constexpr std::size_t lanes = Batch<T>::size, row = (tile_rows + lanes - 1) / lanes * lanes;
  T a[tile_rows][row], reciprocals[tile_rows];

  /// The upper factor of its first n rows and columns, and the reciprocals of the diagonal.
  bool factorise(std::size_t n) {
    for (std::size_t s = 0; s < n; ++s) {
      if (!(a[s][s] > T(0))) return false;
      a[s][s] = std::sqrt(a[s][s]);
      reciprocals[s] = T(1) / a[s][s];
      for (std::size_t j = s + 1; j < n; ++j) a[s][j] *= reciprocals[s];
      for (std::size_t i = s + 1; i < n; ++i)
        for (std::size_t j = i; j < n; ++j) a[i][j] -= a[s][i] * a[s][j];
    }
    return true;
  }
};

/// Block of rows after block of rows: that on the diagonal, then what is to its right.
template <class T> bool cholesky(void* matrix, std::size_t n, std::size_t row) {
  constexpr std::size_t lanes = Batch<T>::size;
  auto* const a = static_cast<T*>(matrix);
  const auto step = std::ptrdiff_t(row);
  Block<T> block;
  for (std::size_t i = 0; i < n;) {
    const std::size_t height = rows_of_tile(n - i);
    const Coefficients<T> above{a + i, 1, step};
    T* const rows = a + i * row;
    for (std::size_t r = 0; r < height; ++r) std::memcpy(block.a[r], rows + r * row + i, sizeof block.a[r]);
    for (std::size_t j = 0; j < height; j += lanes)
      solve_tile_for<T>(height, 1)(above, {a + i + j, step, block.a[0] + j, Block<T>::row}, i, nullptr);
    if (!block.factorise(height)) return false;
    for (std::size_t r = 0; r < height; ++r) std::memcpy(rows + r * row + i, block.a[r], height * sizeof(T));
    for (std::size_t j = i + height; j < n;) {
      const std::size_t width = std::min(tile_vectors, (n - j + lanes - 1) / lanes);
      solve_tile_for<T>(height, width)(above, {a + j, step, rows + j, step}, i, block.reciprocals);
      j += width * lanes;
    }
    i += height;
  }
  return true;
}

}  // namespace

Factors factor_kernels(DType t) {
  if (t == DType::float32) return {&substitute<float>, &cholesky<float>, Block<float>::row};
  if (t == DType::float64) return {&substitute<double>, &cholesky<double>, Block<double>::row};
  return {};
}

}  // namespace fluxion::kernels::FLUXION_ISA
