// Elements that C++ has no arithmetic for, told apart by type: bools, halves and complex numbers.
#pragma once

#include <fluxion/dtype.hpp>
#include "kernels/eval/batch.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// A bool's byte, told apart from an integer.
enum class Flag : std::uint8_t {};
enum class Half : std::uint16_t {};
enum class BrainHalf : std::uint16_t {};

template <class T> struct Complex {
  T re, im;
};

inline float widened(Half x) { return detail::float16_value(std::uint16_t(x)); }
inline float widened(BrainHalf x) { return detail::bfloat16_value(std::uint16_t(x)); }

/// The half that a number which is `before_half` rounds to.
template <class To> To narrowed(float x) {
  if constexpr (std::is_same_v<To, Half>) return To(detail::float16_bits(x));
  else return To(detail::bfloat16_bits(x));
}

template <class T> inline constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BrainHalf>;
template <class T> inline constexpr bool is_complex = false;
template <class T> inline constexpr bool is_complex<Complex<T>> = true;

}  // namespace fluxion::kernels::FLUXION_ISA
