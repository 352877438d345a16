// lax: sorts and searches along an axis. Strict as lax.hpp; names, semantics and derivatives are jax.lax's.
#pragma once

#include <cstdint>
#include <utility>

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// x in ascending order along a dimension (negative: from the end). -0 and 0 count as equal, and so do all NaNs, which
/// come last; complex numbers are ordered by real, then imaginary part. bool and numbers. O(n log n), and always
/// stable. The tangent goes where its element goes. Throws TypeError for keys of a generator, ValueError for a
/// dimension out of range.
Array sort(const Array& x, std::int64_t dimension = -1, bool is_stable = true);
/// Several operands of one shape, all put into the order of the first `num_keys`, the first of which counts most; the
/// others may be of any dtype.
Arrays sort(ArraySpan operands, std::int64_t dimension = -1, bool is_stable = true, std::int64_t num_keys = 1);
/// {keys sorted, values in the same order}.
std::pair<Array, Array> sort_key_val(const Array& keys, const Array& values, std::int64_t dimension = -1,
                                     bool is_stable = true);

/// {the k greatest elements along an axis, descending; their indices, int32}. Of equal ones the first comes first; NaN
/// counts as greatest, and +0 as greater than -0. Throws ValueError unless 0 <= k <= extent, TypeError for complex.
std::pair<Array, Array> top_k(const Array& x, std::int64_t k, std::int64_t axis = -1);

/// Where a search puts what equals an element: before it or behind.
enum class Side : std::uint8_t { left, right };
/// For each query the number of elements before it: of sorted[.., i] < query (left) or <= query (right), in the order
/// of sort. sorted [b.., n], queries [b.., m] of one dtype -> int32 (int64 from 2^31 elements on) [b.., m]. Binary
/// search, O(m log n). Source: jax.numpy.searchsorted.
Array searchsorted(const Array& sorted, const Array& queries, Side side = Side::left);

}  // namespace fluxion::lax
