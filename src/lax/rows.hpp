// Rows along an axis by position: which elements of a mask are true, and taking, putting and adding rows there. The
// base of batched control flow without dead lanes.
//
// `batch` leading axes are common to all operands; the row axis of x, the axis of positions of `indices` and that of
// `rows` follow; what comes behind is the row. Indices are int64. A result does not depend on how rows are laid out.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion::lax {

/// Positions along the last axis of the first `size` elements that are true, ascending; where there are fewer, the
/// axis' extent. bool[.., n] -> int64[.., size]. Source: jax.numpy.nonzero(size=, fill_value=n).
Array true_positions(const Array& mask, std::int64_t size);

/// result[.., j, ..] = x[.., indices[.., j], ..]; indices are clamped into range. Source: jax.lax.gather(mode="clip").
Array take_rows(const Array& x, const Array& indices, std::int64_t batch = 0);

/// x with row indices[.., j] replaced by rows[.., j, ..], j ascending (of equal indices the last counts); indices out
/// of range are skipped. `unique_indices` says that no two indices in range are equal. Source: jax.lax.scatter.
Array put_rows(const Array& x, const Array& indices, const Array& rows, std::int64_t batch = 0, bool unique_indices = false);

/// The same with rows added, one after the other. Source: jax.lax.scatter_add.
Array add_rows(const Array& x, const Array& indices, const Array& rows, std::int64_t batch = 0);

}  // namespace fluxion::lax
