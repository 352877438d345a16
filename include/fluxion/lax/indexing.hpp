// Indexing as primitives: gather, the scatters, and slices that start where a traced integer says. Strict, as all of
// lax; x[...], x.at(...) and the functions of fluxion/indexing.hpp are built on these.
//
// Indices may be of any integer dtype. Updates are applied one index vector after the other, in the row-major order
// of the indices: of several that replace one element the last counts, and floating sums are rounded in that order.
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// What becomes of a window that is not inside the operand. Source: jax.lax.GatherScatterMode.
enum class GatherScatterMode : std::uint8_t {
  clip,               ///< It is moved until it is.
  fill_or_drop,       ///< gather fills the whole of it, scatter leaves it out.
  promise_in_bounds,  ///< There is none, the caller says. Should there be one, gather clips and scatter drops.
};

/// How gather's operand, indices and result belong together. `start_indices` holds an index vector along its last
/// axis; component k is where the window starts along operand axis start_index_map[k].
/// Source: jax.lax.GatherDimensionNumbers, XLA's Gather.
struct GatherDimensionNumbers {
  Dims offset_dims;           ///< Result axes that run within a window; the others run over the index vectors.
  Dims collapsed_slice_dims;  ///< Operand axes of window size 1 that the result does not have.
  Dims start_index_map;
  Dims operand_batching_dims{}, start_indices_batching_dims{};  ///< Axes that operand and indices share.
  friend bool operator==(const GatherDimensionNumbers&, const GatherDimensionNumbers&) = default;
};

/// The same of a scatter's operand, indices and updates. Source: jax.lax.ScatterDimensionNumbers.
struct ScatterDimensionNumbers {
  Dims update_window_dims, inserted_window_dims, scatter_dims_to_operand_dims;
  Dims operand_batching_dims{}, scatter_indices_batching_dims{};
  friend bool operator==(const ScatterDimensionNumbers&, const ScatterDimensionNumbers&) = default;
};

struct GatherOptions {
  bool unique_indices = false, indices_are_sorted = false;  ///< Promises; a broken one changes no memory but its own.
  GatherScatterMode mode = GatherScatterMode::fill_or_drop;
  /// A concrete scalar. If there is none: NaN, the least signed integer, the greatest unsigned one, true.
  Array fill_value{};
};
struct ScatterOptions {
  bool indices_are_sorted = false, unique_indices = false;
  GatherScatterMode mode = GatherScatterMode::fill_or_drop;
};

/// Windows of `slice_sizes` at the indices. Linear in x; the transpose is scatter_add. Source: jax.lax.gather.
Array gather(const Array& x, const Array& start_indices, const GatherDimensionNumbers& dimension_numbers,
             const Dims& slice_sizes, const GatherOptions& options = {});

/// x with the windows at the indices replaced by updates. Source: jax.lax.scatter.
Array scatter(const Array& x, const Array& indices, const Array& updates,
              const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});
/// x with updates added; bools are or-ed.
Array scatter_add(const Array& x, const Array& indices, const Array& updates,
                  const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});
Array scatter_sub(const Array& x, const Array& indices, const Array& updates,
                  const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});
/// Differentiable in the updates only with unique_indices, as jax's. Bools are and-ed.
Array scatter_mul(const Array& x, const Array& indices, const Array& updates,
                  const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});
/// NaN wins. All that attain the extremum share its derivative equally.
Array scatter_min(const Array& x, const Array& indices, const Array& updates,
                  const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});
Array scatter_max(const Array& x, const Array& indices, const Array& updates,
                  const ScatterDimensionNumbers& dimension_numbers, const ScatterOptions& options = {});

/// The window of `slice_sizes` that starts at the integer scalars `start_indices`, one per axis. Negative ones count
/// from the end; then they are clamped, so that the window fits. Source: jax.lax.dynamic_slice.
Array dynamic_slice(const Array& x, const Arrays& start_indices, const Dims& slice_sizes);
/// x with the window that starts there replaced by `update`. Source: jax.lax.dynamic_update_slice.
Array dynamic_update_slice(const Array& x, const Array& update, const Arrays& start_indices);

/// x[start : limit : stride] along one axis; open ends for none. Source: jax.lax.slice_in_dim.
Array slice_in_dim(const Array& x, detail::Bound start, detail::Bound limit, std::int64_t stride = 1,
                   std::int64_t axis = 0);
/// The element at a static index of one axis, which stays with size 1 if keepdims. Source: jax.lax.index_in_dim.
Array index_in_dim(const Array& x, std::int64_t index, std::int64_t axis = 0, bool keepdims = true);
/// The same along one axis with a start that may be traced. Source: jax.lax.dynamic_slice_in_dim and its kin.
Array dynamic_slice_in_dim(const Array& x, const Array& start, std::int64_t slice_size, std::int64_t axis = 0);
Array dynamic_index_in_dim(const Array& x, const Array& index, std::int64_t axis = 0, bool keepdims = true);
Array dynamic_update_slice_in_dim(const Array& x, const Array& update, const Array& start, std::int64_t axis);
/// `update` may lack the axis.
Array dynamic_update_index_in_dim(const Array& x, const Array& update, const Array& index, std::int64_t axis);
/// x at the tuples (indices[0][j], indices[1][j], ...) along `axes`, taken modulo the extents. The arrays have one axis
/// and equal sizes. Result: j, then the other axes. Source: jax.lax.index_take.
Array index_take(const Array& x, const Arrays& indices, const Dims& axes);

}  // namespace fluxion::lax
