// Floating-point arithmetic that IEEE 754 defines to the bit, orders, and choice.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

struct Neg : Unroll<4> { template <class B> static B call(B x) { return negate(x); } };
struct Abs : Unroll<4> { template <class B> static B call(B x) { return absolute(x); } };
struct Floor : Unroll<4> { template <class B> static B call(B x) { return floor_of(x); } };
struct Sqrt : Unroll<2> { template <class B> static B call(B x) { return xs::sqrt(x); } };
struct Sign : Unroll<4> {
  template <class B> static B call(B x) {
    const B zero(0);
    return select<B>(x > zero, B(1), select<B>(x < zero, B(-1), x));  // keeps -0 and NaN
  }
};

struct Add : Unroll<4> { template <class B> static B call(B a, B b) { return a + b; } };
struct Sub : Unroll<4> { template <class B> static B call(B a, B b) { return a - b; } };
struct Mul : Unroll<4> { template <class B> static B call(B a, B b) { return a * b; } };
struct Div : Unroll<2> { template <class B> static B call(B a, B b) { return a / b; } };

/// C's fmod: exact, with the sign of the dividend.
struct Rem : Unroll<0> {
  template <class B> static B call(B a, B b) {
    return per_lane([](Value<B> x, Value<B> y) { return std::fmod(x, y); }, a, b);
  }
};

// The x86 instructions return the second operand when either is NaN; the select makes the first one count too.
struct Max : Unroll<4> {
  template <class B> static B call(B a, B b) { return select<B>(is_number(a), B(xs::max(a, b)), a); }
};
struct Min : Unroll<4> {
  template <class B> static B call(B a, B b) { return select<B>(is_number(a), B(xs::min(a, b)), a); }
};

struct Eq : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return a == b; } };
struct Lt : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return a < b; } };
struct Le : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return a <= b; } };
struct Gt : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return b < a; } };
struct Ge : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return b <= a; } };
// Not xsimd's !=, which is false for NaN on AVX and AVX-512.
struct Ne : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return !(a == b); } };

/// select(pred, on_false, on_true) for elements of the batch's width; the type only says the width.
struct Select : Unroll<4> {
  template <class B> static B call(Mask<B> pred, B on_false, B on_true) { return select<B>(pred, on_true, on_false); }
};

}  // namespace fluxion::kernels::FLUXION_ISA
