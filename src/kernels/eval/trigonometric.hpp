// sin, cos and tan: Cody-Waite reduction by pi/2 in pieces whose products with the quadrant number are exact, or fused.
// Beyond `limit` a lane is computed alone by libm, so no lane's value depends on its neighbours.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

inline constexpr double two_over_pi = 0x1.45f306dc9c883p-1;

inline Batch<float> sin_reduced(Batch<float> r) {
  constexpr float c[] = {-0x1.555556p-3f, 0x1.111108p-7f, -0x1.a00f98p-13f, 0x1.6cd73p-19f};
  const auto z = r * r;
  return madd(r * z, polynomial(z, c), r);
}
inline Batch<double> sin_reduced(Batch<double> r) {
  constexpr double c[] = {-0x1.5555555555549p-3, 0x1.111111110f868p-7, -0x1.a01a019c0f014p-13,
                          0x1.71de357537f2ap-19, -0x1.ae5e641a6055ap-26, 0x1.5d9257d5081afp-33};
  const auto z = r * r;
  return madd(r * z, polynomial(z, c), r);
}
inline Batch<float> cos_reduced(Batch<float> r) {
  constexpr float c[] = {0x1.55554ap-5f, -0x1.6c0c88p-10f, 0x1.9a00f6p-16f};
  const auto z = r * r, half = Batch<float>(0.5f) * z, w = Batch<float>(1) - half;
  return w + madd(z * z, polynomial(z, c), (Batch<float>(1) - w) - half);
}
inline Batch<double> cos_reduced(Batch<double> r) {
  constexpr double c[] = {0x1.555555555554cp-5, -0x1.6c16c16c15165p-10, 0x1.a01a019caf185p-16,
                          -0x1.27e4f807e4f30p-22, 0x1.1ee9ea70efa05p-29, -0x1.8fadd04f0b67fp-37};
  const auto z = r * r, half = Batch<double>(0.5) * z, w = Batch<double>(1) - half;
  return w + madd(z * z, polynomial(z, c), (Batch<double>(1) - w) - half);
}

/// x = q pi/2 + r with |r| <= pi/4 (or hardly more), for |x| <= limit; n has the low bits of q.
template <class B> struct Quadrant {
  decltype(bits(B())) n;
  B r;
};

#if defined(__FMA__)
template <class T> struct QuarterTurn;
template <> struct QuarterTurn<float> {
  static constexpr float inverse = 0x1.45f306p-1f;
  static constexpr float first = 0x1.921fb6p+0f, second = -0x1.777a5cp-25f, third = -0x1.ee59dap-50f;
};
template <> struct QuarterTurn<double> {
  static constexpr double inverse = two_over_pi;
  static constexpr double first = 0x1.921fb54442d18p+0, second = 0x1.1a62633145c07p-54, third = -0x1.f1976b7ed8fbcp-110;
};
/// x and q times the first piece are multiples of a bit of either and less than 1 apart: the first step is exact. So
/// what the second one rounds off is small beside its result, however near x is to a multiple of pi/2, and so is what
/// the pieces leave out.
template <class B> Quadrant<B> reduce_quadrant(B x) {
  using H = QuarterTurn<Value<B>>;
  const B shifted = madd(x, B(H::inverse), B(F<B>::round)), q = shifted - B(F<B>::round);
  return {bits(shifted), nmadd(q, B(H::third), nmadd(q, B(H::second), nmadd(q, B(H::first), x)))};
}
#else
// pi/2 in pieces of 33 bits, and the rest.
inline constexpr double half_pi_1 = 0x1.921fb544p+0, half_pi_2 = 0x1.0b4611a6p-34, half_pi_3 = 0x1.3198a2ep-69;
inline constexpr double half_pi_4 = 0x1.b839a252049c1p-104, half_pi_23 = 0x1.0b4611a626331p-34;

inline Quadrant<Batch<double>> reduce_quadrant(Batch<double> x) {
  using B = Batch<double>;
  const B q = round_small(x * B(two_over_pi));
  // q has at most 20 bits: each q half_pi_i is exact but the last; the differences carry their errors along.
  B hi = x - q * B(half_pi_1), error(0);
  const auto subtract = [&](B piece) {
    const B difference = hi - piece, back = difference - hi;
    error += (hi - (difference - back)) - (piece + back);
    hi = difference;
  };
  subtract(q * B(half_pi_2));
  subtract(q * B(half_pi_3));
  return {integer_bits(q), hi + nmadd(q, B(half_pi_4), error)};
}

inline Quadrant<Batch<float>> reduce_quadrant(Batch<float> x) {
  using D = Batch<double>;
  const auto [lo, hi] = widen(x);
  struct Whole { D q, r; };
  const auto reduce = [](D y) -> Whole {
    const D q = round_small(y * D(two_over_pi));
    return {q, nmadd(q, D(half_pi_23), nmadd(q, D(half_pi_1), y))};
  };
  const auto a = reduce(lo), b = reduce(hi);
  return {integer_bits(narrow(a.q, b.q)), narrow(a.r, b.r)};
}
#endif

template <class T> inline constexpr T trigonometric_limit = T(823549);  // 2^19 pi/2

/// sin(x + turn pi/2) for |x| <= limit, inf and NaN; turn is 0 or 1.
template <class B> B sin_turned(B x, unsigned turn) {
  const auto [n, r] = reduce_quadrant(x);
  const auto quadrant = n + turn;
  const B value = select<B>(nonzero<B>(quadrant & 1), cos_reduced(r), sin_reduced(r));
  return from_lanes<B>(bits(value) ^ ((quadrant & 2) << (8 * sizeof(Value<B>) - 2)));
}

/// `value`, but f(x) in lanes beyond the limit.
template <class Function, class B>
[[gnu::noinline]] B fix_large(Function f, B x, B value) {
  return per_lane([f](Value<B> a, Value<B> v) {
    const Value<B> magnitude = std::fabs(a);
    if (!(magnitude > trigonometric_limit<Value<B>>) || magnitude > std::numeric_limits<Value<B>>::max()) return v;
    return f(a);
  }, x, value);
}

struct Sin : Unroll<1> {
  template <class B> static B call(B x) {
    const B value = select<B>(x == B(0), x, sin_turned(x, 0));  // keeps -0
    if (any<B>(absolute(x) > B(trigonometric_limit<Value<B>>)))
      return fix_large([](Value<B> a) { return std::sin(a); }, x, value);
    return value;
  }
};

struct Cos : Unroll<1> {
  template <class B> static B call(B x) {
    const B value = sin_turned(x, 1);
    if (any<B>(absolute(x) > B(trigonometric_limit<Value<B>>)))
      return fix_large([](Value<B> a) { return std::cos(a); }, x, value);
    return value;
  }
};

/// sin / cos of the reduced argument, or -cos / sin in odd quadrants: both are accurate, also near their zeros.
struct Tan : Unroll<1> {
  template <class B> static B call(B x) {
    const auto [n, r] = reduce_quadrant(x);
    const auto odd = nonzero<B>(n & 1);
    const B s = sin_reduced(r), c = cos_reduced(r);
    const B value = select<B>(x == B(0), x, select<B>(odd, negate(c), s) / select<B>(odd, s, c));  // keeps -0
    if (any<B>(absolute(x) > B(trigonometric_limit<Value<B>>)))
      return fix_large([](Value<B> a) { return std::tan(a); }, x, value);
    return value;
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
