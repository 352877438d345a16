// P2: elementwise programs.
#include <fluxion/fluxion.hpp>
#include <fluxion/scipy/special.hpp>

#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

template <class T> using Pack = xsimd::batch<T>;
template <class T> std::shared_ptr<Memory<T>> memory(const Array& x) { return std::make_shared<Memory<T>>(x); }
template <class T> std::shared_ptr<Memory<T>> memory(std::size_t n) { return std::make_shared<Memory<T>>(n); }

/// a b + c, rounded once: xsimd 8 has no such form for AVX-512.
template <class T> Pack<T> fused(Pack<T> a, Pack<T> b, Pack<T> c) {
#ifdef __AVX512F__
  if constexpr (sizeof(T) == 4) return _mm512_fmadd_ps(a, b, c);
  else return _mm512_fmadd_pd(a, b, c);
#else
  return xsimd::fma(a, b, c);
#endif
}

// --- P2a: little arithmetic, much memory --------------------------------------------------------------------

/// (2 x + 1) x, the result in fresh memory each time.
Case polynomial() {
  using B = Pack<float>;
  constexpr std::size_t n = 10'000'000;
  const Array x = uniform({n}, -1, 1, float32);
  const auto program = [](const Array& v) { return (2 * v + 1) * v; };
  const auto compiled = jit(program);
  const auto in = memory<float>(x), out = memory<float>(n);
  const auto hand = [in, out] {
    const B two(2), one(1);
    for (std::size_t i = 0; i < n; i += B::size) {
      const B v = B::load_aligned(in->data() + i), r = fused<float>(two, v, one) * v;
#ifdef __AVX512F__
      _mm512_stream_ps(out->data() + i, r);  // a result that no cache holds needs not be fetched to be written
#else
      r.store_aligned(out->data() + i);
#endif
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"eager", [=] { keep(program(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, 1e-6); },
          .narrow = true,
          .flops = 3.0 * n,
          .bytes = 8.0 * n,
          .table_seconds = 1.8e-3,
          .goals = {{"jit", "hand", 1.1}}};
}

// --- P2b: Black-Scholes -------------------------------------------------------------------------------------

constexpr double rate = 0.02, volatility = 0.3, root_half = 0.70710678118654752440;

Array call_price(const Array& spot, const Array& strike, const Array& time) {
  const Array deviation = volatility * sqrt(time);
  const Array d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / deviation;
  const Array d2 = d1 - deviation;
  const auto cdf = [](const Array& d) { return 0.5 * (1.0 + erf(d * root_half)); };
  return spot * cdf(d1) - strike * exp(-rate * time) * cdf(d2);
}

template <class T>
void price_fused(const T* spot, const T* strike, const T* time, T* out, std::size_t n) {
  using B = Pack<T>;
  const B half(T(0.5)), one(1), v((T(volatility))), drift(T(rate + 0.5 * volatility * volatility)), root((T(root_half)));
  const auto cdf = [&](B d) { return half * (one + xsimd::erf(d * root)); };
  for (std::size_t i = 0; i < n; i += B::size) {
    const B s = B::load_aligned(spot + i), k = B::load_aligned(strike + i), t = B::load_aligned(time + i);
    const B deviation = v * xsimd::sqrt(t);
    const B d1 = fused<T>(drift, t, xsimd::log(s / k)) / deviation;
    const B discounted = k * xsimd::exp(B(T(-rate)) * t);
    (s * cdf(d1) - discounted * cdf(d1 - deviation)).store_aligned(out + i);
  }
}

/// The same in blocks that stay in the first-level cache, a function at a time: its constants stay in registers.
template <class T>
void price_blocked(const T* spot, const T* strike, const T* time, T* out, std::size_t n) {
  using B = Pack<T>;
  constexpr std::size_t block = 4096 / sizeof(T);
  alignas(64) T d1[block], d2[block], discounted[block];
  const B half(T(0.5)), one(1), v((T(volatility))), drift(T(rate + 0.5 * volatility * volatility)), root((T(root_half)));
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t count = std::min(block, n - first);
    const auto each = [count](auto f) { for (std::size_t i = 0; i < count; i += B::size) f(i); };
    const auto at = [first](const T* p, std::size_t i) { return B::load_aligned(p + first + i); };
    each([&](std::size_t i) { B(xsimd::log(at(spot, i) / at(strike, i))).store_aligned(d1 + i); });
    each([&](std::size_t i) {
      const B t = at(time, i), deviation = v * xsimd::sqrt(t);
      const B x = fused<T>(drift, t, B::load_aligned(d1 + i)) / deviation;
      (x * root).store_aligned(d1 + i);
      ((x - deviation) * root).store_aligned(d2 + i);
    });
    each([&](std::size_t i) { (at(strike, i) * xsimd::exp(B(T(-rate)) * at(time, i))).store_aligned(discounted + i); });
    each([&](std::size_t i) { B(xsimd::erf(B::load_aligned(d1 + i))).store_aligned(d1 + i); });
    each([&](std::size_t i) {
      const B near = half * (one + xsimd::erf(B::load_aligned(d2 + i))), far = half * (one + B::load_aligned(d1 + i));
      (at(spot, i) * far - B::load_aligned(discounted + i) * near).store_aligned(out + first + i);
    });
  }
}

template <class T>
Case black_scholes() {
  constexpr std::size_t n = 1'000'000;
  constexpr bool narrow = sizeof(T) == 4;
  const Array spot = uniform({n}, 50, 150, dtype_of<T>, 1), strike = uniform({n}, 50, 150, dtype_of<T>, 2),
              time = uniform({n}, 0.1, 2, dtype_of<T>, 3);
  const auto compiled = jit(call_price);
  const auto s = memory<T>(spot), k = memory<T>(strike), t = memory<T>(time), out = memory<T>(n);
  const auto fused = [=] { price_fused(s->data(), k->data(), t->data(), out->data(), n); keep(out->data()); };
  const auto blocked = [=] { price_blocked(s->data(), k->data(), t->data(), out->data(), n); keep(out->data()); };
  const double tolerance = narrow ? 1e-4 : 1e-11;
  return {.impls = {{"jit", [=] { keep(compiled(spot, strike, time)); }},
                    {"eager", [=] { keep(call_price(spot, strike, time)); }},
                    {"hand", blocked},
                    {"hand_fused", fused}},
          .check =
              [=] {
                blocked();
                if (auto d = differs(compiled(spot, strike, time), *out, tolerance); !d.empty()) return d;
                fused();
                return differs(compiled(spot, strike, time), *out, tolerance);
              },
          .narrow = narrow,
          .table_seconds = narrow ? 2.0e-3 : 4.6e-3,
          .goals = {{"jit", "hand", 1.05}, {"jit", "hand_fused", 1.05}}};
}

// --- P2c: cheap operations on what a cache holds ------------------------------------------------------------

/// Thirty operations: mul, add, sub, abs, mul, max, five times.
Case cheap_chain() {
  using B = Pack<float>;
  constexpr std::size_t n = 100'000;
  const Array x = uniform({n}, -2, 2, float32, 1), y = uniform({n}, -1, 1, float32, 2);
  const auto program = [](const Array& a, const Array& b) {
    Array v = a;
    for (int k = 0; k < 5; ++k) v = maximum(abs(v * 1.25 + 0.5 - b) * b, -0.75);
    return v;
  };
  const auto compiled = jit(program);
  const auto in = memory<float>(x), other = memory<float>(y), out = memory<float>(n);
  const auto hand = [in, other, out] {
    const B scale(1.25F), shift(0.5F), least(-0.75F);
    constexpr std::size_t side_by_side = 5;  // chains of dependences; n is a multiple of their elements
    static_assert(n % (side_by_side * B::size) == 0 || B::size > 16);
    for (std::size_t i = 0; i < n; i += side_by_side * B::size) {
      B v[side_by_side], b[side_by_side];
      for (std::size_t s = 0; s < side_by_side; ++s) {
        v[s] = B::load_aligned(in->data() + i + s * B::size);
        b[s] = B::load_aligned(other->data() + i + s * B::size);
      }
      for (int k = 0; k < 5; ++k)
        for (std::size_t s = 0; s < side_by_side; ++s)
          v[s] = xsimd::max(xsimd::abs(fused<float>(v[s], scale, shift) - b[s]) * b[s], least);
      for (std::size_t s = 0; s < side_by_side; ++s) v[s].store_aligned(out->data() + i + s * B::size);
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x, y)); }}, {"eager", [=] { keep(program(x, y)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x, y), *out, 1e-5); },
          .narrow = true,
          .flops = 30.0 * n,
          .table_seconds = 12e-6,
          .goals = {{"jit", "hand", 5.5}}};
}

// --- P2d: functions -----------------------------------------------------------------------------------------

struct Function {
  const char* name;
  Array (*traced)(const Array&);
  double low, high, narrow_table, wide_table;  // seconds
};

template <class T, class F>
Case function(Function f, F by_hand) {
  using B = Pack<T>;
  constexpr std::size_t n = 1'000'000;
  const Array x = uniform({n}, f.low, f.high, dtype_of<T>);
  const auto traced = f.traced;
  const auto compiled = jit([traced](const Array& v) { return traced(v); });
  const auto in = memory<T>(x), out = memory<T>(n);
  const auto hand = [=] {
    for (std::size_t i = 0; i < n; i += B::size) by_hand(B::load_aligned(in->data() + i)).store_aligned(out->data() + i);
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"eager", [=] { keep(traced(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, sizeof(T) == 4 ? 1e-6 : 1e-13); },
          .narrow = sizeof(T) == 4,
          .bytes = 2.0 * n * sizeof(T),
          .table_seconds = sizeof(T) == 4 ? f.narrow_table : f.wide_table,
          .goals = {{"jit", "hand", 1.0}}};
}

template <class F> bool add_function(Function f, F by_hand) {
  const std::string name = std::string("P2d/") + f.name;
  add(name + "_f32_1e6", [=] { return function<float>(f, by_hand); });
  return add(name + "_f64_1e6", [=] { return function<double>(f, by_hand); });
}

#define FLUXION_BENCH_FUNCTION(name, low, high, narrow, wide) \
  add_function({#name, [](const Array& x) { return name(x); }, low, high, narrow, wide}, \
               [](auto x) { return decltype(x)(xsimd::name(x)); })

const bool registered[] = {
    add("P2a/f32_1e7", polynomial),
    add("P2b/black_scholes_f32_1e6", black_scholes<float>),
    add("P2b/black_scholes_f64_1e6", black_scholes<double>),
    add("P2c/chain30_f32_1e5", cheap_chain),
    FLUXION_BENCH_FUNCTION(exp, -10, 10, 133e-6, 426e-6),
    FLUXION_BENCH_FUNCTION(log, 0.01, 100, 229e-6, 591e-6),
    FLUXION_BENCH_FUNCTION(sin, -3.1, 3.1, 308e-6, 742e-6),
    FLUXION_BENCH_FUNCTION(cos, -3.1, 3.1, 297e-6, 726e-6),
    FLUXION_BENCH_FUNCTION(tanh, -5, 5, 233e-6, 674e-6),
    FLUXION_BENCH_FUNCTION(erf, -3, 3, 382e-6, 871e-6),
};

#undef FLUXION_BENCH_FUNCTION

}  // namespace
}  // namespace fluxion::bench
