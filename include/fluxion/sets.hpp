// Arrays as sets of their elements. Names and semantics are jax.numpy's.
#pragma once

#include <optional>

#include <fluxion/array.hpp>

namespace fluxion {

/// `size` fixes how many results there are, as jit needs it: surplus ones are left out, and what is missing is filled
/// with `fill_value`, the first result if not given (0 for setdiff1d). Without size values must be concrete
/// (ConcretizationError under jit and vmap).
struct SetOptions {
  std::optional<std::int64_t> size = {};
  Array fill_value = {};
};

/// Sorted unique elements of either array.
Array union1d(const Array& x, const Array& y, const SetOptions& options = {});
/// Of both.
Array intersect1d(const Array& x, const Array& y, const SetOptions& options = {});
/// The same with the indices of their first occurrence in x and y, flattened; filled with their sizes.
struct Intersection {
  Array values, x_indices, y_indices;
};
Intersection intersect1d_indices(const Array& x, const Array& y, const SetOptions& options = {});
/// Of x, but not of y.
Array setdiff1d(const Array& x, const Array& y, const SetOptions& options = {});
/// Of exactly one of them.
Array setxor1d(const Array& x, const Array& y, const SetOptions& options = {});
/// Whether each element of x is one of y's, or none of them with `invert`; NaN never is. bool, of x's shape.
Array isin(const Array& x, const Array& y, bool invert = false);

}  // namespace fluxion
