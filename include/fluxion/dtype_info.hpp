// What dtypes are and what they can hold. Names and semantics are jax.numpy's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string_view>

#include <fluxion/array.hpp>
#include <fluxion/dtype.hpp>

namespace fluxion {

/// A kind of dtypes. Each lies in one that is wider: signedinteger in integer in number in generic.
enum class DTypeKind : std::uint8_t {
  generic,
  number,
  integer,
  signedinteger,
  unsignedinteger,
  inexact,
  floating,
  complexfloating,
  extended,
};
inline constexpr DTypeKind generic = DTypeKind::generic, number = DTypeKind::number,
                           integer = DTypeKind::integer;
inline constexpr DTypeKind signedinteger = DTypeKind::signedinteger,
                           unsignedinteger = DTypeKind::unsignedinteger;
inline constexpr DTypeKind inexact = DTypeKind::inexact, floating = DTypeKind::floating;
inline constexpr DTypeKind complexfloating = DTypeKind::complexfloating, extended = DTypeKind::extended;

/// Whether a dtype is of a kind, is another dtype, or a kind lies within another. Source:
/// jax.numpy.issubdtype.
bool issubdtype(DType t, DTypeKind kind);
bool issubdtype(DTypeKind a, DTypeKind b);
constexpr bool issubdtype(DType a, DType b) { return a == b; }

/// Whether a dtype is of one of these kinds, by their names in the array API: "bool", "signed integer",
/// "unsigned integer", "integral", "real floating", "complex floating", "numeric". Throws ValueError for
/// other names. Source: jax.numpy.isdtype.
bool isdtype(DType t, std::string_view kind);
bool isdtype(DType t, DType other);
bool isdtype(DType t, std::initializer_list<std::string_view> kinds);

/// What numpy.can_cast asks for: the same dtype; no loss ("safe"); within a kind ("same_kind"); anything.
enum class Casting : std::uint8_t { no, equiv, safe, same_kind, unsafe };
/// Whether values of one dtype may be converted to another. Source: jax.numpy.can_cast.
bool can_cast(DType from, DType to, Casting casting = Casting::safe);

/// The limits of a floating dtype; of a complex one, those of its parts. Source: jax.numpy.finfo.
struct FloatInfo {
  DType dtype;
  int bits, nmant, nexp, minexp, maxexp, machep, negep, precision;
  double eps, epsneg, max, min, tiny, smallest_normal, smallest_subnormal, resolution;
  friend std::ostream& operator<<(std::ostream& os, const FloatInfo& f);
};
/// Throws TypeError for other dtypes.
FloatInfo finfo(DType t);
inline FloatInfo finfo(const Array& x) { return finfo(x.dtype()); }

/// The limits of an integer dtype. `max` is unsigned: that of uint64 does not fit otherwise.
struct IntegerInfo {
  DType dtype;
  int bits;
  std::int64_t min;
  std::uint64_t max;
  friend std::ostream& operator<<(std::ostream& os, const IntegerInfo& i);
};
/// Throws TypeError for other dtypes.
IntegerInfo iinfo(DType t);
inline IntegerInfo iinfo(const Array& x) { return iinfo(x.dtype()); }

/// NumPy's other names of dtypes.
inline constexpr DType single = DType::float32, double_ = DType::float64, float_ = DType::float64;
inline constexpr DType csingle = DType::complex64, cdouble = DType::complex128, complex_ = DType::complex128;
inline constexpr DType int_ = DType::int64, uint = DType::uint64;

}  // namespace fluxion
