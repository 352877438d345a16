// Integer arithmetic: wrapping two's complement, total division and shifts as XLA defines them; and bool.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA::integer {

template <class B> inline constexpr bool is_signed = std::is_signed_v<Value<B>>;
template <class B> inline constexpr Uint<Value<B>> width = 8 * sizeof(Value<B>);

struct Neg : Unroll<4> { template <class B> static B call(B x) { return from_lanes<B>(0 - bits(x)); } };
struct Not : Unroll<4> { template <class B> static B call(B x) { return from_lanes<B>(~bits(x)); } };
struct Abs : Unroll<4> {
  template <class B> static B call(B x) {
    if constexpr (!is_signed<B>) return x;
    const auto sign = (decltype(bits(x)))(lanes(x) < 0);
    return from_lanes<B>((bits(x) ^ sign) - sign);
  }
};
struct Sign : Unroll<4> {
  template <class B> static B call(B x) {
    const auto v = lanes(x);
    return from_lanes<B>((v < 0) - (v > 0));  // a lane that holds is -1
  }
};

struct Add : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) + bits(b)); } };
struct Sub : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) - bits(b)); } };
struct Mul : Unroll<2> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) * bits(b)); } };
struct And : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) & bits(b)); } };
struct Or : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) | bits(b)); } };
struct Xor : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) ^ bits(b)); } };

/// a / b truncated, total: x / 0 is all ones, and the one overflow wraps.
template <class T> T quotient(T a, T b) {
  const bool overflow = std::is_signed_v<T> && a == std::numeric_limits<T>::min() && b == T(-1);
  const T divisor = ((b == 0) | overflow) ? T(1) : b;
  // A double holds both operands of 32 bits, and its rounding cannot reach the next integer.
  T q;
  if constexpr (sizeof(T) == 4) q = T(double(a) / double(divisor));
  else q = a / divisor;
  return b == 0 ? T(-1) : q;
}

struct Div : Unroll<0> {
  template <class B> static B call(B a, B b) {
    return per_lane([](Value<B> x, Value<B> y) { return quotient(x, y); }, a, b);
  }
};
/// a - (a / b) b, with the sign of a; x % 0 is x.
struct Rem : Unroll<0> {
  template <class B> static B call(B a, B b) {
    return per_lane([](Value<B> x, Value<B> y) {
      using U = Uint<Value<B>>;
      return Value<B>(U(x) - U(quotient(x, y)) * U(y));
    }, a, b);
  }
};

template <class V> V choose(V mask, V yes, V no) { return (yes & mask) | (no & ~mask); }
struct Max : Unroll<4> {
  template <class B> static B call(B a, B b) {
    const auto x = lanes(a), y = lanes(b);
    return from_lanes<B>(choose((decltype(lanes(a)))(x > y), x, y));
  }
};
struct Min : Unroll<4> {
  template <class B> static B call(B a, B b) {
    const auto x = lanes(a), y = lanes(b);
    return from_lanes<B>(choose((decltype(lanes(a)))(x < y), x, y));
  }
};

struct Clamp : Unroll<2> {
  template <class B> static B call(B low, B x, B high) { return Min::call(Max::call(low, x), high); }
};

struct Square : Unroll<2> { template <class B> static B call(B x) { return from_lanes<B>(bits(x) * bits(x)); } };

/// Sums of neighbouring bits, then of pairs, of fours; the product adds up the bytes in the highest one.
template <class B> auto bits_set(decltype(bits(B())) v) {
  using U = Uint<Value<B>>;
  constexpr U all = U(~U(0)), ones = all / 255;
  v = v - ((v >> 1) & U(all / 3));
  v = (v & U(all / 5)) + ((v >> 2) & U(all / 5));
  v = (v + (v >> 4)) & U(all / 17);
  return (v * ones) >> (width<B> - 8);
}
struct PopulationCount : Unroll<2> {
  template <class B> static B call(B x) { return from_lanes<B>(bits_set<B>(bits(x))); }
};
/// The zeros are what is not set once every bit below the first one is.
struct LeadingZeros : Unroll<2> {
  template <class B> static B call(B x) {
    auto v = bits(x);
    for (unsigned step = 1; step < 8 * sizeof(Value<B>); step *= 2) v |= v >> step;
    return from_lanes<B>(bits_set<B>(~v));
  }
};

// Amounts are unsigned; those of the width or more shift everything out.
struct ShiftLeft : Unroll<4> {
  template <class B> static B call(B a, B b) {
    const auto amount = bits(b), inside = (decltype(bits(b)))(amount < width<B>);
    return from_lanes<B>((bits(a) << (amount & (width<B> - 1))) & inside);
  }
};
struct ShiftRightLogical : Unroll<4> {
  template <class B> static B call(B a, B b) {
    const auto amount = bits(b), inside = (decltype(bits(b)))(amount < width<B>);
    return from_lanes<B>((bits(a) >> (amount & (width<B> - 1))) & inside);
  }
};
struct ShiftRightArithmetic : Unroll<4> {
  template <class B> static B call(B a, B b) {
    using Signed = Lanes<std::make_signed_t<Value<B>>, B>;
    const auto amount = bits(b), inside = (decltype(bits(b)))(amount < width<B>);
    const auto capped = (amount & inside) | ((width<B> - 1) & ~inside);
    return from_lanes<B>((Signed)lanes(a) >> (Signed)capped);
  }
};

// AVX-512 compares into mask registers, which xsimd does and the compilers' vectors do not express.
template <class B> Mask<B> equal(B a, B b) {
  if constexpr (has_avx512) return a == b;
  else return Mask<B>((typename Mask<B>::register_type)(lanes(a) == lanes(b)));
}
template <class B> Mask<B> less(B a, B b) {
  if constexpr (has_avx512) return a < b;
  else return Mask<B>((typename Mask<B>::register_type)(lanes(a) < lanes(b)));
}
template <class B> Mask<B> less_equal(B a, B b) {
  if constexpr (has_avx512) return a <= b;
  else return Mask<B>((typename Mask<B>::register_type)(lanes(a) <= lanes(b)));
}
struct Eq : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return equal(a, b); } };
struct Ne : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return !equal(a, b); } };
struct Lt : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return less(a, b); } };
struct Le : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return less_equal(a, b); } };
struct Gt : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return less(b, a); } };
struct Ge : Unroll<4> { template <class B> static Mask<B> call(B a, B b) { return less_equal(b, a); } };

}  // namespace fluxion::kernels::FLUXION_ISA::integer

/// Bytes that are 0 or 1: every operation is a bitwise one.
namespace fluxion::kernels::FLUXION_ISA::boolean {

struct Not : Unroll<4> { template <class B> static B call(B x) { return from_lanes<B>(bits(x) ^ 1); } };
struct And : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) & bits(b)); } };
struct Or : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) | bits(b)); } };
struct Xor : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) ^ bits(b)); } };
struct Eq : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) ^ bits(b) ^ 1); } };
struct Lt : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(~bits(a) & bits(b)); } };
struct Gt : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) & ~bits(b)); } };
struct Le : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>((bits(a) ^ 1) | bits(b)); } };
struct Ge : Unroll<4> { template <class B> static B call(B a, B b) { return from_lanes<B>(bits(a) | (bits(b) ^ 1)); } };

struct Clamp : Unroll<4> {
  template <class B> static B call(B low, B x, B high) {
    return from_lanes<B>((bits(low) | bits(x)) & bits(high));
  }
};

/// select for one-byte elements: the predicate is a batch of bytes too.
struct Select : Unroll<4> {
  template <class B> static B call(B pred, B on_false, B on_true) {
    const auto mask = (decltype(bits(pred)))(bits(pred) != 0);
    return from_lanes<B>((bits(on_true) & mask) | (bits(on_false) & ~mask));
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA::boolean
