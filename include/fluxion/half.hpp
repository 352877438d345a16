// float16_t and bfloat16_t: the elements of half-precision arrays. Storage with conversions; arithmetic is float's.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace fluxion {

namespace detail {

/// d as a float, rounded to odd: what is rounded to fewer bits after this has been rounded once.
[[gnu::always_inline]] constexpr float round_to_odd(double d) {
  const float nearest = static_cast<float>(d);
  const double back = static_cast<double>(nearest);
  const auto u = __builtin_bit_cast(std::uint32_t, nearest);
  const bool above = (d < 0 ? -back > -d : back > d), inexact = (back < d) | (back > d);
  return __builtin_bit_cast(float, (u - static_cast<std::uint32_t>(above)) | static_cast<std::uint32_t>(inexact));
}

/// i as a double, rounded to odd.
[[gnu::always_inline]] constexpr double round_to_odd(std::uint64_t i) {
  const bool wide = (i >> 53) != 0;
  const std::uint64_t sticky = (i & 2047) != 0 ? 2048 : 0;
  return static_cast<double>(wide ? (i & ~std::uint64_t{2047}) | sticky : i);
}

/// Nearest, ties to even. Subnormals are kept.
[[gnu::always_inline]] constexpr std::uint16_t float16_bits(float f) {
  const auto u = __builtin_bit_cast(std::uint32_t, f);
  const std::uint32_t sign = u & 0x80000000U, magnitude = u ^ sign;
  constexpr std::uint32_t infinity = 255U << 23, too_large = (127U + 16) << 23, smallest = 113U << 23,
                          magic = 126U << 23;
  // A subnormal half counts units of 2^-24, which are the last bits of a float near 1/2.
  const bool subnormal = magnitude < smallest;
  const float shifted = __builtin_bit_cast(float, subnormal ? magnitude : 0U) + 0.5F;
  const std::uint32_t small = __builtin_bit_cast(std::uint32_t, shifted) - magic;
  const std::uint32_t normal = (magnitude - (112U << 23) + 0xfffU + ((magnitude >> 13) & 1)) >> 13;
  const std::uint32_t large = magnitude > infinity ? 0x7e00U : 0x7c00U;
  const std::uint32_t out = magnitude >= too_large ? large : subnormal ? small : normal;
  return static_cast<std::uint16_t>((sign >> 16) | out);
}

[[gnu::always_inline]] constexpr float float16_value(std::uint16_t h) {
  const std::uint32_t bits = static_cast<std::uint32_t>(h & 0x7fff) << 13, exponent = bits & (0x7c00U << 13);
  const std::uint32_t normal = bits + (112U << 23), special = bits + (224U << 23), small = bits + (113U << 23);
  const float subnormal = __builtin_bit_cast(float, small) - __builtin_bit_cast(float, 113U << 23);
  const std::uint32_t magnitude = exponent == (0x7c00U << 13) ? special
                                  : exponent == 0             ? __builtin_bit_cast(std::uint32_t, subnormal)
                                                              : normal;
  return __builtin_bit_cast(float, magnitude | (static_cast<std::uint32_t>(h & 0x8000) << 16));
}

[[gnu::always_inline]] constexpr std::uint16_t bfloat16_bits(float f) {
  const auto u = __builtin_bit_cast(std::uint32_t, f);
  const bool nan = (u & 0x7fffffffU) > 0x7f800000U;
  const std::uint32_t rounded = u + 0x7fffU + ((u >> 16) & 1);
  return static_cast<std::uint16_t>(nan ? (u >> 16) | 0x40U : rounded >> 16);
}

[[gnu::always_inline]] constexpr float bfloat16_value(std::uint16_t h) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(h) << 16);
}

/// Any number as a float from which one rounding leads to a half.
template <class T>
[[gnu::always_inline]] constexpr float before_half(T v) {
  if constexpr (std::is_same_v<T, float>) return v;
  else if constexpr (std::is_floating_point_v<T>) return round_to_odd(static_cast<double>(v));
  else if constexpr (std::is_signed_v<T>)
    return v < 0 ? -round_to_odd(round_to_odd(0 - static_cast<std::uint64_t>(v)))
                 : round_to_odd(round_to_odd(static_cast<std::uint64_t>(v)));
  else return round_to_odd(round_to_odd(static_cast<std::uint64_t>(v)));
}

}  // namespace detail

/// IEEE binary16: 11 significant bits, up to 65504. Made from any number, rounded once to nearest, ties to even;
/// converts to float without loss, so that arithmetic and comparison are float's. Source: numpy.float16.
struct float16_t {
  std::uint16_t bits;

  float16_t() = default;
  template <class T> requires std::is_arithmetic_v<T>
  constexpr explicit float16_t(T v) : bits(detail::float16_bits(detail::before_half(v))) {}
  constexpr operator float() const { return detail::float16_value(bits); }  // NOLINT: lossless
};

/// The upper half of a float: 8 significant bits, float's range. Source: ml_dtypes.bfloat16.
struct bfloat16_t {
  std::uint16_t bits;

  bfloat16_t() = default;
  template <class T> requires std::is_arithmetic_v<T>
  constexpr explicit bfloat16_t(T v) : bits(detail::bfloat16_bits(detail::before_half(v))) {}
  constexpr operator float() const { return detail::bfloat16_value(bits); }  // NOLINT: lossless
};

}  // namespace fluxion
