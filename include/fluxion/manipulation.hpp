// Shapes: the same elements arranged, joined, cut and repeated. Names and semantics are jax.numpy's.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

/// Row-major reshape; one extent may be -1 and is computed.
Array reshape(const Array& x, const Shape& shape);
/// To rank 1.
Array ravel(const Array& x);
/// Axes reversed; or result axis i is axis axes[i] of x.
Array transpose(const Array& x);
Array transpose(const Array& x, const Dims& axes);
inline Array permute_dims(const Array& x, const Dims& axes) { return transpose(x, axes); }
/// The last two axes swapped. Throws ValueError below rank 2.
Array matrix_transpose(const Array& x);
Array swapaxes(const Array& x, std::int64_t axis1, std::int64_t axis2);
/// Axis source[i] becomes axis destination[i]; the others keep their order.
Array moveaxis(const Array& x, const Axis& source, const Axis& destination);
/// Axis `axis` moved in front of what is axis `start` now; start may be the rank.
Array rollaxis(const Array& x, std::int64_t axis, std::int64_t start = 0);
/// New axes of size 1, at these positions of the result.
Array expand_dims(const Array& x, const Axis& axis);
/// Without axes of size 1: all of them, or those given. Throws ValueError for an axis of another size.
Array squeeze(const Array& x, const Axis& axis = none);
/// Of rank 1, 2 or 3 at least: (n) becomes (1, n) and (1, n, 1), and (m, n) becomes (m, n, 1).
Array atleast_1d(const Array& x);
Array atleast_2d(const Array& x);
Array atleast_3d(const Array& x);
/// Repeated along new leading axes and axes of size 1.
Array broadcast_to(const Array& x, const Shape& shape);
/// The common shape of broadcasting.
Shape broadcast_shapes(const Shape& a, const Shape& b);
Shape broadcast_shapes(std::span<const Shape> shapes);
/// All of them broadcast to their common shape.
Arrays broadcast_arrays(ArraySpan xs);
inline Arrays broadcast_arrays(std::initializer_list<Array> xs) {
  return broadcast_arrays(ArraySpan(xs.begin(), xs.size()));
}

/// Joined along an existing axis; promoted to one dtype, or of the one given; `none` joins them flattened.
Array concatenate(ArraySpan xs, const Axis& axis = 0, std::optional<DType> dtype = {});
inline Array concatenate(std::initializer_list<Array> xs, const Axis& axis = 0, std::optional<DType> dtype = {}) {
  return concatenate(ArraySpan(xs.begin(), xs.size()), axis, dtype);
}
/// Joined along a new axis; all of one shape, promoted to one dtype, or of the one given.
Array stack(ArraySpan xs, std::int64_t axis = 0, std::optional<DType> dtype = {});
inline Array stack(std::initializer_list<Array> xs, std::int64_t axis = 0, std::optional<DType> dtype = {}) {
  return stack(ArraySpan(xs.begin(), xs.size()), axis, dtype);
}
/// Below each other (rank-1 arrays become rows), and side by side.
Array vstack(ArraySpan xs, std::optional<DType> dtype = {});
inline Array vstack(std::initializer_list<Array> xs, std::optional<DType> dtype = {}) {
  return vstack(ArraySpan(xs.begin(), xs.size()), dtype);
}
Array hstack(ArraySpan xs, std::optional<DType> dtype = {});
inline Array hstack(std::initializer_list<Array> xs, std::optional<DType> dtype = {}) {
  return hstack(ArraySpan(xs.begin(), xs.size()), dtype);
}

/// Reversed along the axes.
Array flip(const Array& x, const Axis& axis = none);
/// Columns reversed (axis 1), and rows reversed (axis 0).
Array fliplr(const Array& x);
Array flipud(const Array& x);
/// Turned by k quarter turns in the plane of two axes, from the first towards the second.
Array rot90(const Array& x, std::int64_t k = 1, const Dims& axes = {0, 1});
/// Moved by `shift` places along an axis, and in again at the other end; `none` rolls x flattened. With several
/// axes, one shift for each, or one for all. The shift may be traced: an integer scalar, or a vector of them.
Array roll(const Array& x, std::int64_t shift, const Axis& axis = none);
Array roll(const Array& x, const Dims& shift, const Axis& axis);
Array roll(const Array& x, const Array& shift, const Axis& axis = none);

/// x repeated as a whole, repeats[i] times along axis i.
Array tile(const Array& x, const Dims& repeats);
/// Each element repeated along an axis; `none` flattens x first.
Array repeat(const Array& x, std::int64_t repeats, const Axis& axis = none);
struct RepeatOptions {
  /// The extent of the result along the axis: cut, or filled with the last element. Needed where `repeats` is traced.
  std::optional<std::int64_t> total_repeat_length = {};
};
/// Element i repeated repeats[i] times (integers: one per element along the axis, or one for all).
/// Throws ConcretizationError for traced repeats without a total length. Source: jax.numpy.repeat.
Array repeat(const Array& x, const Array& repeats, const Axis& axis = none, const RepeatOptions& options = {});
/// The elements of x in row-major order, over and over, in another shape; zeros if there are none.
Array resize(const Array& x, const Shape& shape);
/// A vector without its zeros at the front ("f"), at the back ("b") or both; its values must be concrete.
Array trim_zeros(const Array& x, std::string_view trim = "fb");

/// Eight truth values to a byte (uint8), the first being the highest bit ("big") or the lowest ("little"), zeros
/// at the end; of integers, those above 0 are true. `none` flattens x first.
Array packbits(const Array& x, const Axis& axis = none, std::string_view bitorder = "big");
/// The eight bits of each byte, as uint8; `count` of them, if given, cut or filled with zeros.
Array unpackbits(const Array& x, const Axis& axis = none, std::optional<std::int64_t> count = {},
                 std::string_view bitorder = "big");

}  // namespace fluxion
