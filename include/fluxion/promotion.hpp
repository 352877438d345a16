// Which dtype an operation on mixed dtypes works in.
#pragma once

#include <initializer_list>

#include <fluxion/array.hpp>

namespace fluxion {

/// The least dtype that both convert to without surprise: int32 and float32 give float32, int64 and uint64 give
/// the default float. Throws TypeError under strict promotion if they differ, and for keys and float0.
/// Source: jax.numpy.promote_types.
DType promote_types(DType a, DType b);

/// The dtype that an operation on these operands works in; weak operands (C++ scalars) give way to strong ones
/// of their own kind. Source: jax.numpy.result_type.
DType result_type(ArraySpan operands);
inline DType result_type(std::initializer_list<Array> operands) {
  return result_type(ArraySpan(operands.begin(), operands.size()));
}

}  // namespace fluxion
