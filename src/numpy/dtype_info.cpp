#include <fluxion/dtype_info.hpp>

#include <cmath>
#include <limits>
#include <ostream>

#include "base/text.hpp"

namespace fluxion {

namespace {

using Kind = DTypeKind;

Kind parent(Kind k) {
  switch (k) {
    case Kind::signedinteger:
    case Kind::unsignedinteger: return Kind::integer;
    case Kind::floating:
    case Kind::complexfloating: return Kind::inexact;
    case Kind::integer:
    case Kind::inexact: return Kind::number;
    default: return Kind::generic;
  }
}

Kind kind_of(DType t) {
  if (is_signed_integer(t)) return Kind::signedinteger;
  if (is_unsigned_integer(t)) return Kind::unsignedinteger;
  if (is_floating(t)) return Kind::floating;
  if (is_complex(t)) return Kind::complexfloating;
  return is_key(t) ? Kind::extended : Kind::generic;
}

}  // namespace

bool issubdtype(DTypeKind a, DTypeKind b) {
  while (a != b && a != Kind::generic) a = parent(a);
  return a == b;
}

bool issubdtype(DType t, DTypeKind kind) { return issubdtype(kind_of(t), kind); }

bool isdtype(DType t, DType other) { return t == other; }
bool isdtype(DType t, std::string_view kind) {
  if (kind == "bool") return t == bool_;
  if (kind == "signed integer") return is_signed_integer(t);
  if (kind == "unsigned integer") return is_unsigned_integer(t);
  if (kind == "integral") return is_integer(t);
  if (kind == "real floating") return is_floating(t);
  if (kind == "complex floating") return is_complex(t);
  if (kind == "numeric") return is_integer(t) || is_inexact(t);
  throw ValueError(text(
      "isdtype: the kind must be bool, signed integer, unsigned integer, integral, real floating, complex "
      "floating or numeric, got \"",
      kind, "\"; pass a dtype to compare with one"));
}
bool isdtype(DType t, std::initializer_list<std::string_view> kinds) {
  bool found = false;
  for (auto k : kinds) found = isdtype(t, k) || found;
  return found;
}

namespace {

// How many bits of whole numbers a dtype holds exactly, its sign aside.
int exact_bits(DType t) {
  const int size = 8 * static_cast<int>(itemsize(t));
  if (is_unsigned_integer(t)) return size;
  if (is_signed_integer(t)) return size - 1;
  switch (t) {
    case DType::bool_: return 1;
    case DType::bfloat16: return 8;
    case DType::float16: return 11;
    case DType::float32:
    case DType::complex64: return 24;
    default: return 53;
  }
}

// NumPy counts 64-bit integers as fitting float64.
bool integers_fit(DType from, DType to) {
  if (to == float64 || to == complex128) return true;
  return exact_bits(from) <= exact_bits(to);
}

bool casts_safely(DType from, DType to) {
  if (from == to) return true;
  if (from == bool_) return to <= complex128;
  if (from > complex128 || to > complex128 || to == bool_) return false;
  if (is_integer(from))
    return (is_signed_integer(from) && is_unsigned_integer(to)) ? false : integers_fit(from, to);
  if (!is_inexact(to) || (is_complex(from) && is_floating(to))) return false;
  if (to == float16 || to == bfloat16) return false;  // neither holds the other
  return exact_bits(from) <= exact_bits(to);
}

// bool, unsigned, signed, floating, complex.
int rank_of_kind(DType t) {
  return t == bool_ ? 0 : is_unsigned_integer(t) ? 1 : is_signed_integer(t) ? 2 : is_floating(t) ? 3 : 4;
}

}  // namespace

bool can_cast(DType from, DType to, Casting casting) {
  switch (casting) {
    case Casting::no:
    case Casting::equiv: return from == to;
    case Casting::safe: return casts_safely(from, to);
    case Casting::same_kind:
      return casts_safely(from, to) ||
             (from <= complex128 && to <= complex128 && rank_of_kind(from) <= rank_of_kind(to));
    default: return true;
  }
}

FloatInfo finfo(DType t) {
  if (!is_inexact(t))
    throw TypeError(
        text("finfo: a floating or complex dtype is required, got ", t, "; iinfo is for integers"));
  const auto part = t == complex64 ? float32 : t == complex128 ? float64 : t;
  const int bits = 8 * static_cast<int>(itemsize(part));
  const int nexp = part == float64 ? 11 : part == float16 ? 5 : 8, nmant = bits - 1 - nexp;
  const int maxexp = 1 << (nexp - 1), minexp = 2 - maxexp;
  FloatInfo f{};
  f.dtype = part;
  f.bits = bits, f.nmant = nmant, f.nexp = nexp, f.minexp = minexp, f.maxexp = maxexp;
  f.machep = -nmant, f.negep = -nmant - 1;
  f.precision = static_cast<int>(nmant * std::log10(2.0));
  f.eps = std::ldexp(1.0, -nmant), f.epsneg = f.eps / 2;
  f.max = std::ldexp(2 - f.eps, maxexp - 1), f.min = -f.max;
  f.tiny = f.smallest_normal = std::ldexp(1.0, minexp);
  f.smallest_subnormal = std::ldexp(1.0, minexp - nmant);
  f.resolution = std::pow(10.0, -f.precision);
  return f;
}

std::ostream& operator<<(std::ostream& os, const FloatInfo& f) {
  return os << text("finfo(dtype=", f.dtype, ", eps=", f.eps, ", min=", f.min, ", max=", f.max,
                    ", tiny=", f.tiny, ")");
}

IntegerInfo iinfo(DType t) {
  if (!is_integer(t))
    throw TypeError(text("iinfo: an integer dtype is required, got ", t, "; finfo is for floats"));
  const int bits = 8 * static_cast<int>(itemsize(t));
  if (is_unsigned_integer(t)) return {t, bits, 0, ~std::uint64_t{0} >> (64 - bits)};
  return {t, bits, std::numeric_limits<std::int64_t>::min() >> (64 - bits), ~std::uint64_t{0} >> (65 - bits)};
}

std::ostream& operator<<(std::ostream& os, const IntegerInfo& i) {
  return os << text("iinfo(dtype=", i.dtype, ", min=", i.min, ", max=", i.max, ")");
}

}  // namespace fluxion
