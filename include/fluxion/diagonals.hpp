// Diagonals and triangles of matrices. Names and semantics are jax.numpy's.
#pragma once

#include <cstdint>
#include <optional>

#include <fluxion/array.hpp>

namespace fluxion {

/// The elements x[i, i + k] of the planes of two axes, along a new last axis. Throws ValueError below rank 2.
Array diagonal(const Array& x, std::int64_t k = 0, std::int64_t axis1 = 0, std::int64_t axis2 = 1);
/// A matrix with x on its k-th diagonal; or the k-th diagonal of a matrix.
Array diag(const Array& x, std::int64_t k = 0);
/// A matrix with x, flattened, on its k-th diagonal.
Array diagflat(const Array& x, std::int64_t k = 0);
/// The sum of the k-th diagonal. Small integers widen as in sum, or to the dtype.
Array trace(const Array& x, std::int64_t k = 0, std::int64_t axis1 = 0, std::int64_t axis2 = 1,
            std::optional<DType> dtype = {});

/// n x m ones on and below the k-th diagonal, zeros above (m = n if not given).
Array tri(std::int64_t n, std::optional<std::int64_t> m = {}, std::int64_t k = 0,
          std::optional<DType> dtype = {});
/// x with zeros above, or below, the k-th diagonal of its last two axes.
Array tril(const Array& x, std::int64_t k = 0);
Array triu(const Array& x, std::int64_t k = 0);
/// Powers of a vector as columns: x^(n-1), ..., x, 1, or the other way round. n is the length of x if not
/// given.
Array vander(const Array& x, std::optional<std::int64_t> n = {}, bool increasing = false);

}  // namespace fluxion
