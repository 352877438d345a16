// Questions about arrays as a whole. Names and semantics are jax.numpy's.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <fluxion/array.hpp>

namespace fluxion {

/// Whether two arrays broadcast to one shape in which all their elements are equal. A bool scalar.
Array array_equiv(const Array& x, const Array& y);
/// Whether x is a number or an array of rank 0.
template <class T>
bool isscalar(const T& x) {
  if constexpr (std::same_as<T, Array>)
    return x.ndim() == 0;
  else
    return Scalar<T>;
}

/// Rank, shape, and number of elements, altogether or along an axis.
inline std::int64_t ndim(const Array& x) { return x.ndim(); }
inline const Shape& shape(const Array& x) { return x.shape(); }
inline std::int64_t size(const Array& x) { return x.size(); }
inline std::int64_t size(const Array& x, std::int64_t axis) { return x.shape(axis); }
/// x converted. Source: jax.numpy.astype.
inline Array astype(const Array& x, DType dtype) { return x.astype(dtype); }

}  // namespace fluxion
