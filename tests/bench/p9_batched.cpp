// P9: thousands of small matrices, and the gradients of one example each.
#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

#include <cblas.h>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

constexpr std::size_t count = 4096, n = 8, size = n * n;
using Wide = xsimd::batch<double>;
constexpr std::size_t lanes = Wide::size;
static_assert(count % lanes == 0 && size % lanes == 0);

Wide nmadd(Wide a, Wide b, Wide c) {
#if defined(__AVX512F__)
  return _mm512_fnmadd_pd(a, b, c);
#elif defined(__FMA__)
  return _mm256_fnmadd_pd(a, b, c);
#else
  return c - a * b;
#endif
}
typedef double Doubles __attribute__((vector_size(sizeof(Wide))));
template <std::size_t step, bool odd, std::size_t... i>
Doubles exchanged(Doubles a, Doubles b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, int((i & step) == 0 ? i + odd * step : lanes + i + odd * step - step)...);
}
template <std::size_t step = 1> [[gnu::always_inline]] inline void transposed(Wide* rows) {
  if constexpr (step < lanes) {
    for (std::size_t i = 0; i < lanes; ++i) {
      if ((i & step) != 0) continue;
      const auto a = (Doubles)rows[i].data, b = (Doubles)rows[i + step].data;
      constexpr auto all = std::make_index_sequence<lanes>{};
      rows[i] = Wide(typename Wide::register_type(exchanged<step, false>(a, b, all)));
      rows[i + step] = Wide(typename Wide::register_type(exchanged<step, true>(a, b, all)));
    }
    transposed<2 * step>(rows);
  }
}

/// Element e of `lanes` matrices, `size` elements apart, as vector e; and back.
template <std::size_t elements> void interleave(const double* from, Wide* to) {
  for (std::size_t e = 0; e < elements; e += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) to[e + i] = Wide::load_unaligned(from + i * elements + e);
    transposed(to + e);
  }
}
template <std::size_t elements> void separate(Wide* from, double* to) {
  for (std::size_t e = 0; e < elements; e += lanes) {
    transposed(from + e);
    for (std::size_t i = 0; i < lanes; ++i) from[e + i].store_unaligned(to + i * elements + e);
  }
}

void factorise(Wide* a) {
#pragma GCC unroll 8
  for (std::size_t j = 0; j < n; ++j) {
    Wide pivot = a[j * n + j];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < j; ++k) pivot = nmadd(a[j * n + k], a[j * n + k], pivot);
    const Wide root = xsimd::sqrt(pivot), scale = Wide(1) / root;
    a[j * n + j] = root;
#pragma GCC unroll 8
    for (std::size_t i = j + 1; i < n; ++i) {
      Wide s = a[i * n + j];
#pragma GCC unroll 8
      for (std::size_t k = 0; k < j; ++k) s = nmadd(a[i * n + k], a[j * n + k], s);
      a[i * n + j] = s * scale;
      a[j * n + i] = Wide(0);
    }
  }
}

void substitute(const Wide* l, Wide* x) {
#pragma GCC unroll 8
  for (std::size_t i = 0; i < n; ++i) {
    Wide s = x[i];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < i; ++k) s = nmadd(l[i * n + k], x[k], s);
    x[i] = s / l[i * n + i];
  }
}

/// Gaussian elimination with partial pivoting, of the right-hand side too.
void eliminate(Wide* a, Wide* x) {
  for (std::size_t j = 0; j < n; ++j) {
    Wide best = xsimd::abs(a[j * n + j]), at = Wide(double(j));
    for (std::size_t i = j + 1; i < n; ++i) {
      const Wide other = xsimd::abs(a[i * n + j]);
      const auto larger = other > best;
      best = xsimd::select(larger, other, best);
      at = xsimd::select(larger, Wide(double(i)), at);
    }
    for (std::size_t i = j + 1; i < n; ++i) {
      const auto here = at == Wide(double(i));
      if (!xsimd::any(here)) continue;
      const auto exchange = [&](Wide& p, Wide& q) {
        const Wide t = p;
        p = xsimd::select(here, q, p);
        q = xsimd::select(here, t, q);
      };
      for (std::size_t k = j; k < n; ++k) exchange(a[j * n + k], a[i * n + k]);
      exchange(x[j], x[i]);
    }
    const Wide scale = Wide(1) / a[j * n + j];
    for (std::size_t i = j + 1; i < n; ++i) {
      const Wide l = a[i * n + j] * scale;
      for (std::size_t k = j + 1; k < n; ++k) a[i * n + k] = nmadd(l, a[j * n + k], a[i * n + k]);
      x[i] = nmadd(l, x[j], x[i]);
    }
  }
  for (std::size_t j = n; j-- > 0;) {
    for (std::size_t k = j + 1; k < n; ++k) x[j] = nmadd(a[j * n + k], x[k], x[j]);
    x[j] = x[j] / a[j * n + j];
  }
}

/// Symmetric positive definite ones.
Array definite() {
  const Array a = uniform({count, n, n}, -1, 1, float64, 1);
  return matmul(a, swapaxes(a, 1, 2)) + 4.0 * eye(n);
}

Case cholesky_8() {
  const Array a = definite();
  const auto program = [](const Array& x) { return lax::linalg::cholesky(x, {.symmetrize_input = false}); };
  const auto compiled = jit(program);
  const auto in = std::make_shared<Memory<double>>(a), out = std::make_shared<Memory<double>>(count * size);
  const auto hand = [in, out] {
    for (std::size_t i = 0; i < count; i += lanes) {
      Wide m[size];
      interleave<size>(in->data() + i * size, m);
      factorise(m);
      separate<size>(m, out->data() + i * size);
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(a)); }}, {"eager", [=] { keep(program(a)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(a), *out, 1e-12); },
          .flops = count * (n * n * n / 3.0),
          .bytes = 16.0 * count * size,
          .table_seconds = 111e-6,
          .goals = {{"jit", "hand", 1.2}}};
}

/// L x = b, and a x = b.
template <class Program, class Solve>
Case systems(const Array& a, const Program& program, const Solve& solve, double flops) {
  const Array b = uniform({count, n, 1}, -1, 1, float64, 3);
  const auto compiled = jit(program);
  const auto in = std::make_shared<Memory<double>>(a), right = std::make_shared<Memory<double>>(b),
             out = std::make_shared<Memory<double>>(count * n);
  const auto hand = [in, right, out, solve] {
    for (std::size_t i = 0; i < count; i += lanes) {
      Wide m[size], x[n];
      interleave<size>(in->data() + i * size, m);
      interleave<n>(right->data() + i * n, x);
      solve(m, x);
      separate<n>(x, out->data() + i * n);
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(a, b)); }}, {"eager", [=] { keep(program(a, b)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(a, b), *out, 1e-10); },
          .flops = count * flops,
          .bytes = 8.0 * count * (size + 2 * n),
          .goals = {{"jit", "hand", 1.2}}};
}

Case triangular_8() {
  const auto program = [](const Array& l, const Array& b) {
    return lax::linalg::triangular_solve(l, b, {.left_side = true, .lower = true});
  };
  return systems(linalg::cholesky(definite()), program, [](Wide* l, Wide* x) { substitute(l, x); }, n * n);
}
Case solve_8() {
  const auto program = [](const Array& a, const Array& b) { return linalg::solve(a, b); };
  return systems(uniform({count, n, n}, -1, 1, float64, 1), program, [](Wide* a, Wide* x) { eliminate(a, x); },
                 2 * n * n * n / 3.0);
}

/// A line of n numbers is one vector, or several.
template <class T> void multiply(const T* a, const T* b, T* c) {
  typedef T Line __attribute__((vector_size(n * sizeof(T)), aligned(alignof(T))));
  Line rows[n];
  for (std::size_t k = 0; k < n; ++k) std::memcpy(&rows[k], b + k * n, sizeof(Line));
#pragma GCC unroll 8
  for (std::size_t i = 0; i < n; ++i) {
    Line sum = a[i * n] * rows[0];
#pragma GCC unroll 8
    for (std::size_t k = 1; k < n; ++k) {
#if defined(__AVX512F__)
      const T x = a[i * n + k];
      if constexpr (sizeof(T) == 8) sum = (Line)_mm512_fmadd_pd(_mm512_set1_pd(x), (__m512d)rows[k], (__m512d)sum);
      else sum = (Line)_mm256_fmadd_ps(_mm256_set1_ps(x), (__m256)rows[k], (__m256)sum);
#else
      sum += a[i * n + k] * rows[k];
#endif
    }
    std::memcpy(c + i * n, &sum, sizeof sum);
  }
}

template <class T> Case products_8(double table_seconds) {
  const DType dtype = dtype_of<T>;
  const Array a = uniform({count, n, n}, -1, 1, dtype, 1), b = uniform({count, n, n}, -1, 1, dtype, 2);
  const auto program = [](const Array& x, const Array& y) { return matmul(x, y); };
  const auto compiled = jit(program);
  const auto left = std::make_shared<Memory<T>>(a), right = std::make_shared<Memory<T>>(b),
             out = std::make_shared<Memory<T>>(count * size);
  const auto hand = [left, right, out] {
    for (std::size_t i = 0; i < count * size; i += size) multiply(left->data() + i, right->data() + i, out->data() + i);
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(a, b)); }}, {"eager", [=] { keep(program(a, b)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(a, b), *out, sizeof(T) == 4 ? 1e-5 : 1e-13); },
          .narrow = sizeof(T) == 4,
          .flops = 2.0 * count * n * size,
          .bytes = 3.0 * sizeof(T) * count * size,
          .table_seconds = table_seconds,
          .goals = {{"jit", "hand", 1.2}}};
}

// --- per-example gradients of a perceptron 64-64-1 ---

constexpr std::size_t examples = 256, wide = 64;

Array loss(const Array& w, const Array& b, const Array& v, const Array& c, const Array& x, const Array& y) {
  return square(dot(tanh(dot(x, w) + b), v) + c - y);
}

struct Perceptron {
  Memory<float> w, b, v, x, y, hidden{examples * wide}, dw{examples * wide * wide}, db{examples * wide},
      dv{examples * wide}, dc{examples};
  float c = 0;

  void run() {
    using B = xsimd::batch<float>;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, examples, wide, wide, 1, x.data(), wide, w.data(), wide, 0,
                hidden.data(), wide);
    for (std::size_t e = 0; e < examples; ++e) {
      float *h = hidden.data() + e * wide, *d = db.data() + e * wide;
      B sum(0.0f);
      for (std::size_t i = 0; i < wide; i += B::size) {
        const B t = xsimd::tanh(B::load_aligned(h + i) + B::load_aligned(b.data() + i));
        t.store_aligned(h + i);
        sum = sum + t * B::load_aligned(v.data() + i);
      }
      const float error = 2 * (xsimd::hadd(sum) + c - y[e]);
      dc[e] = error;
      for (std::size_t i = 0; i < wide; i += B::size) {
        const B t = B::load_aligned(h + i);
        (B(error) * t).store_aligned(dv.data() + e * wide + i);
        (B(error) * B::load_aligned(v.data() + i) * (B(1.0f) - t * t)).store_aligned(d + i);
      }
      for (std::size_t k = 0; k < wide; ++k) {
        const B in(x[e * wide + k]);
        for (std::size_t i = 0; i < wide; i += B::size)
          (in * B::load_aligned(d + i)).store_aligned(dw.data() + (e * wide + k) * wide + i);
      }
    }
    keep(dw.data());
  }
};

Case per_example() {
  const Array w = uniform({wide, wide}, -0.2, 0.2, float32, 1), b = uniform({wide}, -1, 1, float32, 2),
              v = uniform({wide}, -1, 1, float32, 3), c = uniform({}, -1, 1, float32, 4),
              x = uniform({examples, wide}, -1, 1, float32, 5), y = uniform({examples}, -1, 1, float32, 6);
  const auto compiled =
      jit(vmap(grad(loss, argnums<0, 1, 2, 3>), {.in_axes = {none, none, none, none, 0, 0}}));
  const auto hand = std::make_shared<Perceptron>(Perceptron{
      Memory<float>(w), Memory<float>(b), Memory<float>(v), Memory<float>(x), Memory<float>(y)});
  hand->c = c.item<float>();
  const auto check = [=]() -> std::string {
    hand->run();
    const auto [dw, db, dv, dc] = compiled(w, b, v, c, x, y);
    for (const auto& fault : {differs(dw, hand->dw, 1e-4), differs(db, hand->db, 1e-4), differs(dv, hand->dv, 1e-4),
                              differs(dc, hand->dc, 1e-4)})
      if (!fault.empty()) return fault;
    return {};
  };
  return {.impls = {{"jit", [=] { keep(compiled(w, b, v, c, x, y)); }}, {"hand", [=] { hand->run(); }}},
          .check = check,
          .narrow = true,
          .flops = examples * wide * wide * 3.0,
          .bytes = 4.0 * examples * wide * wide,
          .goals = {{"jit", "hand", 1.2}}};
}

const bool registered[] = {
    add("P9/cholesky_4096x8x8_f64", cholesky_8),
    add("P9/triangular_solve_4096x8x8_f64", triangular_8),
    add("P9/solve_4096x8x8_f64", solve_8),
    add("P9/products_4096x8x8_f64", [] { return products_8<double>(71e-6); }),
    add("P9/products_4096x8x8_f32", [] { return products_8<float>(56e-6); }),
    add("P9/per_example_gradients", per_example),
};

}  // namespace
}  // namespace fluxion::bench
