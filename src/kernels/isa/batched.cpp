// Factors and solutions of many small systems at once: lane l of a vector belongs to matrix l. One matrix alone goes
// the same way, so that its bits do not depend on its neighbours.
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/transpose.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

constexpr std::size_t largest = batched_order;

/// W matrices of `size` elements, one after the other: element e of all of them is vector e. Of fewer than W matrices
/// the first one fills the other lanes.
template <class T> void gather(const T* from, std::size_t size, std::size_t used, Batch<T>* to) {
  using B = Batch<T>;
  constexpr std::size_t lanes = B::size;
  std::size_t e = 0;
  if (used == lanes)
    for (; e + lanes <= size; e += lanes) {
      B rows[lanes];
#pragma GCC unroll 16
      for (std::size_t i = 0; i < lanes; ++i) rows[i] = B::load_unaligned(from + i * size + e);
      transpose(rows);
#pragma GCC unroll 16
      for (std::size_t i = 0; i < lanes; ++i) to[e + i] = rows[i];
    }
  for (; e < size; ++e) {
    alignas(64) T lane[lanes];
    for (std::size_t i = 0; i < lanes; ++i) lane[i] = from[(i < used ? i : 0) * size + e];
    to[e] = B::load_aligned(lane);
  }
}

template <class T> void scatter(const Batch<T>* from, std::size_t size, std::size_t used, T* to) {
  using B = Batch<T>;
  constexpr std::size_t lanes = B::size;
  std::size_t e = 0;
  if (used == lanes)
    for (; e + lanes <= size; e += lanes) {
      B rows[lanes];
#pragma GCC unroll 16
      for (std::size_t i = 0; i < lanes; ++i) rows[i] = from[e + i];
      transpose(rows);
#pragma GCC unroll 16
      for (std::size_t i = 0; i < lanes; ++i) rows[i].store_unaligned(to + i * size + e);
    }
  for (; e < size; ++e) {
    alignas(64) T lane[lanes];
    from[e].store_aligned(lane);
    for (std::size_t i = 0; i < used; ++i) to[i * size + e] = lane[i];
  }
}

/// Orders up to this are unrolled.
constexpr std::size_t unrolled = 8;

/// The lower factor, column by column; NaN below and on the diagonal where a pivot is not positive, zero above it.
/// `order` is n, or 0 if it is known at run time only.
template <class T, std::size_t order> void factorise(Batch<T>* a, std::size_t n) {
  using B = Batch<T>;
  if (order != 0) n = order;
  Mask<B> failed = B(T(1)) < B(T(0));
#pragma GCC unroll 8
  for (std::size_t j = 0; j < n; ++j) {
    B* const pivot_row = a + j * n;
    B pivot = pivot_row[j];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < j; ++k) pivot = nmadd(pivot_row[k], pivot_row[k], pivot);
    failed = failed || pivot <= B(T(0));
    const B root = xs::sqrt(pivot), scale = B(T(1)) / root;
    pivot_row[j] = root;
#pragma GCC unroll 8
    for (std::size_t i = j + 1; i < n; ++i) {
      B s = a[i * n + j];
#pragma GCC unroll 8
      for (std::size_t k = 0; k < j; ++k) s = nmadd(a[i * n + k], pivot_row[k], s);
      a[i * n + j] = s * scale;
      a[j * n + i] = B(T(0));
    }
  }
  if (!any<B>(failed)) return;
  const B nan(std::numeric_limits<T>::quiet_NaN());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = select<B>(failed, nan, a[i * n + j]);
}

/// Calls f with std::integral_constant of n where that is unrolled, else of 0.
template <class F, std::size_t... i> void with_order(std::size_t n, const F& f, std::index_sequence<i...>) {
  if (n > sizeof...(i)) return f(std::integral_constant<std::size_t, 0>{});
  (void)((n == i + 1 && (f(std::integral_constant<std::size_t, i + 1>{}), true)) || ...);
}
template <class F> void with_order(std::size_t n, const F& f) {
  with_order(n, f, std::make_index_sequence<unrolled>{});
}

template <class T> void cholesky(const void* from, void* to, std::size_t n, std::size_t count) {
  using B = Batch<T>;
  const std::size_t size = n * n;
  with_order(n, [&](auto order) {
    B a[largest * largest];
    for (std::size_t i = 0; i < count; i += B::size) {
      const std::size_t used = std::min<std::size_t>(B::size, count - i);
      gather<T>(static_cast<const T*>(from) + i * size, size, used, a);
      factorise<T, order>(a, n);
      scatter<T>(a, size, used, static_cast<T*>(to) + i * size);
    }
  });
}

/// op(A) X = B for columns of X: element (i, j) of A is a[i row + j col], of X x[i step + r rhs].
template <class T>
void substitute(const Batch<T>* a, Batch<T>* x, const TriangularShape& s) {
  using B = Batch<T>;
  const bool by_columns = s.transpose == s.left;  // op(A)^T is what multiplies from the right
  const std::size_t row = by_columns ? 1 : s.n, col = by_columns ? s.n : 1;
  const bool forward = s.lower != by_columns;
  const std::size_t step = s.left ? s.m : 1, rhs = s.left ? 1 : s.n;
  for (std::size_t at = 0; at < s.n; ++at) {
    const std::size_t i = forward ? at : s.n - 1 - at;
    const B scale = s.unit_diagonal ? B(T(1)) : B(T(1)) / a[i * row + i * col];
    for (std::size_t r = 0; r < s.m; ++r) {
      B sum = x[i * step + r * rhs];
      for (std::size_t k = 0; k < at; ++k) {
        const std::size_t j = forward ? k : s.n - 1 - k;
        sum = nmadd(a[i * row + j * col], x[j * step + r * rhs], sum);
      }
      x[i * step + r * rhs] = s.unit_diagonal ? sum : sum * scale;
    }
  }
}

template <class T>
void triangular(const void* as, const void* bs, void* xs, const TriangularShape& s, std::size_t count) {
  using B = Batch<T>;
  B a[largest * largest], x[largest * largest];
  const std::size_t a_size = s.n * s.n, x_size = s.n * s.m;
  for (std::size_t i = 0; i < count; i += B::size) {
    const std::size_t used = std::min<std::size_t>(B::size, count - i);
    gather<T>(static_cast<const T*>(as) + i * a_size, a_size, used, a);
    gather<T>(static_cast<const T*>(bs) + i * x_size, x_size, used, x);
    substitute<T>(a, x, s);
    scatter<T>(x, x_size, used, static_cast<T*>(xs) + i * x_size);
  }
}

/// What the rows below are divided by: 1 where the pivot is 0.
template <class B> B divisor(B pivot) { return select<B>(pivot == B(Value<B>(0)), B(Value<B>(1)), pivot); }

/// The row at or below j whose element in column j is the largest, the first of them, as a value of T.
template <class T> Batch<T> pivot_row(const Batch<T>* a, std::size_t n, std::size_t j) {
  using B = Batch<T>;
  B best = absolute(a[j * n + j]), at = B(T(j));
  for (std::size_t i = j + 1; i < n; ++i) {
    const B size = absolute(a[i * n + j]);
    const Mask<B> larger = size > best;
    best = select<B>(larger, size, best);
    at = select<B>(larger, B(T(i)), at);
  }
  return at;
}
/// Exchanges row j with row `at` of each matrix, `count` elements of rows that are `step` apart.
template <class T>
void exchange_rows(Batch<T>* rows, std::size_t step, std::size_t count, std::size_t n, std::size_t j, Batch<T> at) {
  using B = Batch<T>;
  B first[largest];
  for (std::size_t k = 0; k < count; ++k) first[k] = rows[j * step + k];
  for (std::size_t i = j + 1; i < n; ++i) {
    const Mask<B> here = at == B(T(i));
    if (!any<B>(here)) continue;
    for (std::size_t k = 0; k < count; ++k) {
      const B other = rows[i * step + k];
      rows[j * step + k] = select<B>(here, other, rows[j * step + k]);
      rows[i * step + k] = select<B>(here, first[k], other);
    }
  }
}

/// Gaussian elimination with partial pivoting: the first of the largest in a column is exchanged with its diagonal.
/// `pivots` are row numbers as values of T.
template <class T, std::size_t order> void eliminate(Batch<T>* a, std::size_t n, Batch<T>* pivots) {
  using B = Batch<T>;
  if (order != 0) n = order;
  for (std::size_t j = 0; j < n; ++j) {
    pivots[j] = pivot_row<T>(a, n, j);
    exchange_rows<T>(a, n, n, n, j, pivots[j]);
    const B by = divisor(a[j * n + j]);
    for (std::size_t i = j + 1; i < n; ++i) {
      const B l = a[i * n + j] / by;
      a[i * n + j] = l;
      for (std::size_t k = j + 1; k < n; ++k) a[i * n + k] = nmadd(l, a[j * n + k], a[i * n + k]);
    }
  }
}

/// The same of the right-hand sides too, then the upper triangle's solution: to the bit what eliminate, permuting and
/// two substitutions give, as each sum has the same terms in the same order. What is left of a column is not needed.
template <class T, std::size_t order> void solve_systems(Batch<T>* a, Batch<T>* x, std::size_t n, std::size_t m) {
  using B = Batch<T>;
  if (order != 0) n = order;
  for (std::size_t j = 0; j < n; ++j) {
    const B at = pivot_row<T>(a, n, j);
    exchange_rows<T>(a + j, n, n - j, n, j, at);
    exchange_rows<T>(x, m, m, n, j, at);
    const B by = divisor(a[j * n + j]);
    for (std::size_t i = j + 1; i < n; ++i) {
      const B l = a[i * n + j] / by;
      for (std::size_t k = j + 1; k < n; ++k) a[i * n + k] = nmadd(l, a[j * n + k], a[i * n + k]);
      for (std::size_t r = 0; r < m; ++r) x[i * m + r] = nmadd(l, x[j * m + r], x[i * m + r]);
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    const B scale = B(T(1)) / a[i * n + i];
    for (std::size_t r = 0; r < m; ++r) {
      B sum = x[i * m + r];
      for (std::size_t j = n - 1; j > i; --j) sum = nmadd(a[i * n + j], x[j * m + r], sum);
      x[i * m + r] = sum * scale;
    }
  }
}

template <class T>
void lu(const void* from, void* to, std::int32_t* pivots, std::size_t n, std::size_t count) {
  using B = Batch<T>;
  const std::size_t size = n * n;
  with_order(n, [&](auto order) {
    B a[largest * largest], at[largest];
    for (std::size_t i = 0; i < count; i += B::size) {
      const std::size_t used = std::min<std::size_t>(B::size, count - i);
      gather<T>(static_cast<const T*>(from) + i * size, size, used, a);
      eliminate<T, order>(a, n, at);
      scatter<T>(a, size, used, static_cast<T*>(to) + i * size);
      for (std::size_t j = 0; j < n; ++j) {
        alignas(64) T lane[B::size];
        at[j].store_aligned(lane);
        for (std::size_t l = 0; l < used; ++l) pivots[(i + l) * n + j] = std::int32_t(lane[l]);
      }
    }
  });
}

template <class T>
void solve(const void* as, const void* bs, void* xs, std::size_t n, std::size_t m, std::size_t count) {
  using B = Batch<T>;
  const std::size_t a_size = n * n, x_size = n * m;
  with_order(n, [&](auto order) {
    B a[largest * largest], x[largest * largest];
    for (std::size_t i = 0; i < count; i += B::size) {
      const std::size_t used = std::min<std::size_t>(B::size, count - i);
      gather<T>(static_cast<const T*>(as) + i * a_size, a_size, used, a);
      gather<T>(static_cast<const T*>(bs) + i * x_size, x_size, used, x);
      if (m == 1) solve_systems<T, order>(a, x, n, 1);
      else solve_systems<T, order>(a, x, n, m);
      scatter<T>(x, x_size, used, static_cast<T*>(xs) + i * x_size);
    }
  });
}

template <class T> constexpr Batched kernels_of = {&cholesky<T>, &triangular<T>, &lu<T>, &solve<T>, Batch<T>::size};

}  // namespace

Batched batched_kernels(DType t) {
  switch (t) {
    case DType::float32: return kernels_of<float>;
    case DType::float64: return kernels_of<double>;
    default: return {};
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
