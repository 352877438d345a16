// Matrices times vectors: sums of rows, and inner products with rows.
#pragma once

#include "kernels/isa/packing.hpp"

namespace fluxion::kernels::FLUXION_ISA {

// --- one row times B, whose rows are contiguous -------------------------------------------------------------------

/// Several rows of B at once over as many columns as a cache holds, so that memory is read in long lines.
template <class T, std::size_t height>
void add_rows(const T* a, std::ptrdiff_t a_col, const T* b, std::ptrdiff_t b_row, T* sum, std::size_t n, bool add) {
  using B = Batch<T>;
  B x[height];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < height; ++i) x[i] = B(a[std::ptrdiff_t(i) * a_col]);
  std::size_t j = 0;
  for (; j + B::size <= n; j += B::size) {
    B s = add ? B::load_unaligned(sum + j) : B(T(0));
#pragma GCC unroll 8
    for (std::size_t i = 0; i < height; ++i) s = madd(x[i], B::load_unaligned(b + std::ptrdiff_t(i) * b_row + j), s);
    s.store_unaligned(sum + j);
  }
  if (j == n) return;
  B s = add ? load_partial<B>(sum + j, n - j, T(0)) : B(T(0));
#pragma GCC unroll 8
  for (std::size_t i = 0; i < height; ++i)
    s = madd(x[i], load_partial<B>(b + std::ptrdiff_t(i) * b_row + j, n - j, T(0)), s);
  store_partial(sum + j, s, n - j);
}

template <class T> void long_rows(const GemmArgs& g) {
  using B = Batch<T>;
  constexpr std::size_t columns = 8192 / sizeof(T), height = 8;
  alignas(64) T sums[columns];
  for (std::size_t j = 0; j < g.n; j += columns) {
    const std::size_t n = std::min(columns, g.n - j);
    T* const c = static_cast<T*>(g.c) + j;
    for (std::size_t first = 0; first < g.k; first += chunk) {
      const std::size_t end = std::min(first + chunk, g.k);
      T* const to = first == 0 ? c : sums;
      std::size_t p = first;
      while (p < end) {
        const T* const a = static_cast<const T*>(g.a) + std::ptrdiff_t(p) * g.a_col;
        const T* const b = static_cast<const T*>(g.b) + std::ptrdiff_t(p) * g.b_row + j;
        const bool whole = p + height <= end;
        if (whole) add_rows<T, height>(a, g.a_col, b, g.b_row, to, n, p > first);
        else add_rows<T, 1>(a, g.a_col, b, g.b_row, to, n, p > first);
        p += whole ? height : 1;
      }
      if (first == 0) continue;
      std::size_t i = 0;
      for (; i + B::size <= n; i += B::size)
        (B::load_unaligned(c + i) + B::load_unaligned(sums + i)).store_unaligned(c + i);
      if (i < n)
        store_partial(c + i, load_partial<B>(c + i, n - i, T(0)) + load_partial<B>(sums + i, n - i, T(0)), n - i);
    }
  }
}

/// The same for short rows, whose sums stay in registers. Each step of a chunk's sum waits for the one before: several
/// chunks are summed at once.
template <class T, std::size_t width, bool partial> class ShortRows {
 public:
  explicit ShortRows(const GemmArgs& g)
      : a_(static_cast<const T*>(g.a)), b_(static_cast<const T*>(g.b)), a_col_(g.a_col), b_row_(g.b_row),
        rest_(g.n % B::size) {
    constexpr std::size_t ways = width <= 2 ? 4 : 2;
    std::size_t first = 0;
    for (; g.k - first > (ways - 1) * chunk; first = std::min(first + ways * chunk, g.k)) chunks<ways>(first, g.k);
    for (; first < g.k; first = std::min(first + chunk, g.k)) chunks<1>(first, g.k);
    T* const c = static_cast<T*>(g.c);
#pragma GCC unroll 4
    for (std::size_t u = 0; u < width; ++u) {
      if (partial && u + 1 == width) store_partial(c + u * B::size, all_[u], rest_);
      else all_[u].store_unaligned(c + u * B::size);
    }
  }

 private:
  using B = Batch<T>;

  /// Adds the sums of `n` chunks, of which the last one may be shorter.
  template <std::size_t n> void chunks(std::size_t first, std::size_t k) {
    B sum[n][width];
#pragma GCC unroll 4
    for (std::size_t w = 0; w < n; ++w)
#pragma GCC unroll 4
      for (std::size_t u = 0; u < width; ++u) sum[w][u] = B(T(0));
    const std::size_t last = std::min(chunk, k - first - (n - 1) * chunk);
    rows<n>(first, first + last, sum);
    if constexpr (n > 1)
      if (last < chunk) rows<n - 1>(first + last, first + chunk, sum);
#pragma GCC unroll 4
    for (std::size_t w = 0; w < n; ++w)
#pragma GCC unroll 4
      for (std::size_t u = 0; u < width; ++u) all_[u] = first + w == 0 ? sum[w][u] : all_[u] + sum[w][u];
  }
  /// Rows [begin, end), and those that lie one chunk, two chunks and so on behind them.
  template <std::size_t n, std::size_t all> void rows(std::size_t begin, std::size_t end, B (&sum)[all][width]) const {
    const T* a = a_ + std::ptrdiff_t(begin) * a_col_;
    const T* b = b_ + std::ptrdiff_t(begin) * b_row_;
    for (std::size_t p = begin; p < end; ++p, a += a_col_, b += b_row_)
#pragma GCC unroll 4
      for (std::size_t w = 0; w < n; ++w) {
        const B x(a[std::ptrdiff_t(w * chunk) * a_col_]);
        const T* const row = b + std::ptrdiff_t(w * chunk) * b_row_;
#pragma GCC unroll 4
        for (std::size_t u = 0; u < width; ++u) {
          const bool is_rest = partial && u + 1 == width;
          const B y = is_rest ? load_partial<B>(row + u * B::size, rest_, T(0)) : B::load_unaligned(row + u * B::size);
          sum[w][u] = madd(x, y, sum[w][u]);
        }
      }
  }

  const T *a_, *b_;
  std::ptrdiff_t a_col_, b_row_;
  std::size_t rest_;
  B all_[width];
};

template <class T, std::size_t width> void few_columns(const GemmArgs& g) {
  if (g.n % Batch<T>::size == 0) ShortRows<T, width, false>{g};
  else ShortRows<T, width, true>{g};
}
template <class T> void row_product(const GemmArgs& g) {
  switch (whole_lanes<T>(g.n) / Batch<T>::size) {
    case 1: return few_columns<T, 1>(g);
    case 2: return few_columns<T, 2>(g);
    case 3: return few_columns<T, 3>(g);
    case 4: return few_columns<T, 4>(g);
    default: return long_rows<T>(g);
  }
}

// --- inner products with one contiguous vector ----------------------------------------------------------------------

/// Each vector's lanes, added by halves: the lanes of the result.
template <std::size_t half, class B> [[gnu::always_inline]] inline void add_halves(B (&x)[B::size]) {
  constexpr auto all = std::make_index_sequence<B::size>{};
#pragma GCC unroll 16
  for (std::size_t i = 0; i < half; ++i) {
    const auto a = lanes(x[i]), b = lanes(x[i + half]);
    x[i] = from_lanes<B>(exchanged<half, 0>(a, b, all)) + from_lanes<B>(exchanged<half, 1>(a, b, all));
  }
  if constexpr (half > 1) add_halves<half / 2>(x);
}

/// Of an inner product that many sums are under way, one to each vector of elements by turns; what is left in the end
/// belongs to the last one if it is no whole vector.
inline constexpr std::size_t inner_sums = 4;

/// The products of `height` rows with the vector, still to be summed over the lanes.
template <class T, std::size_t height>
[[gnu::always_inline]] inline void inner_rows(const T* a, std::ptrdiff_t a_row, const T* b, std::size_t k,
                                              Batch<T>* all) {
  using B = Batch<T>;
  B sum[height][inner_sums];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < height; ++r)
#pragma GCC unroll 16
    for (std::size_t i = 0; i < inner_sums; ++i) sum[r][i] = B(T(0));
  std::size_t p = 0;
  for (; p + inner_sums * B::size <= k; p += inner_sums * B::size)
#pragma GCC unroll 16
    for (std::size_t i = 0; i < inner_sums; ++i) {
      const B x = B::load_unaligned(b + p + i * B::size);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < height; ++r)
        sum[r][i] = madd(B::load_unaligned(a + std::ptrdiff_t(r) * a_row + p + i * B::size), x, sum[r][i]);
    }
  const std::size_t whole = (k - p) / B::size, last = (k - p) % B::size;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < inner_sums - 1; ++i) {
    if (i >= whole) break;
    const B x = B::load_unaligned(b + p + i * B::size);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < height; ++r)
      sum[r][i] = madd(B::load_unaligned(a + std::ptrdiff_t(r) * a_row + p + i * B::size), x, sum[r][i]);
  }
  if (last != 0) {
    p += whole * B::size;
    const B x = load_partial<B>(b + p, last, T(0));
#pragma GCC unroll 16
    for (std::size_t r = 0; r < height; ++r)
      sum[r][inner_sums - 1] =
          madd(load_partial<B>(a + std::ptrdiff_t(r) * a_row + p, last, T(0)), x, sum[r][inner_sums - 1]);
  }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < height; ++r) all[r] = (sum[r][0] + sum[r][1]) + (sum[r][2] + sum[r][3]);
}

/// The same for rows of fewer vectors than there are sums, `whole` ones and maybe a part of one: what they are
/// multiplied with is in registers.
template <class T, std::size_t whole, bool partial> class ShortInner {
  using B = Batch<T>;

 public:
  ShortInner(const T* b, std::size_t k) : last_(k % B::size) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < whole; ++i) x_[i] = B::load_unaligned(b + i * B::size);
    if (partial) x_[whole] = load_partial<B>(b + whole * B::size, last_, T(0));
  }
  B row(const T* a) const {
    B sum[inner_sums];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < inner_sums; ++i)
      sum[i] = i < whole ? madd(B::load_unaligned(a + i * B::size), x_[i], B(T(0))) : B(T(0));
    constexpr std::size_t last = inner_sums - 1;
    if (partial) sum[last] = madd(load_partial<B>(a + whole * B::size, last_, T(0)), x_[whole], B(T(0)));
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }

 private:
  B x_[whole + 1];
  std::size_t last_;
};

/// rows(a, n, all): what is to be summed over the lanes, of n rows from a on.
template <class T, class Rows> void each_row(const GemmArgs& g, const Rows& rows) {
  using B = Batch<T>;
  const T* a = static_cast<const T*>(g.a);
  T* c = static_cast<T*>(g.c);
  for (std::size_t left = g.m; left > 0;) {
    B all[B::size];
    const std::size_t n = std::min(B::size, left);
    if (n < B::size)
      for (auto& r : all) r = B(T(0));
    rows(a, n, all);
    add_halves<B::size / 2>(all);
    if (g.c_row == 1 && n == B::size) {
      all[0].store_unaligned(c);
    } else {
      alignas(64) T lane[B::size];
      all[0].store_aligned(lane);
      for (std::size_t r = 0; r < n; ++r) c[std::ptrdiff_t(r) * g.c_row] = lane[r];
    }
    a += std::ptrdiff_t(n) * g.a_row;
    c += std::ptrdiff_t(n) * g.c_row;
    left -= n;
  }
}
template <class T> void long_inner(const GemmArgs& g) {
  constexpr std::size_t lanes = Batch<T>::size, height = lanes < 4 ? lanes : 4;
  each_row<T>(g, [&](const T* a, std::size_t n, Batch<T>* all) {
    if (n == lanes) {
#pragma GCC unroll 4
      for (std::size_t r = 0; r < lanes; r += height)
        inner_rows<T, height>(a + std::ptrdiff_t(r) * g.a_row, g.a_row, static_cast<const T*>(g.b), g.k, all + r);
    } else {
      for (std::size_t r = 0; r < n; ++r)
        inner_rows<T, 1>(a + std::ptrdiff_t(r) * g.a_row, g.a_row, static_cast<const T*>(g.b), g.k, all + r);
    }
  });
}
template <class T, std::size_t whole, bool partial> void inner_of_short_rows(const GemmArgs& g) {
  constexpr std::size_t lanes = Batch<T>::size;
  const ShortInner<T, whole, partial> inner(static_cast<const T*>(g.b), g.k);
  each_row<T>(g, [&](const T* a, std::size_t n, Batch<T>* all) {
    if (n == lanes) {
#pragma GCC unroll 16
      for (std::size_t r = 0; r < lanes; ++r) all[r] = inner.row(a + std::ptrdiff_t(r) * g.a_row);
    } else {
      for (std::size_t r = 0; r < n; ++r) all[r] = inner.row(a + std::ptrdiff_t(r) * g.a_row);
    }
  });
}
template <class T, std::size_t whole> void short_inner(const GemmArgs& g) {
  if constexpr (whole > 0)
    if (g.k % Batch<T>::size == 0) return inner_of_short_rows<T, whole, false>(g);
  inner_of_short_rows<T, whole, true>(g);
}
template <class T> void inner_products(const GemmArgs& g) {
  switch (g.k / Batch<T>::size) {
    case 0: return short_inner<T, 0>(g);
    case 1: return short_inner<T, 1>(g);
    case 2: return short_inner<T, 2>(g);
    case 3: return short_inner<T, 3>(g);
    default: return long_inner<T>(g);
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
