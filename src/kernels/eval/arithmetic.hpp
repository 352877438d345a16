// Floating-point arithmetic that IEEE 754 defines to the bit, orders, and choice.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

struct Neg : Unroll<4> { template <class B> static B call(B x) { return negate(x); } };
struct Abs : Unroll<4> { template <class B> static B call(B x) { return absolute(x); } };
struct Floor : Unroll<4> { template <class B> static B call(B x) { return floor_of(x); } };
struct Sqrt : Unroll<2> { template <class B> static B call(B x) { return xs::sqrt(x); } };
struct Ceil : Unroll<4> { template <class B> static B call(B x) { return negate(floor_of(negate(x))); } };
struct Square : Unroll<4> { template <class B> static B call(B x) { return x * x; } };
struct Rsqrt : Unroll<2> { template <class B> static B call(B x) { return B(1) / xs::sqrt(x); } };
struct RoundHalfEven : Unroll<4> { template <class B> static B call(B x) { return round_half_even(x); } };
struct RoundHalfAway : Unroll<4> {
  template <class B> static B call(B x) {
    // What nearest-even rounding leaves is exact; where it is one half, the tie went down.
    const B a = absolute(x), near = round_half_even(a);
    return select<B>(is_number(x), with_sign_of(select<B>(a - near == B(Value<B>(0.5)), near + B(1), near), x), x);
  }
};
struct IsFinite : Unroll<4> {
  template <class B> static Mask<B> call(B x) { return absolute(x) < B(F<B>::infinity); }
};
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

struct Clamp : Unroll<2> {
  template <class B> static B call(B low, B x, B high) { return Min::call(Max::call(low, x), high); }
};

/// The neighbour of x towards y. In bits, the next number away from 0 is one more.
struct NextAfter : Unroll<2> {
  template <class B> static B call(B x, B y) {
    const B zero(0);
    const auto away = ((x < y) & (zero < x)) | ((y < x) & (x < zero));
    const B step = select<B>(away, from_lanes<B>(bits(x) + 1), from_lanes<B>(bits(x) - 1));
    const B least = from_lanes<B>((bits(y) & F<B>::sign) | 1);
    const B moved = select<B>(x == y, y, select<B>(x == zero, least, step));
    return select<B>(is_number(x) & is_number(y), moved, x + y);
  }
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
