// Functions that read, choose and replace elements by position, and functions that make positions. Names, defaults and
// semantics are jax.numpy's (segment_*: jax.ops's). What NumPy does in place returns a new array here.
//
// Indices may be arrays of any integer dtype, traced or not. Every function says what it does with indices outside;
// negative ones count from the end unless said otherwise.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

// --- reading
// ----------------------------------------------------------------------------------------------------------

/// How indices outside are read.
struct TakeOptions {
  IndexMode mode = IndexMode::fill;  ///< fill, clip (negative indices too), wrap, or promise_in_bounds.
  bool unique_indices = false, indices_are_sorted = false;
  Array fill_value{};  ///< NaN, the least signed integer, the greatest unsigned one or true, if there is none.
};
/// The elements at `indices` along an axis, in place of which come the axes of `indices`; of x flattened for none.
/// Throws TypeError unless indices are integers. Source: jax.numpy.take.
Array take(const Array& x, const Array& indices, const Axis& axis = none, const TakeOptions& options = {});
/// result[i.., j, k..] = x[i.., indices[i.., j, k..], k..]; the other axes are broadcast. For none x is flattened.
/// Source: jax.numpy.take_along_axis.
Array take_along_axis(const Array& x, const Array& indices, const Axis& axis = -1, const TakeOptions& options = {});

/// Of functions whose result has as many elements as a condition is true: their number, which is necessary under jit.
/// Where there are fewer, fill_value follows; where there are more, the first count.
struct SizeOptions {
  std::optional<std::int64_t> size{};
  Array fill_value = 0;
};
/// The slices of x along an axis (x flattened, for none) at which a rank-1 condition holds. Source: jax.numpy.compress.
Array compress(const Array& condition, const Array& x, const Axis& axis = none, const SizeOptions& options = {});
/// The elements of x at which the condition holds, flattened. Source: jax.numpy.extract.
Array extract(const Array& condition, const Array& x, const SizeOptions& options = {});
/// The positions of nonzero elements, one array per axis. Source: jax.numpy.where with one argument, nonzero.
Arrays where(const Array& condition, const SizeOptions& options = {});

// --- choosing
// -----------------------------------------------------------------------------------------------------------

/// choices[indices], element by element; all are broadcast. Indices outside are clipped, wrapped, or (raise, which
/// needs concrete indices) a ValueError. Source: jax.numpy.choose.
Array choose(const Array& indices, const Arrays& choices, IndexMode mode = IndexMode::raise);
/// Of each element the choice whose condition is the first to hold, else the default. Source: jax.numpy.select.
Array select(const Arrays& conditions, const Arrays& choices, const Array& default_value = 0);

/// A piece of a function: a constant, or a function of x.
class Piece {
 public:
  template <class T>
  requires std::convertible_to<T, Array> Piece(const T& constant)
      : f_([c = Array(constant)](const Array&) { return c; }) {}
  template <std::invocable<const Array&> F>
  requires(!std::convertible_to<F, Array>) Piece(F f) : f_(std::move(f)) {}
  Array operator()(const Array& x) const { return f_(x); }

 private:
  std::function<Array(const Array&)> f_;
};
/// Of each element the piece whose condition is the last to hold; where none does, the piece that is left over, or 0.
/// All pieces are evaluated everywhere. The result has x's dtype. Source: jax.numpy.piecewise.
Array piecewise(const Array& x, const Arrays& conditions, const std::vector<Piece>& pieces);

// --- replacing
// ----------------------------------------------------------------------------------------------------------

/// x with x.flatten()[indices] = values (repeated). Indices outside are dropped, clipped (negative ones too) or
/// wrapped. Source: jax.numpy.put(inplace=False).
Array put(const Array& x, const Array& indices, const Array& values, IndexMode mode = IndexMode::drop);
/// x with the elements that take_along_axis reads replaced. Source: jax.numpy.put_along_axis(inplace=False).
Array put_along_axis(const Array& x, const Array& indices, const Array& values, const Axis& axis = none,
                     IndexMode mode = IndexMode::drop);
/// x with the elements at which the mask holds replaced by values, in order, repeated. Source: jax.numpy.place.
Array place(const Array& x, const Array& mask, const Array& values);
/// x with the diagonal replaced by `value` (flattened and repeated); all axes of equal size if there are more than two.
/// Source: jax.numpy.fill_diagonal(inplace=False).
Array fill_diagonal(const Array& x, const Array& value);
/// x with values inserted before the places that `where` (an integer, a range, or integers) names, along an axis (x
/// flattened, for none). Places outside are clipped. Source: jax.numpy.insert.
Array insert(const Array& x, const Index& where, const Array& values, const Axis& axis = none);
/// x without the elements that `which` (an integer, a range, integers, or a mask) names. An integer may be traced,
/// and so may an array of them if assume_unique_indices; integers outside are clipped, those of arrays ignored.
/// Source: jax.numpy.delete.
Array delete_(const Array& x, const Index& which, const Axis& axis = none, bool assume_unique_indices = false);

// --- sums over segments
// -------------------------------------------------------------------------------------------------

struct SegmentOptions {
  bool indices_are_sorted = false, unique_indices = false;
  IndexMode mode = IndexMode::drop;  ///< Of segments outside, negative ones among them.
};
/// result[s] = the sum of data[i] over all i with segment_ids[i] = s. Without num_segments, which is necessary under
/// jit, one more than the greatest id. Source: jax.ops.segment_sum and its kin.
Array segment_sum(const Array& data, const Array& segment_ids, std::optional<std::int64_t> num_segments = {},
                  const SegmentOptions& options = {});
Array segment_prod(const Array& data, const Array& segment_ids, std::optional<std::int64_t> num_segments = {},
                   const SegmentOptions& options = {});
/// The greatest value (infinity) where a segment has no element.
Array segment_min(const Array& data, const Array& segment_ids, std::optional<std::int64_t> num_segments = {},
                  const SegmentOptions& options = {});
/// The least value (-infinity) where a segment has no element.
Array segment_max(const Array& data, const Array& segment_ids, std::optional<std::int64_t> num_segments = {},
                  const SegmentOptions& options = {});

// --- positions
// ----------------------------------------------------------------------------------------------------------

/// The positions of a diagonal: 0 ... n-1, once per axis. Source: jax.numpy.diag_indices.
Arrays diag_indices(std::int64_t n, std::int64_t ndim = 2);
Arrays diag_indices_from(const Array& x);
/// Rows and columns of the elements on and below (above) the k-th diagonal of an n x m matrix (m = n if not given).
/// Source: jax.numpy.tril_indices, triu_indices.
Arrays tril_indices(std::int64_t n, std::int64_t k = 0, std::optional<std::int64_t> m = {});
Arrays triu_indices(std::int64_t n, std::int64_t k = 0, std::optional<std::int64_t> m = {});
Arrays tril_indices_from(const Array& x, std::int64_t k = 0);
Arrays triu_indices_from(const Array& x, std::int64_t k = 0);
/// Where mask_func(ones({n, n}), k) is not zero. Source: jax.numpy.mask_indices.
Arrays mask_indices(std::int64_t n, const std::function<Array(const Array&, std::int64_t)>& mask_func,
                    std::int64_t k = 0);
/// Arrays of one axis as an open grid: array i varies along axis i. Masks become positions. Source: jax.numpy.ix_.
Arrays ix_(const Arrays& arrays);
/// Positions in the flattened array of shape `dims`; in column-major order for order 'F'. What is outside is clipped,
/// wrapped or (raise, which needs concrete indices) a ValueError. Source: jax.numpy.ravel_multi_index.
Array ravel_multi_index(const Arrays& multi_index, const Shape& dims, IndexMode mode = IndexMode::raise,
                        char order = 'C');
/// The position along each axis of elements of a flattened array; clipped. Source: jax.numpy.unravel_index.
Arrays unravel_index(const Array& indices, const Shape& shape);

}  // namespace fluxion
