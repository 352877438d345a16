// Checking axis arguments.
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

#include "lax/rules.hpp"

namespace fluxion {

/// `axis` counted from the front. Throws ValueError if it is not in [-rank, rank).
std::int64_t normalize_axis(const char* op, std::int64_t axis, std::int64_t rank, const Shape& shape);
inline std::int64_t normalize_axis(const char* op, std::int64_t axis, const Array& x) {
  return normalize_axis(op, axis, x.ndim(), x.shape());
}
/// All of them counted from the front, in the order given. Throws ValueError for repeated ones.
Dims normalize_axes(const char* op, const Dims& axes, std::int64_t rank, const Shape& shape);
/// The one axis that is meant, counted from the front. Throws ValueError for several.
std::int64_t one_axis(const char* op, const Axis& axis, const Array& x);
/// Sorted; all axes of x for none.
Dims sorted_axes(const char* op, const Axis& axis, const Array& x);
using lax::contains;
using lax::iota_dims;

/// x with axes of size 1 inserted where `axes`, sorted and counted in the result, say.
Array insert_axes(const Array& x, const Dims& axes);
/// x without these axes, all of size 1, sorted.
Array remove_axes(const Array& x, const Dims& axes);
/// x[start:limit] along one axis, both counted from the front.
Array slice_axis(const Array& x, std::int64_t axis, std::int64_t start, std::int64_t limit);
/// Rows by position along an axis, for traced positions: result[.., j, ..] = x[.., at[j], ..], clamped.
Array take_axis(const Array& x, const Array& at, std::int64_t axis);

}  // namespace fluxion
