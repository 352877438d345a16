// P10: random numbers.
#include <fluxion/fluxion.hpp>
#include <fluxion/random.hpp>

#include <cstring>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

constexpr std::size_t n = 10'000'000;
using B = xsimd::batch<float>;
constexpr std::size_t lanes = B::size;
typedef std::uint32_t Words __attribute__((vector_size(sizeof(B))));

alignas(64) constexpr std::uint32_t counts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr std::uint32_t key_words[2] = {0, 7};  // of key(7)

template <int by> Words rotated(Words x) {
#ifdef __AVX512F__
  return (Words)_mm512_rol_epi32((__m512i)x, by);
#else
  return (x << by) | (x >> (32 - by));
#endif
}

template <int by, std::size_t k> void mix(Words (&a)[k], Words (&b)[k]) {
  for (std::size_t i = 0; i < k; ++i) {
    a[i] += b[i];
    b[i] = rotated<by>(b[i]) ^ a[i];
  }
}
template <std::size_t k> void inject(Words (&a)[k], Words (&b)[k], std::uint32_t first, std::uint32_t second) {
  for (std::size_t i = 0; i < k; ++i) {
    a[i] += first;
    b[i] += second;
  }
}

/// Random words of the counters from `start` on: several vectors side by side, for each is one chain of dependences.
template <std::size_t k> void random_words(Words (&bits)[k], std::uint32_t start) {
  constexpr std::uint32_t k0 = key_words[0], k1 = key_words[1], k2 = k0 ^ k1 ^ 0x1BD11BDAU;
  Words a[k], b[k], lane;
  std::memcpy(&lane, &counts[0], sizeof lane);
  for (std::size_t i = 0; i < k; ++i) {
    a[i] = lane ^ lane;
    b[i] = lane + (start + static_cast<std::uint32_t>(i * lanes));
  }
  inject(a, b, k0, k1);
  mix<13>(a, b), mix<15>(a, b), mix<26>(a, b), mix<6>(a, b);
  inject(a, b, k1, k2 + 1);
  mix<17>(a, b), mix<29>(a, b), mix<16>(a, b), mix<24>(a, b);
  inject(a, b, k2, k0 + 2);
  mix<13>(a, b), mix<15>(a, b), mix<26>(a, b), mix<6>(a, b);
  inject(a, b, k0, k1 + 3);
  mix<17>(a, b), mix<29>(a, b), mix<16>(a, b), mix<24>(a, b);
  inject(a, b, k1, k2 + 4);
  mix<13>(a, b), mix<15>(a, b), mix<26>(a, b), mix<6>(a, b);
  inject(a, b, k2, k0 + 5);
  for (std::size_t i = 0; i < k; ++i) bits[i] = a[i] ^ b[i];
}

/// f of each vector of random words, stored one after the other.
template <class T, class F> void fill(T* out, F f) {
  constexpr std::size_t k = 4;
  for (std::size_t i = 0; i < n; i += k * lanes) {
    Words bits[k];
    random_words(bits, static_cast<std::uint32_t>(i));
    for (std::size_t j = 0; j < k && i + j * lanes < n; ++j) f(out + i + j * lanes, bits[j]);
  }
  keep(out);
}

B unit_interval(Words bits) {
  const Words pattern = (bits >> 9) | 0x3f800000U;
  return B((B::register_type)pattern) - B(1.F);
}

/// a b + c, rounded once: xsimd 8 has no such form for AVX-512.
B fused(B a, B b, B c) {
#ifdef __AVX512F__
  return _mm512_fmadd_ps(a, b, c);
#else
  return xsimd::fma(a, b, c);
#endif
}

/// After M. Giles, "Approximating the erfinv function".
B inverse_error_function(B x) {
  const B w = -xsimd::log((B(1.F) - x) * (B(1.F) + x));
  const auto series = [](B t, const float (&c)[9]) {
    B p(c[0]);
    for (std::size_t i = 1; i < 9; ++i) p = fused(p, t, B(c[i]));
    return p;
  };
  static constexpr float center[] = {2.81022636e-08F, 3.43273939e-07F, -3.5233877e-06F, -4.39150654e-06F, 0.00021858087F,
                                     -0.00125372503F, -0.00417768164F, 0.246640727F, 1.50140941F};
  static constexpr float tail[] = {-0.000200214257F, 0.000100950558F, 0.00134934322F, -0.00367342844F, 0.00573950773F,
                                   -0.0076224613F, 0.00943887047F, 1.00167406F, 2.83297682F};
  const auto far = w >= B(5.F);
  B p = series(w - B(2.5F), center);
  if (xsimd::any(far)) p = xsimd::select(far, series(B(xsimd::sqrt(w)) - B(3.F), tail), p);
  return p * x;
}

template <class T, class Program, class F>
Case random_case(Program program, F by_hand, double table, double tolerance) {
  const Array key = random::key(7);
  const auto compiled = jit(program);
  const auto out = std::make_shared<Memory<T>>(n + 4 * lanes);
  const auto hand = [=] { fill(out->data(), by_hand); };
  return {.impls = {{"jit", [=] { keep(compiled(key)); }}, {"eager", [=] { keep(program(key)); }}, {"hand", hand}},
          .check =
              [=] {
                hand();
                const auto got = compiled(key).astype(float64).template to_vector<double>();
                return differs(got, std::vector<double>(out->begin(), out->begin() + n), tolerance);
              },
          .narrow = true,
          .bytes = 4.0 * n,
          .table_seconds = table,
          .goals = {{"jit", "hand", 1.1}}};
}

Case words() {
  return random_case<std::uint32_t>(
      [](const Array& k) { return random::bits(k, {static_cast<std::int64_t>(n)}, uint32); },
      [](std::uint32_t* p, Words bits) { std::memcpy(p, &bits, sizeof bits); }, 3.74e-3, 0);
}
Case uniforms() {
  return random_case<float>([](const Array& k) { return random::uniform<float>(k, {static_cast<std::int64_t>(n)}); },
                            [](float* p, Words bits) { unit_interval(bits).store_aligned(p); }, 0, 0);
}
Case normals() {
  constexpr float lowest = -0x1.fffffep-1F;
  return random_case<float>([](const Array& k) { return random::normal<float>(k, {static_cast<std::int64_t>(n)}); },
                            [](float* p, Words bits) {
                              const B u = unit_interval(bits) * B(1.F - lowest) + B(lowest);
                              const B x = xsimd::max(B(lowest), u);
                              (B(1.41421356F) * inverse_error_function(x)).store_aligned(p);
                            },
                            15.7e-3, 1e-5);
}

const bool registered[] = {add("P10/bits_u32_1e7", words), add("P10/uniform_f32_1e7", uniforms),
                           add("P10/normal_f32_1e7", normals)};

}  // namespace
}  // namespace fluxion::bench
