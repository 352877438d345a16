// sinh and cosh from the parts of the exponential, so that nothing overflows early; the inverses through log1p.
#pragma once

#include "kernels/eval/exponential.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class T> struct HyperbolicLimits;
template <> struct HyperbolicLimits<float> {
  static constexpr float overflow = 91, linear = 0x1p-12f;  // below `linear` sinh(x) is x
  static constexpr float squares = 0x1p60f;                 // from here on x^2 + 1 is x^2, and could overflow
};
template <> struct HyperbolicLimits<double> {
  static constexpr double overflow = 712, linear = 0x1p-27, squares = 0x1p500;
};

/// m + m / (2 m + 1) with m = (exp(|x|) - 1) / 2.
struct Sinh : Unroll<1> {
  template <class B> static B call(B x) {
    using Limits = HyperbolicLimits<Value<B>>;
    const B a = absolute(x);
    const auto [k, r] = reduce_log2(clamp_above(a, Limits::overflow));
    const B rest = B(1) - pow2(negate(clamp_above(k, Value<B>(64))));
    const B m = scale(expm1_reduced(r) + rest, k - B(1));
    const B value = select<B>(k > B(Value<B>(64)), m, m + m / (m + m + B(1)));  // the quotient is 1/2 in the end
    return with_sign_of(select<B>(a < B(Limits::linear), a, value), x);
  }
};

/// h + 1 / (4 h) with h = exp(|x|) / 2.
struct Cosh : Unroll<1> {
  template <class B> static B call(B x) {
    const auto [k, r] = reduce_log2(clamp_above(absolute(x), HyperbolicLimits<Value<B>>::overflow));
    const B h = scale(expm1_reduced(r) + B(1), k - B(1));
    return h + B(Value<B>(0.25)) / h;
  }
};

template <class B> B plus_log2_where(Mask<B> large, B log) {
  return select<B>(large, log + B(Value<B>(0x1.62e42fefa39efp-1)), log);
}

/// log(a + sqrt(a^2 + 1)), a = |x|, as log1p(a + a^2 / (1 + sqrt(1 + a^2))).
struct Asinh : Unroll<1> {
  template <class B> static B call(B x) {
    const B one(1), a = absolute(x), square = a * a;
    const auto large = a > B(HyperbolicLimits<Value<B>>::squares);
    const B near = a + square / (one + xs::sqrt(one + square));
    return with_sign_of(plus_log2_where<B>(large, Log1p::call(select<B>(large, a - one, near))), x);
  }
};

/// log(x + sqrt(x^2 - 1)) as log1p(t + sqrt(t (t + 2))), t = x - 1.
struct Acosh : Unroll<1> {
  template <class B> static B call(B x) {
    const B one(1), t = x - one;
    const auto large = x > B(HyperbolicLimits<Value<B>>::squares);
    const B near = t + xs::sqrt(t * (t + B(2)));
    const B value = plus_log2_where<B>(large, Log1p::call(select<B>(large, t, near)));
    return select<B>(x < one, B(F<B>::nan), value);
  }
};

/// log((1 + a) / (1 - a)) / 2, a = |x|, as log1p(2 a / (1 - a)) / 2.
struct Atanh : Unroll<1> {
  template <class B> static B call(B x) {
    const B a = absolute(x);
    const B value = B(Value<B>(0.5)) * Log1p::call((a + a) / (B(1) - a));
    return select<B>(a > B(1), B(F<B>::nan), with_sign_of(absolute(value), x));
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
