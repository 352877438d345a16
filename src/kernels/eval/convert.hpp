// Conversions between element types. Each is defined to the bit by the types alone, so the compiler is left
// to vectorise the loop.
#pragma once

#include "kernels/eval/batch.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// A bool's byte, told apart from an integer.
enum class Flag : std::uint8_t {};

template <class To, class From>
inline To convert_element(From x) {
  if constexpr (std::is_same_v<From, Flag>) {
    if constexpr (std::is_same_v<To, Flag>) return x;
    else return To(std::uint8_t(x));
  } else if constexpr (std::is_same_v<To, Flag>) {
    return Flag(x != From(0));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // The first number above the range is a power of two, thus exact; the one below is, too, or is 0.
    constexpr From above = From(std::uint64_t(1) << (std::numeric_limits<To>::digits - 1)) * 2;
    constexpr From below = std::is_signed_v<To> ? -above : From(0);
    const bool inside = (x < above) & (x >= below);
    const To value = To(inside ? x : From(0));
    return x >= above ? std::numeric_limits<To>::max() : x < below ? std::numeric_limits<To>::min() : value;
  } else {
    return To(x);
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
