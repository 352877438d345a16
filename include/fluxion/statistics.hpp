// Covariance and correlation. Semantics are jax.numpy's.
#pragma once

#include <cstdint>
#include <optional>

#include <fluxion/array.hpp>

namespace fluxion {

struct CovOptions {
  /// More variables, laid out as those of the first argument.
  Array y = {};
  /// Each row is a variable; else each column.
  bool rowvar = true;
  /// Divide by n rather than n - 1.
  bool bias = false;
  /// Divide by n - ddof, whatever bias says.
  std::optional<std::int64_t> ddof = {};
  /// How often each observation was made (integers), and how much it counts: vectors.
  Array fweights = {}, aweights = {};
};
/// The covariances of variables: a matrix, or a scalar of one variable. Throws ValueError above rank 2 and
/// for weights of another length, TypeError for weights of another kind. Source: jax.numpy.cov.
Array cov(const Array& m, const CovOptions& options = {});

struct CorrcoefOptions {
  Array y = {};
  bool rowvar = true;
};
/// Their correlations: cov(i, j) / sqrt(cov(i, i) cov(j, j)), within [-1, 1].
Array corrcoef(const Array& x, const CorrcoefOptions& options = {});

}  // namespace fluxion
