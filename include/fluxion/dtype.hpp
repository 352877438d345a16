// The element types of arrays, and which C++ types they stand for.
#pragma once

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <type_traits>

#include <fluxion/half.hpp>

namespace fluxion {

/// Every element type an array can have. `key_fry` is an opaque 8-byte PRNG key; `float0` is the
/// tangent type of integers, booleans and keys; `tape` is an opaque 8-byte handle to what a loop has recorded for
/// its derivative, met in jaxprs only. Source: jax.numpy dtypes, jax.dtypes.float0.
enum class DType : std::uint8_t {
  bool_,
  int8, int16, int32, int64,
  uint8, uint16, uint32, uint64,
  bfloat16, float16, float32, float64,
  complex64, complex128,
  key_fry,
  float0,
  tape,
};

inline constexpr DType bool_ = DType::bool_;
inline constexpr DType int8 = DType::int8, int16 = DType::int16, int32 = DType::int32, int64 = DType::int64;
inline constexpr DType uint8 = DType::uint8, uint16 = DType::uint16, uint32 = DType::uint32, uint64 = DType::uint64;
inline constexpr DType bfloat16 = DType::bfloat16, float16 = DType::float16;
inline constexpr DType float32 = DType::float32, float64 = DType::float64;
inline constexpr DType complex64 = DType::complex64, complex128 = DType::complex128;
inline constexpr DType float0 = DType::float0;

/// Bytes per element; 0 for float0, whose arrays hold no data.
constexpr std::size_t itemsize(DType t) {
  switch (t) {
    case DType::bool_: case DType::int8: case DType::uint8: return 1;
    case DType::int16: case DType::uint16: case DType::bfloat16: case DType::float16: return 2;
    case DType::int32: case DType::uint32: case DType::float32: return 4;
    case DType::complex128: return 16;
    case DType::float0: return 0;
    default: return 8;
  }
}

constexpr bool is_signed_integer(DType t) { return t >= DType::int8 && t <= DType::int64; }
constexpr bool is_unsigned_integer(DType t) { return t >= DType::uint8 && t <= DType::uint64; }
constexpr bool is_integer(DType t) { return t >= DType::int8 && t <= DType::uint64; }
constexpr bool is_floating(DType t) { return t >= DType::bfloat16 && t <= DType::float64; }
constexpr bool is_complex(DType t) { return t == DType::complex64 || t == DType::complex128; }
constexpr bool is_half(DType t) { return t == DType::bfloat16 || t == DType::float16; }
/// Integers of 8 and 16 bits.
constexpr bool is_narrow(DType t) { return is_integer(t) && itemsize(t) < 4; }
constexpr bool is_inexact(DType t) { return is_floating(t) || is_complex(t); }
constexpr bool is_key(DType t) { return t == DType::key_fry; }
constexpr bool is_tape(DType t) { return t == DType::tape; }

/// The dtype of a complex number's parts, and of numbers with such parts; any other dtype is itself.
constexpr DType real_part(DType t) {
  return t == DType::complex64 ? DType::float32 : t == DType::complex128 ? DType::float64 : t;
}
constexpr DType with_parts(DType t) {
  return t == DType::float32 ? DType::complex64 : t == DType::float64 ? DType::complex128 : t;
}
/// What sums, products and the like of a dtype are computed in: 32 bits at least. The result is rounded or wrapped
/// once, at the end.
constexpr DType computed_in(DType t) {
  if (is_half(t)) return DType::float32;
  if (!is_narrow(t)) return t;
  return is_signed_integer(t) ? DType::int32 : DType::uint32;
}

/// Long name as jax prints it in parameters: "float64", "key<fry>".
std::string_view name(DType t);
/// Short name as jaxprs print it: "f64", "i32", "bool", "key<fry>".
std::string_view short_name(DType t);
std::ostream& operator<<(std::ostream& os, DType t);

namespace detail {

template <class T>
constexpr DType integral_dtype() {
  constexpr int base = std::is_signed_v<T> ? int(DType::int8) : int(DType::uint8);
  constexpr int log2 = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return DType(base + log2);
}

template <class T>
struct DTypeOf {};
template <> struct DTypeOf<bool> { static constexpr DType value = DType::bool_; };
template <> struct DTypeOf<float16_t> { static constexpr DType value = DType::float16; };
template <> struct DTypeOf<bfloat16_t> { static constexpr DType value = DType::bfloat16; };
template <> struct DTypeOf<float> { static constexpr DType value = DType::float32; };
template <> struct DTypeOf<double> { static constexpr DType value = DType::float64; };
template <> struct DTypeOf<std::complex<float>> { static constexpr DType value = DType::complex64; };
template <> struct DTypeOf<std::complex<double>> { static constexpr DType value = DType::complex128; };
template <std::integral T> requires(!std::same_as<T, bool>)
struct DTypeOf<T> { static constexpr DType value = integral_dtype<T>(); };

}  // namespace detail

/// C++ types that can be elements of an array.
template <class T>
concept Scalar = requires { detail::DTypeOf<std::remove_cv_t<T>>::value; };

/// The dtype whose elements are T.
template <Scalar T>
inline constexpr DType dtype_of = detail::DTypeOf<std::remove_cv_t<T>>::value;

}  // namespace fluxion
