// P13: what moves data by numbers known at run time: gather and scatter, rows of a table and their gradient, sorting,
// cumulative sums.
#include <fluxion/fluxion.hpp>

#include <numeric>

#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

template <class T> std::shared_ptr<Memory<T>> memory(const Array& x) { return std::make_shared<Memory<T>>(x); }
template <class T> std::shared_ptr<Memory<T>> memory(std::size_t n) { return std::make_shared<Memory<T>>(n); }

Array positions(std::int64_t n, std::int64_t below, DType t) {
  return random::randint(random::key(3), {n}, 0, below).astype(t);
}

Array numbers(Shape shape, DType t = float32) { return uniform(std::move(shape), -1, 1, t); }

// --- gather and scatter ------------------------------------------------------------------------------------------

template <class I>
Case gather_elements(DType t) {
  constexpr std::int64_t n = 1'000'000;
  const Array x = numbers({n}), i = positions(n, n, t);
  const auto compiled = jit([](const Array& v, const Array& at) { return v[at]; });
  const auto in = memory<float>(x), out = memory<float>(n);
  const auto at = memory<I>(i);
  const auto hand = [=] {
    for (std::size_t j = 0; j < std::size_t(n); ++j) (*out)[j] = (*in)[std::size_t((*at)[j])];
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x, i)); }}, {"eager", [=] { keep(x[i]); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x, i), *out, 0); },
          .narrow = true,
          .bytes = double(n) * (8 + sizeof(I)),
          .table_seconds = sizeof(I) == 4 ? 0.63e-3 : 0,
          .goals = {{"jit", "hand", 1.3}}};  // 1.2 of the best peer, which is 1.1 of this
}

/// out[at[j]] += in[j], from zero.
void sums_at(const Memory<std::int32_t>& at, const Memory<float>& in, Memory<float>& out) {
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t j = 0; j < in.size(); ++j) out[std::size_t(at[j])] += in[j];
  keep(out.data());
}

Case scatter_add_elements() {
  constexpr std::int64_t n = 1'000'000, m = 100'000;
  const Array u = numbers({n}), i = positions(n, m, int32);
  const auto program = [](const Array& v, const Array& at) { return zeros({m}, float32).at(at).add(v); };
  const auto compiled = jit(program);
  const auto in = memory<float>(u), out = memory<float>(m);
  const auto at = memory<std::int32_t>(i);
  const auto hand = [=] { sums_at(*at, *in, *out); };
  return {.impls = {{"jit", [=] { keep(compiled(u, i)); }}, {"eager", [=] { keep(program(u, i)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(u, i), *out, 0); },
          .narrow = true,
          .table_seconds = 0.50e-3,
          .goals = {{"jit", "hand", 1.25}}};
}

Case segment_sums() {
  constexpr std::int64_t n = 1'000'000, m = 1000;
  const Array u = numbers({n}), i = sort(positions(n, m, int32));
  const auto program = [](const Array& v, const Array& at) { return segment_sum(v, at, std::int64_t{m}); };
  const auto compiled = jit(program);
  const auto in = memory<float>(u), out = memory<float>(m);
  const auto at = memory<std::int32_t>(i);
  const auto hand = [=] { sums_at(*at, *in, *out); };
  return {.impls = {{"jit", [=] { keep(compiled(u, i)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(u, i), *out, 0); },
          .narrow = true,
          .goals = {{"jit", "hand", 1.25}}};
}

/// m[i, j] for pairs of indices.
Case gather_pairs() {
  constexpr std::int64_t n = 1'000'000, side = 1000;
  const Array x = numbers({side, side}), i = positions(n, side, int64),
              k = random::randint(random::key(4), {n}, 0, side);
  const auto compiled = jit([](const Array& v, const Array& a, const Array& b) { return v[{a, b}]; });
  const auto in = memory<float>(x), out = memory<float>(n);
  const auto row = memory<std::int64_t>(i), column = memory<std::int64_t>(k);
  const auto hand = [=] {
    for (std::size_t j = 0; j < std::size_t(n); ++j) (*out)[j] = (*in)[std::size_t((*row)[j] * side + (*column)[j])];
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x, i, k)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x, i, k), *out, 0); },
          .narrow = true};
}

struct Embedding {
  static constexpr std::int64_t rows = 50'000, width = 64, taken = 10'000;
  Array table = numbers({rows, width}), at = positions(taken, rows, int32);
};

Case embedding() {
  const Embedding e;
  const auto compiled = jit([](const Array& v, const Array& i) { return v[i]; });
  const auto in = memory<float>(e.table), out = memory<float>(e.taken * e.width);
  const auto at = memory<std::int32_t>(e.at);
  const auto hand = [=] {
    for (std::size_t j = 0; j < std::size_t(e.taken); ++j)
      std::copy_n(in->data() + (*at)[j] * e.width, e.width, out->data() + std::int64_t(j) * e.width);
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(e.table, e.at)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(e.table, e.at), *out, 0); },
          .narrow = true,
          .goals = {{"jit", "hand", 1.2}}};
}

/// The gradient of the sum of squares of what is taken.
Case embedding_gradient() {
  const Embedding e;
  const auto compiled = jit(grad([](const Array& v, const Array& i) { return sum(square(v[i])); }));
  const auto in = memory<float>(e.table), out = memory<float>(e.rows * e.width);
  const auto at = memory<std::int32_t>(e.at);
  const auto hand = [=] {
    std::fill(out->begin(), out->end(), 0.0F);
    for (std::size_t j = 0; j < std::size_t(e.taken); ++j) {
      const float* const from = in->data() + (*at)[j] * e.width;
      float* const to = out->data() + (*at)[j] * e.width;
      for (std::int64_t c = 0; c < e.width; ++c) to[c] += 2 * from[c];
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(e.table, e.at)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(e.table, e.at), *out, 1e-6); },
          .narrow = true,
          .goals = {{"jit", "hand", 1.5}}};
}

/// x.at[i].set in a loop: each trip changes one element of the carried array.
Case set_in_loop() {
  constexpr std::int64_t n = 100'000, trips = 10'000;
  const Array x = numbers({n}), at = positions(trips, n, int64);
  const auto compiled = jit([](const Array& v, const Array& i) {
    return fori_loop(0, trips, [&](const Array& k, const Array& y) {
      return y.at(i[k]).set(k.astype(float32));
    }, v);
  });
  const auto in = memory<float>(x), out = memory<float>(n);
  const auto places = memory<std::int64_t>(at);
  const auto hand = [=] {
    std::copy(in->begin(), in->end(), out->begin());
    for (std::size_t k = 0; k < std::size_t(trips); ++k) (*out)[std::size_t((*places)[k])] = float(k);
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x, at)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x, at), *out, 0); },
          .narrow = true};
}

// --- sorting -------------------------------------------------------------------------------------------------------

template <class T>
Case sorting(DType t, double seconds) {
  constexpr std::int64_t n = 1'000'000;
  const Array x = random::normal(random::key(5), {n}, t);
  const auto compiled = jit([](const Array& v) { return sort(v); });
  const auto in = memory<T>(x), out = memory<T>(n);
  const auto standard = [=] {
    std::copy(in->begin(), in->end(), out->begin());
    std::sort(out->begin(), out->end());
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"eager", [=] { keep(sort(x)); }}, {"std::sort", standard}},
          .check = [=] { standard(); return differs(compiled(x), *out, 0); },
          .narrow = sizeof(T) == 4,
          .table_seconds = seconds,
          .goals = {{"jit", "std::sort", sizeof(T) == 4 ? 0.10 : 0.15}}};  // 1.2 of numpy's 6.8 ms where std::sort takes 80
}

Case sorting_positions() {
  constexpr std::int64_t n = 1'000'000;
  const Array x = random::normal(random::key(5), {n}, float32);
  const auto compiled = jit([](const Array& v) { return argsort(v); });
  const auto in = memory<float>(x);
  const auto out = memory<std::int64_t>(n);
  const auto standard = [=] {
    std::iota(out->begin(), out->end(), 0);
    std::stable_sort(out->begin(), out->end(), [&](auto a, auto b) { return (*in)[std::size_t(a)] < (*in)[std::size_t(b)]; });
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"std::stable_sort", standard}},
          .check = [=] { standard(); return differs(compiled(x), *out, 0); },
          .narrow = true,
          .goals = {{"jit", "std::stable_sort", 0.5}}};
}

// --- cumulative sums ---------------------------------------------------------------------------------------------------

/// A block of 16 at a time: its own prefix sums in four steps, then what came before.
Case cumulative_sum() {
  using B = xsimd::batch<float>;
  constexpr std::size_t n = 10'000'000, w = B::size;
  const Array x = numbers({n});
  const auto compiled = jit([](const Array& v) { return cumsum(v); });
  const auto in = memory<float>(x), out = memory<float>(n);
  const auto hand = [=] {
    [[maybe_unused]] alignas(64) float shifted[2 * w] = {};
    float before = 0;
    for (std::size_t i = 0; i < n; i += w) {
      B v = B::load_aligned(in->data() + i);
      for (std::size_t s = 1; s < w; s *= 2) {
#if defined(__AVX512F__)
        const __m512i by = _mm512_sub_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                            _mm512_set1_epi32(int(s)));
        const auto mask = __mmask16(0xffffU << s);
        v = B(_mm512_mask_add_ps(v, mask, v, _mm512_permutexvar_ps(by, v)));
#else
        v.store_unaligned(shifted + w);
        v = v + B::load_unaligned(shifted + w - s);
#endif
      }
      (v + B(before)).store_aligned(out->data() + i);
      before = (*out)[i + w - 1];
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, 1e-4, 100); },
          .narrow = true,
          .bytes = 8.0 * n,
          .table_seconds = 1.88e-3,
          .goals = {{"jit", "hand", 3.4}}};  // 1.2 of numba's 5.4 ms
}

template <int axis>
Case cumulative_sum_along() {
  constexpr std::int64_t rows = 4096, columns = 1024;
  const Array x = numbers({rows, columns});
  const auto compiled = jit([](const Array& v) { return cumsum(v, axis); });
  const auto in = memory<float>(x), out = memory<float>(rows * columns);
  const auto hand = [=] {
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* const from = in->data() + r * columns;
      float* const to = out->data() + r * columns;
      if constexpr (axis == 0) {
        for (std::int64_t c = 0; c < columns; ++c) to[c] = r == 0 ? from[c] : to[c - columns] + from[c];
      } else {
        float sum = 0;
        for (std::int64_t c = 0; c < columns; ++c) to[c] = sum += from[c];
      }
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, 1e-5, 10); },
          .narrow = true,
          .bytes = 8.0 * rows * columns,
          .goals = {{"jit", "hand", 1.2}}};
}

const bool registered[] = {
    add("P13/gather_i32_1e6", [] { return gather_elements<std::int32_t>(int32); }),
    add("P13/gather_i64_1e6", [] { return gather_elements<std::int64_t>(int64); }),
    add("P13/gather_pairs_1e6", gather_pairs),
    add("P13/scatter_add_1e6", scatter_add_elements),
    add("P13/segment_sum_1e6", segment_sums),
    add("P13/embedding", embedding),
    add("P13/embedding_gradient", embedding_gradient),
    add("P13/set_in_loop", set_in_loop),
    add("P13/sort_f32_1e6", [] { return sorting<float>(float32, 6.8e-3); }),
    add("P13/sort_f64_1e6", [] { return sorting<double>(float64, 0); }),
    add("P13/argsort_f32_1e6", sorting_positions),
    add("P13/cumsum_f32_1e7", cumulative_sum),
    add("P13/cumsum_axis0", cumulative_sum_along<0>),
    add("P13/cumsum_axis1", cumulative_sum_along<1>),
};

}  // namespace
}  // namespace fluxion::bench
