// Arithmetic of 8- and 16-bit integers, one element at a time: the same definitions as in integer.hpp.
#pragma once

#include "kernels/eval/batch.hpp"

namespace fluxion::kernels::FLUXION_ISA::narrow {

template <class T> using Unsigned = std::make_unsigned_t<T>;
template <class T> inline constexpr int width = 8 * sizeof(T);

struct Neg { template <class T> static T call(T x) { return T(-int(x)); } };
struct Not { template <class T> static T call(T x) { return T(~int(x)); } };
struct Abs { template <class T> static T call(T x) { return T(x < 0 ? -int(x) : int(x)); } };
struct Sign { template <class T> static T call(T x) { return T((x > 0) - (x < 0)); } };

struct Add { template <class T> static T call(T a, T b) { return T(int(a) + int(b)); } };
struct Sub { template <class T> static T call(T a, T b) { return T(int(a) - int(b)); } };
struct Mul { template <class T> static T call(T a, T b) { return T(unsigned(a) * unsigned(b)); } };
struct And { template <class T> static T call(T a, T b) { return T(a & b); } };
struct Or { template <class T> static T call(T a, T b) { return T(a | b); } };
struct Xor { template <class T> static T call(T a, T b) { return T(a ^ b); } };

/// x / 0 is all ones; the one overflow wraps. A float holds all operands, and its rounding cannot reach the next
/// integer.
template <class T> int quotient(T a, T b) {
  return b == 0 ? -1 : int(float(a) / float(b == 0 ? T(1) : b));
}
struct Div { template <class T> static T call(T a, T b) { return T(quotient(a, b)); } };
struct Rem { template <class T> static T call(T a, T b) { return b == 0 ? a : T(int(a) - quotient(a, b) * int(b)); } };
struct Max { template <class T> static T call(T a, T b) { return a > b ? a : b; } };
struct Min { template <class T> static T call(T a, T b) { return a < b ? a : b; } };

struct Clamp { template <class T> static T call(T low, T x, T high) { return Min::call(Max::call(low, x), high); } };
struct Square { template <class T> static T call(T x) { return Mul::call(x, x); } };
struct PopulationCount { template <class T> static T call(T x) { return T(__builtin_popcount(Unsigned<T>(x))); } };
struct LeadingZeros {
  template <class T> static T call(T x) {
    return x == 0 ? T(width<T>) : T(__builtin_clz(unsigned(Unsigned<T>(x))) - (32 - width<T>));
  }
};

// Amounts are unsigned; those of the width or more shift everything out.
struct ShiftLeft {
  template <class T> static T call(T a, T b) {
    const unsigned amount = Unsigned<T>(b);
    return amount < width<T> ? T(unsigned(Unsigned<T>(a)) << (amount & 15)) : T(0);
  }
};
struct ShiftRightLogical {
  template <class T> static T call(T a, T b) {
    const unsigned amount = Unsigned<T>(b);
    return amount < width<T> ? T(unsigned(Unsigned<T>(a)) >> (amount & 15)) : T(0);
  }
};
struct ShiftRightArithmetic {
  template <class T> static T call(T a, T b) {
    const unsigned amount = Unsigned<T>(b);
    return T(int(std::make_signed_t<T>(a)) >> (amount < width<T> ? amount : width<T> - 1));
  }
};

struct Eq { template <class T> static std::uint8_t call(T a, T b) { return a == b; } };
struct Ne { template <class T> static std::uint8_t call(T a, T b) { return a != b; } };
struct Lt { template <class T> static std::uint8_t call(T a, T b) { return a < b; } };
struct Le { template <class T> static std::uint8_t call(T a, T b) { return a <= b; } };
struct Gt { template <class T> static std::uint8_t call(T a, T b) { return a > b; } };
struct Ge { template <class T> static std::uint8_t call(T a, T b) { return a >= b; } };

}  // namespace fluxion::kernels::FLUXION_ISA::narrow
