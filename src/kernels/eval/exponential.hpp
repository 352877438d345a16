// exp, log and what is built on them: expm1, log1p, tanh, logistic.
// The polynomials are minimax fits made for this file; the reductions are those of fdlibm.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class T> struct ExpLimits;
template <> struct ExpLimits<float> {
  static constexpr float lowest = -105, highest = 89;      // beyond, exp is 0 or inf
  static constexpr float minus_one = -20, saturated = 10;  // beyond, expm1 is -1 and tanh is 1
};
template <> struct ExpLimits<double> {
  static constexpr double lowest = -746, highest = 710;
  static constexpr double minus_one = -40, saturated = 20;
};

/// x = k log(2) + r with |r| <= log(2) / 2, for |x| well inside the range of whole numbers.
template <class B> struct ExpParts { B k, r; };
template <class B> ExpParts<B> reduce_log2(B x) {
  const B k = madd(x, B(F<B>::log2_e), B(F<B>::round)) - B(F<B>::round);
  return {k, nmadd(k, B(F<B>::ln2_lo), nmadd(k, B(F<B>::ln2_hi), x))};
}

/// exp(r) - 1 for |r| <= log(2) / 2.
inline Batch<float> expm1_reduced(Batch<float> r) {
  constexpr float c[] = {0x1p-1f, 0x1.5554aep-3f, 0x1.555486p-5f, 0x1.122862p-7f, 0x1.6d99f4p-10f};
  return madd(r * r, polynomial(r, c), r);
}
inline Batch<double> expm1_reduced(Batch<double> r) {
  constexpr double c[] = {0x1.0000000000005p-1, 0x1.555555555555dp-3, 0x1.55555555520e4p-5, 0x1.111111110e50cp-7,
                          0x1.6c16c17f437d2p-10, 0x1.a01a01b6705f1p-13, 0x1.a019a653c19d1p-16,
                          0x1.71dde8b83f749p-19, 0x1.28a2e6e21d1dbp-22, 0x1.af78b1b2408c8p-26};
  return madd(r * r, polynomial(r, c), r);
}

/// exp(x) for any x: overflow to inf and gradual underflow come from `scale`.
template <class B> B exp_of(B x) {
  using Limits = ExpLimits<Value<B>>;
  const auto [k, r] = reduce_log2(clamp_below(clamp_above(x, Limits::highest), Limits::lowest));
  return scale(expm1_reduced(r) + B(1), k);
}

/// exp(x) - 1 as 2^k ((exp(r) - 1) + (1 - 2^-k)), which is exact about k = 0.
template <class B> B expm1_of(B x) {
  using Limits = ExpLimits<Value<B>>;
  const auto [k, r] = reduce_log2(clamp_below(clamp_above(x, Limits::highest), Limits::minus_one));
  const B rest = B(1) - pow2(negate(clamp_above(k, Value<B>(64))));
  return scale(expm1_reduced(r) + rest, k);
}

/// (2 atanh(s) / s - 2) / z with z = s^2, for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1).
inline Batch<float> log_series(Batch<float> z) {
  constexpr float c[] = {0x1.555554p-1f, 0x1.999a78p-2f, 0x1.24394p-2f, 0x1.e2e9a4p-3f};
  return polynomial(z, c);
}
inline Batch<double> log_series(Batch<double> z) {
  constexpr double c[] = {0x1.555555555558fp-1, 0x1.9999999980c68p-2, 0x1.249249414658fp-2, 0x1.c71c5280236b8p-3,
                          0x1.74662982c8b19p-3, 0x1.39a3a80a5b1d2p-3, 0x1.2ef3d20d21453p-3};
  return polynomial(z, c);
}

/// x = 2^k m with m in [sqrt(1/2), sqrt(2)), for positive normal x.
template <class B> struct LogParts { B k, m; };
template <class B> LogParts<B> split_exponent(B x) {
  constexpr auto shift = F<B>::mantissa;
  const auto raised = bits(x) + (F<B>::one - F<B>::sqrt_half);
  const B k = from_lanes<B>((raised >> shift) | F<B>::two_mantissa) - B(F<B>::whole + F<B>::bias);
  return {k, from_lanes<B>((raised & F<B>::fraction) + F<B>::sqrt_half)};
}

/// k log(2) + log(1 + f) + c, where c is a small correction.
template <class B> B log_sum(B k, B f, B c) {
  const B s = f / (B(2) + f);
  const B half_square = B(Value<B>(0.5)) * f * f;
  const B z = s * s;
  const B tail = madd(s, half_square + z * log_series(z), madd(k, B(F<B>::ln2_lo), c));
  return madd(k, B(F<B>::ln2_hi), f - (half_square - tail));
}

/// `value` where x is positive and finite, else log's value at 0, inf, negative numbers and NaN.
template <class B> B log_special(B x, B value) {
  const B zero(0), infinity(F<B>::infinity);
  const B beyond = select<B>(x == zero, negate(infinity), select<B>(x > zero, x, B(F<B>::nan)));
  return select<B>((x > zero) & (x < infinity), value, beyond);
}

/// log(x) for normal x, without the special values.
template <class B> B log_normal(B x) {
  const auto [k, m] = split_exponent(x);
  return log_sum(k, m - B(1), B(0));
}

struct Exp : Unroll<1> {
  template <class B> static B call(B x) { return exp_of(x); }
};

/// The reduced argument is exact; scaled to base e it costs a rounding of something below 1/2.
struct Exp2 : Unroll<1> {
  template <class B> static B call(B x) {
    constexpr Value<B> top = Value<B>(F<B>::bias + 2), bottom = Value<B>(-F<B>::bias - F<B>::mantissa - 3);
    const B bounded = clamp_below(clamp_above(x, top), bottom), k = round_small(bounded);
    return scale(expm1_reduced((bounded - k) * B(Value<B>(0x1.62e42fefa39efp-1))) + B(1), k);
  }
};

struct Expm1 : Unroll<1> {
  template <class B> static B call(B x) { return select<B>(x == B(0), x, expm1_of(x)); }  // keeps -0
};

struct Log : Unroll<1> {
  template <class B> static B call(B x) {
    const auto ordinary = (x >= B(F<B>::min_normal)) & (x < B(F<B>::infinity));
    return any<B>(~ordinary) ? of_any(x) : log_normal(x);
  }

 private:
  /// Where x is ordinary, the same bits.
  template <class B> [[gnu::noinline]] static B of_any(B x) {
    const auto subnormal = x < B(F<B>::min_normal);
    const auto [k, m] = split_exponent(select<B>(subnormal, x * B(F<B>::scale_up), x));
    const B shifted = select<B>(subnormal, k - B(F<B>::scale_up_log2), k);
    return log_special(x, log_sum(shifted, m - B(1), B(0)));
  }
};

struct Log1p : Unroll<1> {
  template <class B> static B call(B x) {
    // u = 1 + x is rounded; what it lost, over u, is the correction. Near 0 the argument is used as it is.
    const B one(1), u = one + x;
    const auto [k, m] = split_exponent(u);
    const B lost = select<B>(x > one, one - (u - x), x - (u - one)) / u;
    const auto near = k == B(0);
    const B f = select<B>(near, x, m - one), c = select<B>(near, B(0), lost);
    return select<B>(x == B(0), x, log_special(u, log_sum(k, f, c)));
  }
};

struct Tanh : Unroll<1> {
  template <class B> static B call(B x) {
    const B a = clamp_above(absolute(x), ExpLimits<Value<B>>::saturated);
    const B e = expm1_of(a + a);
    return with_sign_of(e / (e + B(2)), x);
  }
};

/// 1 / (1 + exp(-x)), through exp(-|x|) so that nothing overflows and the left tail keeps its digits.
struct Logistic : Unroll<1> {
  template <class B> static B call(B x) {
    const B e = exp_of(from_lanes<B>(bits(x) | F<B>::sign));
    return select<B>(x < B(0), e, B(1)) / (B(1) + e);
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
