// Shapes: the same elements arranged, joined, cut and repeated. Names and semantics are jax.numpy's.
#pragma once

#include <initializer_list>
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
Array swapaxes(const Array& x, std::int64_t axis1, std::int64_t axis2);
/// Axis source[i] becomes axis destination[i]; the others keep their order.
Array moveaxis(const Array& x, const Axis& source, const Axis& destination);
/// New axes of size 1, at these positions of the result.
Array expand_dims(const Array& x, const Axis& axis);
/// Without axes of size 1: all of them, or those given. Throws ValueError for an axis of another size.
Array squeeze(const Array& x, const Axis& axis = none);
/// Repeated along new leading axes and axes of size 1.
Array broadcast_to(const Array& x, const Shape& shape);
/// The common shape of broadcasting.
Shape broadcast_shapes(const Shape& a, const Shape& b);

/// Joined along an existing axis; promoted to one dtype; `none` joins them flattened.
Array concatenate(ArraySpan xs, const Axis& axis = 0);
inline Array concatenate(std::initializer_list<Array> xs, const Axis& axis = 0) {
  return concatenate(ArraySpan(xs.begin(), xs.size()), axis);
}
/// Joined along a new axis; all of one shape, promoted to one dtype.
Array stack(ArraySpan xs, std::int64_t axis = 0);
inline Array stack(std::initializer_list<Array> xs, std::int64_t axis = 0) {
  return stack(ArraySpan(xs.begin(), xs.size()), axis);
}
/// Below each other (rank-1 arrays become rows), and side by side.
Array vstack(ArraySpan xs);
inline Array vstack(std::initializer_list<Array> xs) { return vstack(ArraySpan(xs.begin(), xs.size())); }
Array hstack(ArraySpan xs);
inline Array hstack(std::initializer_list<Array> xs) { return hstack(ArraySpan(xs.begin(), xs.size())); }

/// Reversed along the axes.
Array flip(const Array& x, const Axis& axis = none);
/// Moved by `shift` places along an axis, and in again at the other end; `none` rolls x flattened.
Array roll(const Array& x, std::int64_t shift, const Axis& axis = none);
/// x repeated as a whole, repeats[i] times along axis i.
Array tile(const Array& x, const Dims& repeats);
/// Each element repeated along an axis; `none` flattens x first.
Array repeat(const Array& x, std::int64_t repeats, const Axis& axis = none);

}  // namespace fluxion
