// pow: the logarithm in two words, so that its product with y is accurate where the exponential is large.
#pragma once

#include "kernels/eval/exponential.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// An unevaluated sum hi + lo.
template <class B> struct Pair { B hi, lo; };

/// a + b exactly, for |a| >= |b| or a = 0.
template <class B> Pair<B> sum_ordered(B a, B b) {
  const B s = a + b;
  return {s, b - (s - a)};
}

/// a b exactly; without a fused product by Dekker's splitting.
template <class B> Pair<B> product(B a, B b) {
  const B p = a * b;
  if constexpr (has_fma) {
    return {p, negate(nmadd(a, b, p))};
  } else {
    const B c(134217729.0);  // 2^27 + 1
    const B ta = c * a, a1 = ta - (ta - a), a2 = a - a1;
    const B tb = c * b, b1 = tb - (tb - b), b2 = b - b1;
    return {p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
  }
}

template <class B> Pair<B> product(Pair<B> a, Pair<B> b) {
  const auto p = product(a.hi, b.hi);
  return {p.hi, p.lo + madd(a.hi, b.lo, a.lo * b.hi)};
}

/// log(x) to about 2^-65 relative, for positive finite x: 2 s + (2/3) s^3 + s^5 T(s^2), s = (m-1)/(m+1).
inline Pair<Batch<double>> log_pair(Batch<double> x) {
  using B = Batch<double>;
  constexpr double series[] = {0x1.9999999999998p-2, 0x1.2492492492b78p-2, 0x1.c71c71c5f9edfp-3, 0x1.745d17fff1af8p-3,
                               0x1.3b136e8a15cc4p-3, 0x1.111f1ef2c3120p-3, 0x1.de6dbd0d40981p-4, 0x1.e95627af14653p-4};
  const auto subnormal = x < B(F<B>::min_normal);
  const auto parts = split_exponent(select<B>(subnormal, x * B(F<B>::scale_up), x));
  const B k = select<B>(subnormal, parts.k - B(F<B>::scale_up_log2), parts.k);
  const B f = parts.m - B(1);
  const auto d = sum_ordered(B(2), f);
  const B reciprocal = B(1) / d.hi;
  const B s_hi = f * reciprocal;
  const auto back = product(s_hi, d.hi);
  const Pair<B> s{s_hi, (((f - back.hi) - back.lo) - s_hi * d.lo) * reciprocal};
  auto z = product(s.hi, s.hi);
  z.lo = madd(s.hi + s.hi, s.lo, z.lo);
  auto c = sum_ordered(B(0x1.5555555555555p-1), z.hi * polynomial(z.hi, series));
  c.lo += B(0x1.5555555555555p-55);
  const auto cube = product(product(z, c), s);
  auto m = sum_ordered(s.hi + s.hi, cube.hi);
  m.lo += cube.lo + (s.lo + s.lo);
  auto sum = sum_ordered(k * B(F<B>::ln2_hi), m.hi);
  sum.lo += madd(k, B(F<B>::ln2_lo), m.lo);
  return sum_ordered(sum.hi, sum.lo);
}

/// exp(y log(a)) to within an ulp, for positive finite a; never NaN unless an argument is.
inline Batch<double> pow_positive(Batch<double> a, Batch<double> y) {
  using B = Batch<double>;
  const auto l = log_pair(a);
  // Beyond 2^66 every a but 1 overflows or vanishes, so nothing is lost by stopping there.
  const B bounded = clamp_below(clamp_above(y, 0x1p66), -0x1p66);
  auto p = product(bounded, l.hi);
  p.lo = madd(bounded, l.lo, p.lo);
  const B low = select<B>(absolute(p.hi) < B(800), p.lo, B(0));
  const auto [k, r] = reduce_log2(clamp_below(clamp_above(p.hi, 800), -800));
  return scale(expm1_reduced(r + low) + B(1), k);
}

/// The same for operands that were floats: one word has digits enough.
inline Batch<double> pow_positive_short(Batch<double> a, Batch<double> y) {
  using B = Batch<double>;
  constexpr double log_c[] = {0x1.5555555618531p-1, 0x1.999996b5b6145p-2, 0x1.24940d9eca722p-2,
                              0x1.c62c4ceeefe00p-3, 0x1.910602a66b9b3p-3};
  constexpr double exp_c[] = {0x1.fffffffff3a2dp-2, 0x1.5555557392432p-3, 0x1.5555557ec76d0p-5, 0x1.1110b1999ff2ap-7,
                              0x1.6c1634fda5a4bp-10, 0x1.a170520dacfabp-13, 0x1.a179cd057d95bp-16};
  const auto [k, m] = split_exponent(a);
  const B f = m - B(1), s = f / (B(2) + f), z = s * s;
  const B log = madd(k, B(0x1.62e42fefa39efp-1), madd(s * z, polynomial(z, log_c), s + s));
  const B bounded = clamp_below(clamp_above(y, 0x1p40), -0x1p40);
  const B p = clamp_below(clamp_above(bounded * log, 200), -200);
  const auto [n, r] = reduce_log2(p);
  return (madd(r * r, polynomial(r, exp_c), r) + B(1)) * pow2(n);
}

/// C99's table of special values around `magnitude` = pow(|x|, y) for finite nonzero x.
template <class B> B pow_special(B x, B y, B magnitude) {
  const B zero(0), one(1), infinity(F<B>::infinity), half(Value<B>(0.5));
  const B a = absolute(x), halved = y * half;
  const auto whole = floor_of(y) == y;
  const auto even = floor_of(halved) == halved;
  B r = magnitude;
  r = select<B>((a == zero) | (a == infinity), select<B>((a == zero) == (y > zero), zero, infinity), r);
  const B fractional = select<B>((x < zero) & (a < infinity), B(F<B>::nan), r);
  const B negated = from_lanes<B>(bits(r) | (bits(x) & F<B>::sign));
  r = select<B>(whole, select<B>(even, r, negated), fractional);
  r = select<B>(is_number(x) & is_number(y), r, x + y);
  return select<B>((y == zero) | (x == one), one, r);
}

/// One Newton step from `guess` towards the cube root of a, away from the ends of the range.
inline Batch<float> cbrt_step(Batch<float> a, Batch<float> guess) {
  return guess - (guess - a / (guess * guess)) * Batch<float>(1.0f / 3);
}
/// The residual guess^3 - a in two words, or its rounding would be the result's error. Eighths and halves keep
/// the cube finite.
inline Batch<double> cbrt_step(Batch<double> a, Batch<double> guess) {
  using B = Batch<double>;
  const B g = guess * B(0.5);
  const auto square = product(g, g), cube = product(square.hi, g);
  const B residual = (cube.hi - a * B(0.125)) + madd(square.lo, g, cube.lo);
  return guess - (residual + residual) / (B(3) * square.hi);
}

template <class T> struct CbrtScaling;
template <> struct CbrtScaling<float> { static constexpr float tiny = 0x1p-60f, up = 0x1p96f, down = 0x1p-32f; };
template <> struct CbrtScaling<double> { static constexpr double tiny = 0x1p-900, up = 0x1p300, down = 0x1p-100; };

/// exp(log|x| / 3), made exact by a Newton step; tiny arguments are scaled first.
struct Cbrt : Unroll<1> {
  template <class B> static B call(B x) {
    using S = CbrtScaling<Value<B>>;
    const B magnitude = absolute(x);
    const auto tiny = magnitude < B(S::tiny);
    const B a = select<B>(tiny, magnitude * B(S::up), magnitude);
    const B root = cbrt_step(a, exp_of(Log::call(a) * B(Value<B>(1) / 3)));
    const B scaled = select<B>(tiny, root * B(S::down), root);
    return select<B>((magnitude > B(0)) & (magnitude < B(F<B>::infinity)), with_sign_of(scaled, x), x);
  }
};

struct Pow : Unroll<0> {
  static Batch<double> call(Batch<double> x, Batch<double> y) {
    return pow_special(x, y, pow_positive(absolute(x), y));
  }
  static Batch<float> call(Batch<float> x, Batch<float> y) {
    const auto a = widen(absolute(x)), b = widen(y);
    return pow_special(x, y, narrow(pow_positive_short(a.lo, b.lo), pow_positive_short(a.hi, b.hi)));
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
