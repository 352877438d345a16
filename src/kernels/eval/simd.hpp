// What the arithmetic needs of a batch beyond xsimd: bit patterns, fused steps, masks as bytes, widening.
#pragma once

#include "kernels/eval/batch.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// How many batches a loop has in flight for an operation; 0 marks operations too large to instantiate for
/// every combination of scalar operands.
template <int n> struct Unroll { static constexpr int unroll = n; };

template <std::size_t size> struct UintOf;
template <> struct UintOf<1> { using type = std::uint8_t; };
template <> struct UintOf<4> { using type = std::uint32_t; };
template <> struct UintOf<8> { using type = std::uint64_t; };
template <class T> using Uint = typename UintOf<sizeof(T)>::type;

// The compiler's own vectors: integer code on them is right for every width and signedness, which
// xsimd's is not fast at (64-bit products, unsigned orders, shifts by variable amounts).
template <class T, std::size_t bytes>
struct VectorOf { typedef T type __attribute__((vector_size(bytes))); };
template <class T, class B> using Lanes = typename VectorOf<T, sizeof(B)>::type;

template <class B> auto lanes(B x) { return (Lanes<Value<B>, B>)x.data; }
template <class B> auto bits(B x) { return (Lanes<Uint<Value<B>>, B>)x.data; }
template <class B, class V> B from_lanes(V v) { return B((typename B::register_type)v); }

template <class T> struct Float;
template <> struct Float<float> {
  static constexpr int mantissa = 23, bias = 127;
  static constexpr std::uint32_t sign = 0x80000000u, one = 0x3f800000u, sqrt_half = 0x3f3504f3u;
  static constexpr std::uint32_t fraction = 0x007fffffu, two_mantissa = 0x4b000000u;
  static constexpr float round = 0x1.8p23f, whole = 0x1p23f, min_normal = 0x1p-126f, scale_up = 0x1p25f;
  static constexpr float scale_up_log2 = 25;
  static constexpr float log2_e = 0x1.715476p+0f, ln2_hi = 0x1.62e4p-1f, ln2_lo = 0x1.7f7d1cp-20f;
  static constexpr float infinity = std::numeric_limits<float>::infinity();
  static constexpr float nan = std::numeric_limits<float>::quiet_NaN();
};
template <> struct Float<double> {
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr std::uint64_t sign = 0x8000000000000000u, one = 0x3ff0000000000000u;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
  static constexpr std::uint64_t fraction = 0x000fffffffffffffu, two_mantissa = 0x4330000000000000u;
  static constexpr double round = 0x1.8p52, whole = 0x1p52, min_normal = 0x1p-1022, scale_up = 0x1p54;
  static constexpr double scale_up_log2 = 54;
  // ln2_hi ends in zeros: its product with an exponent is exact.
  static constexpr double log2_e = 0x1.71547652b82fep+0, ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
};
template <class B> using F = Float<Value<B>>;

/// a b + c, fused where the instruction set can (xsimd 8.1 has no fused form for AVX-512).
inline Batch<float> madd(Batch<float> a, Batch<float> b, Batch<float> c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}
inline Batch<double> madd(Batch<double> a, Batch<double> b, Batch<double> c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_pd(a, b, c);
#else
  return a * b + c;
#endif
}
/// c - a b.
inline Batch<float> nmadd(Batch<float> a, Batch<float> b, Batch<float> c) {
#if defined(__AVX512F__)
  return _mm512_fnmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fnmadd_ps(a, b, c);
#else
  return c - a * b;
#endif
}
inline Batch<double> nmadd(Batch<double> a, Batch<double> b, Batch<double> c) {
#if defined(__AVX512F__)
  return _mm512_fnmadd_pd(a, b, c);
#elif defined(__FMA__)
  return _mm256_fnmadd_pd(a, b, c);
#else
  return c - a * b;
#endif
}

template <class B, std::size_t N, std::size_t... I>
B horner(B x, const Value<B> (&c)[N], std::index_sequence<I...>) {
  B sum(c[N - 1]);
  ((sum = madd(sum, x, B(c[N - 2 - I]))), ...);
  return sum;
}
/// c[0] + c[1] x + c[2] x^2 + ...
template <class B, std::size_t N>
B polynomial(B x, const Value<B> (&c)[N]) {
  return horner(x, c, std::make_index_sequence<N - 1>{});
}

/// The same sum as two independent ones, of the even and the odd powers: half as long a chain, for many terms.
template <class B, std::size_t N, std::size_t... E, std::size_t... O>
B horner_twice(B x, const Value<B> (&c)[N], std::index_sequence<E...>, std::index_sequence<O...>) {
  constexpr std::size_t even = (N - 1) / 2 * 2, odd = (N - 2) / 2 * 2 + 1;
  const B z = x * x;
  B a(c[even]), b(c[odd]);
  ((a = madd(a, z, B(c[even - 2 - 2 * E]))), ...);
  ((b = madd(b, z, B(c[odd - 2 - 2 * O]))), ...);
  return madd(b, x, a);
}
template <class B, std::size_t N>
B long_polynomial(B x, const Value<B> (&c)[N]) {
  return horner_twice(x, c, std::make_index_sequence<(N - 1) / 2>{}, std::make_index_sequence<(N - 2) / 2>{});
}

template <class B> B select(Mask<B> mask, B yes, B no) { return xs::select(mask, yes, no); }
template <class B> bool any(Mask<B> mask) { return xs::any(mask); }
// Written as a product of masks, for xsimd's != is false for NaN on AVX and AVX-512.
template <class B> Mask<B> is_number(B x) { return x == x; }
// Keep NaN: xsimd's min and max are the instructions, which give the second operand if either is NaN.
template <class B> B clamp_above(B x, Value<B> top) { return xs::min(B(top), x); }
template <class B> B clamp_below(B x, Value<B> bottom) { return xs::max(B(bottom), x); }

template <class B> B absolute(B x) { return from_lanes<B>(bits(x) & ~F<B>::sign); }
template <class B> B negate(B x) { return from_lanes<B>(bits(x) ^ F<B>::sign); }
/// |x| with the sign of s; x is not negative.
template <class B> B with_sign_of(B x, B s) { return from_lanes<B>(bits(x) | (bits(s) & F<B>::sign)); }

/// The nearest integer, for |x| < 2^(mantissa - 1); never -0.
template <class B> B round_small(B x) { return (x + B(F<B>::round)) - B(F<B>::round); }
/// The low bits of an integer-valued x, in two's complement.
template <class B> auto integer_bits(B x) { return bits(x + B(F<B>::round)); }

template <class B> B floor_of(B x) {
#if defined(__AVX2__)
  return xs::floor(x);
#else
  const B a = absolute(x), whole(F<B>::whole);
  const B near = (a + whole) - whole;  // |x| to an integer; exact above `whole`, where it is not used
  const B r = with_sign_of(near, x);
  const B down = select<B>(r > x, r - B(1), r);
  return select<B>(a < whole, with_sign_of(absolute(down), x), x);
#endif
}

/// The nearest integer, ties to even, of any x; keeps -0 and NaN.
template <class B> B round_half_even(B x) {
  const B a = absolute(x), whole(F<B>::whole);
  return select<B>(a < whole, with_sign_of((a + whole) - whole, x), x);
}

/// 2^k for an integer k with a normal result.
template <class B> B pow2(B k) {
  return from_lanes<B>(bits(k + B(F<B>::whole + F<B>::bias)) << F<B>::mantissa);
}
/// p 2^k for an integer k of at most twice the exponent range, rounded once, with gradual underflow.
template <class B> B scale(B p, B k) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Value<B>) == 4) return _mm512_scalef_ps(p, k);
  else return _mm512_scalef_pd(p, k);
#else
  const B half = round_small(k * B(Value<B>(0.5)));
  return p * pow2(half) * pow2(k - half);
#endif
}

/// Lanes that are not zero, as a mask.
template <class B, class V> Mask<B> nonzero(V v) {
#if defined(__AVX512F__)
  const __m512i x = (__m512i)v;
  if constexpr (sizeof(Value<B>) == 4) return Mask<B>(_mm512_test_epi32_mask(x, x));
  else return Mask<B>(_mm512_test_epi64_mask(x, x));
#else
  return Mask<B>((typename Mask<B>::register_type)(v != (v ^ v)));
#endif
}

/// The mask whose lanes are the truth of W bytes.
template <class B> Mask<B> load_flags(const std::uint8_t* p) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Value<B>) == 4) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return Mask<B>(_mm_test_epi8_mask(v, v));
  } else {
    const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return Mask<B>(__mmask8(_mm_test_epi8_mask(v, v)));
  }
#else
  __m128i v;
  if constexpr (B::size == 8) {
    v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  } else {
    std::uint32_t word = 0;
    std::memcpy(&word, p, B::size);
    v = _mm_cvtsi32_si128(int(word));
  }
#if defined(__AVX2__)
  const __m256i wide = sizeof(Value<B>) == 4 ? _mm256_cvtepu8_epi32(v) : _mm256_cvtepu8_epi64(v);
  const auto filled = (Lanes<Uint<Value<B>>, B>)wide;
#else
  const __m128i zero = _mm_setzero_si128();
  __m128i wide = _mm_unpacklo_epi16(_mm_unpacklo_epi8(v, zero), zero);
  if constexpr (sizeof(Value<B>) == 8) wide = _mm_unpacklo_epi32(wide, zero);
  const auto filled = (Lanes<Uint<Value<B>>, B>)wide;
#endif
  if constexpr (sizeof(Value<B>) == 8 && !has_avx512) {
    // 64-bit equality is missing before SSE4.1; the byte is in both halves after this.
    const auto both = (Lanes<std::uint32_t, B>)(filled | (filled << 32));
    return Mask<B>((typename Mask<B>::register_type)(both != 0u));
  } else {
    return Mask<B>((typename Mask<B>::register_type)(filled != 0u));
  }
#endif
}

/// Writes W bytes, 1 where the mask is set and else 0.
template <class B> void store_flags(std::uint8_t* p, Mask<B> mask) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Value<B>) == 4)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(__mmask16(mask.data), 1));
  else
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(__mmask16(__mmask8(mask.data)), 1));
#else
#if defined(__AVX2__)
  const __m256i m = (__m256i)mask.data;
  __m128i lo = _mm256_castsi256_si128(m), hi = _mm256_extracti128_si256(m, 1);
  if constexpr (sizeof(Value<B>) == 8) {
    lo = _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(lo), _mm_castsi128_ps(hi), 0x88));
    hi = lo;
  }
#else
  __m128i lo = (__m128i)mask.data;
  if constexpr (sizeof(Value<B>) == 8) lo = _mm_shuffle_epi32(lo, 0x08);
  const __m128i hi = lo;
#endif
  const __m128i words = _mm_packs_epi32(lo, hi);
  const __m128i bytes = _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1));
  if constexpr (B::size == 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), bytes);
  } else {
    const int word = _mm_cvtsi128_si32(bytes);
    std::memcpy(p, &word, B::size);
  }
#endif
}

template <class B> struct Halves { B lo, hi; };

inline Halves<Batch<double>> widen(Batch<float> x) {
#if defined(__AVX512F__)
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(x)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
#elif defined(__AVX2__)
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))};
#else
  return {_mm_cvtps_pd(x), _mm_cvtps_pd(_mm_movehl_ps(x, x))};
#endif
}
inline Batch<float> narrow(Batch<double> lo, Batch<double> hi) {
#if defined(__AVX512F__)
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(lo)), _mm512_cvtpd_ps(hi), 1);
#elif defined(__AVX2__)
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(lo)), _mm256_cvtpd_ps(hi), 1);
#else
  return _mm_movelh_ps(_mm_cvtpd_ps(lo), _mm_cvtpd_ps(hi));
#endif
}

/// Lane by lane through f, for what has no vector form.
template <class B, class Function, class... Bs>
B per_lane(Function f, B x, Bs... rest) {
  alignas(64) Value<B> out[B::size];
  alignas(64) Value<B> in[1 + sizeof...(Bs)][B::size];
  std::size_t row = 0;
  x.store_aligned(in[row++]);
  (rest.store_aligned(in[row++]), ...);
  for (std::size_t i = 0; i < B::size; ++i) {
    if constexpr (sizeof...(Bs) == 0) out[i] = f(in[0][i]);
    else out[i] = f(in[0][i], in[1][i]);
  }
  return B::load_aligned(out);
}

}  // namespace fluxion::kernels::FLUXION_ISA
