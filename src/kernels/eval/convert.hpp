// Conversions between element types. Each is defined to the bit by the types alone, so the compiler is left
// to vectorise the loop.
#pragma once

#include "kernels/eval/elements.hpp"

namespace fluxion::kernels::FLUXION_ISA {

template <class To, class From>
inline To to_integer(From x) {
  // The first number above the range is a power of two, thus exact; the one below is, too, or is 0.
  constexpr From above = From(std::uint64_t(1) << (std::numeric_limits<To>::digits - 1)) * 2;
  constexpr From below = std::is_signed_v<To> ? -above : From(0);
  const bool inside = (x < above) & (x >= below);
  const To value = To(inside ? x : From(0));
  return x >= above ? std::numeric_limits<To>::max() : x < below ? std::numeric_limits<To>::min() : value;
}

/// Floats to integers saturate, and NaN gives 0; integers wrap; to bool is `!= 0`; halves are rounded once from any
/// type; a complex number that becomes real loses its imaginary part.
template <class To, class From>
inline To convert_element(From x) {
  if constexpr (std::is_same_v<From, To>) return x;
  else if constexpr (std::is_same_v<From, Flag>) return convert_element<To>(std::uint8_t(x));
  else if constexpr (is_half<From>) return convert_element<To>(widened(x));
  else if constexpr (is_complex<To> && is_complex<From>) return {decltype(To::re)(x.re), decltype(To::re)(x.im)};
  else if constexpr (is_complex<To>) return {convert_element<decltype(To::re)>(x), 0};
  else if constexpr (is_complex<From> && std::is_same_v<To, Flag>) return Flag((x.re != 0) | (x.im != 0));
  else if constexpr (is_complex<From>) return convert_element<To>(x.re);
  else if constexpr (std::is_same_v<To, Flag>) return Flag(x != From(0));
  else if constexpr (is_half<To>) return narrowed<To>(detail::before_half(x));
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) return to_integer<To>(x);
  else return To(x);
}

}  // namespace fluxion::kernels::FLUXION_ISA
