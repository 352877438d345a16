// Sorts, searches and what is unique. Names and semantics are jax.numpy's. -0 and 0 count as equal, NaNs as equal and
// greater than all numbers; complex numbers are ordered by real, then imaginary part.
#pragma once

#include <optional>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>
#include <fluxion/lax/sorting.hpp>

namespace fluxion {

/// Sorts are stable whatever `stable` says. Descending, NaNs come first.
struct SortOptions {
  bool stable = true;
  bool descending = false;
};
/// x sorted along an axis; flattened first for `none`. The tangent goes where its element goes.
Array sort(const Array& x, const Axis& axis = -1, const SortOptions& options = {});
/// The indices (int64) that sort x; equal elements keep their order, also descending.
Array argsort(const Array& x, const Axis& axis = -1, const SortOptions& options = {});
/// The indices that sort by the last key first, then by those before it. Throws TypeError without keys.
Array lexsort(ArraySpan keys, std::int64_t axis = -1);
inline Array lexsort(std::initializer_list<Array> keys, std::int64_t axis = -1) {
  return lexsort(ArraySpan(keys.begin(), keys.size()), axis);
}
/// x with the element at `kth` where a sort would put it, none greater before it and none smaller behind; in fact
/// sorted. Throws ValueError for kth out of range.
Array partition(const Array& x, std::int64_t kth, std::int64_t axis = -1);
Array argpartition(const Array& x, std::int64_t kth, std::int64_t axis = -1);
/// {the k greatest elements along an axis, descending; their indices, int32}. NaN counts as greatest.
std::pair<Array, Array> top_k(const Array& x, std::int64_t k, std::int64_t axis = -1);
/// x sorted along its last axis, as complex numbers.
Array sort_complex(const Array& x);

using lax::Side;
/// `sorter` gives the order of `sorted`, as argsort does.
struct SearchOptions {
  Side side = Side::left;
  Array sorter = {};
};
/// Where in `sorted` (rank 1, ascending) each element of v would go: before its equals, or behind. int32. Derivative
/// zero. Throws ValueError unless sorted has rank 1.
Array searchsorted(const Array& sorted, const Array& v, const SearchOptions& options = {});
/// The bin of each element: i with bins[i-1] <= x < bins[i], or bins[i-1] < x <= bins[i] with `right`; bins may also
/// descend. Throws ValueError unless bins have rank 1.
Array digitize(const Array& x, const Array& bins, bool right = false);

/// `size` fixes how many results there are, as jit needs it: surplus ones are left out, and what is missing is filled
/// with `fill_value`. Without it values must be concrete (ConcretizationError under jit and vmap).
struct NonzeroOptions {
  std::optional<std::int64_t> size = {};
  Array fill_value = {};
};
/// For each axis the indices (int64) of elements that are not zero, in row-major order; filled with 0. Throws
/// ValueError for rank 0.
Arrays nonzero(const Array& x, const NonzeroOptions& options = {});
/// The same as rows [n, rank].
Array argwhere(const Array& x, const NonzeroOptions& options = {});
/// The same in x flattened.
Array flatnonzero(const Array& x, const NonzeroOptions& options = {});

/// Filled with the least element if no `fill_value` is given. NaNs are one value if `equal_nan`.
struct UniqueOptions {
  std::optional<std::int64_t> size = {};
  Array fill_value = {};
  bool equal_nan = true;
  Axis axis = none;
};
struct Unique {
  Array values;
  Array indices;          ///< of the first occurrence; in x flattened without an axis
  Array inverse_indices;  ///< that make x of the values; of x's shape without an axis
  Array counts;
};
/// The sorted unique elements of x, or along an axis the unique slices, in lexicographic order.
Array unique(const Array& x, const UniqueOptions& options = {});
inline Array unique_values(const Array& x, const UniqueOptions& options = {}) { return unique(x, options); }
/// With everything there is to know of them. Source: jax.numpy.unique, with all return_* options.
Unique unique_all(const Array& x, const UniqueOptions& options = {});
/// {values, counts}, and {values, inverse indices}.
std::pair<Array, Array> unique_counts(const Array& x, const UniqueOptions& options = {});
std::pair<Array, Array> unique_inverse(const Array& x, const UniqueOptions& options = {});

}  // namespace fluxion
