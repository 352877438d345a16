// Elements as unsigned integers that sort as the elements do, so that one integer sort serves all dtypes.
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fluxion/dtype.hpp>
#include <fluxion/error.hpp>

namespace fluxion::lax {

/// What ±0 are to each other.
enum class Zeros : std::uint8_t { equal, apart };

/// Bits of a 16-bit float, by its number of exponent bits.
template <int exponent_bits>
struct HalfBits {
  std::uint16_t bits;
  bool is_nan() const { return (bits & 0x7fff) > (((1 << exponent_bits) - 1) << (15 - exponent_bits)); }
};
using Float16Bits = HalfBits<5>;
using Bfloat16Bits = HalfBits<8>;

/// Signed magnitude to unsigned: below 0 the order of magnitudes is reversed.
template <std::unsigned_integral U>
constexpr U ordered_bits(U bits, bool is_nan, Zeros zeros) {
  constexpr U sign = U(1) << (8 * sizeof(U) - 1);
  if (is_nan) return std::numeric_limits<U>::max();
  if (zeros == Zeros::equal && U(bits << 1) == 0) bits = 0;
  return U((bits & sign) != 0 ? ~bits : bits | sign);
}

inline std::uint8_t ordered_key(bool v, Zeros) { return v; }
template <std::integral T> requires(!std::same_as<T, bool>)
std::make_unsigned_t<T> ordered_key(T v, Zeros) {
  using U = std::make_unsigned_t<T>;
  if constexpr (std::is_signed_v<T>) return U(U(v) ^ (U(1) << (8 * sizeof(U) - 1)));
  else return v;
}
inline std::uint32_t ordered_key(float v, Zeros zeros) {
  return ordered_bits(std::bit_cast<std::uint32_t>(v), v != v, zeros);
}
inline std::uint64_t ordered_key(double v, Zeros zeros) {
  return ordered_bits(std::bit_cast<std::uint64_t>(v), v != v, zeros);
}
template <int e>
std::uint16_t ordered_key(HalfBits<e> v, Zeros zeros) { return ordered_bits(v.bits, v.is_nan(), zeros); }

/// visit.template operator()<E>() for the type of the dtype's ordered parts: the element, or of a complex number its
/// real type.
template <class Visit>
decltype(auto) visit_ordered(DType t, Visit&& visit) {
  switch (t) {
    case DType::bool_: return visit.template operator()<bool>();
    case DType::int8: return visit.template operator()<std::int8_t>();
    case DType::int16: return visit.template operator()<std::int16_t>();
    case DType::int32: return visit.template operator()<std::int32_t>();
    case DType::int64: return visit.template operator()<std::int64_t>();
    case DType::uint8: return visit.template operator()<std::uint8_t>();
    case DType::uint16: return visit.template operator()<std::uint16_t>();
    case DType::uint32: return visit.template operator()<std::uint32_t>();
    case DType::uint64: return visit.template operator()<std::uint64_t>();
    case DType::float16: return visit.template operator()<Float16Bits>();
    case DType::bfloat16: return visit.template operator()<Bfloat16Bits>();
    case DType::float32: case DType::complex64: return visit.template operator()<float>();
    case DType::float64: case DType::complex128: return visit.template operator()<double>();
    default: throw InternalError("visit_ordered: elements without an order");
  }
}

}  // namespace fluxion::lax
