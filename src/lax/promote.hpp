// Type promotion: the dtype that operands of mixed dtypes meet in, and their conversion to it.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

/// A dtype, and whether it is weak: gives way to a strong dtype of its kind.
struct Promoted {
  DType dtype;
  bool weak;
  friend bool operator==(const Promoted&, const Promoted&) = default;
};

/// Least upper bound of two types in jax's lattice with x64 enabled. `op` names the caller in errors.
/// Throws TypeError if one of two different types is a key or float0, or if strict promotion forbids the pair.
Promoted promote_types(DType a, bool a_weak, DType b, bool b_weak, const char* op = "promote_types");
/// The same over all operands.
Promoted result_type(ArraySpan xs, const char* op);

[[noreturn]] void throw_no_number(const char* op, DType t);

/// bool and integers up to 32 bits become float32, 64-bit integers float64; weak integers the default float.
DType to_inexact(Promoted t);
/// bool becomes int32.
DType to_numeric(DType t);

/// x as `dtype`. A concrete scalar is converted on the host so that it stays a literal under tracing; an
/// integer that does not fit throws ValueError.
Array convert(const Array& x, DType dtype, bool weak = false);
/// x as `dtype` and not weak.
Array convert_strong(const Array& x, DType dtype);

/// All operands converted to their common type.
Arrays promote(const char* op, ArraySpan xs);
inline Arrays promote(const char* op, std::initializer_list<Array> xs) {
  return promote(op, ArraySpan(xs.begin(), xs.size()));
}
/// All operands converted to their common type made floating. Source: jax promote_args_inexact.
Arrays promote_inexact(const char* op, ArraySpan xs);
inline Arrays promote_inexact(const char* op, std::initializer_list<Array> xs) {
  return promote_inexact(op, ArraySpan(xs.begin(), xs.size()));
}
/// One operand made floating.
Array promote_inexact(const Array& x);

}  // namespace fluxion
