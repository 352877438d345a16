// Bijections from all of R^m to constrained domains, and their inverses: pure, smooth functions that any transformation
// takes. They act on the last axis or on each element; axes in front are batches. Floating dtypes.
// Source: the Stan Reference Manual, chapter "Constraint Transforms".
#pragma once

#include <cstdint>

#include <fluxion/array.hpp>

namespace fluxion::testing::bijection {

/// x = exp(y) > 0.
Array positive(const Array& y);
Array positive_inverse(const Array& x);

/// x = 1 / (1 + exp(-y)) in (0, 1).
Array unit_interval(const Array& y);
Array unit_interval_inverse(const Array& x);

/// x = low + (high - low) / (1 + exp(-y)) in (low, high); the bounds broadcast.
Array interval(const Array& y, const Array& low, const Array& high);
Array interval_inverse(const Array& x, const Array& low, const Array& high);

/// x_1 = y_1, x_k = x_{k-1} + exp(y_k): ascending along the last axis.
Array ordered(const Array& y);
Array ordered_inverse(const Array& x);

/// Stick-breaking, [.., K-1] -> [.., K]: x_k = (1 - x_1 - ... - x_{k-1}) / (1 + exp(-y_k + log(K - k))), the last takes
/// what is left. Positive with sum 1; y = 0 gives 1/K everywhere. Throws ValueError for rank 0.
Array simplex(const Array& y);
Array simplex_inverse(const Array& x);

/// The lower Cholesky factor of a correlation matrix, [.., n(n-1)/2] -> [.., n, n], from its canonical partial
/// correlations tanh(y), row by row: L_ij = tanh(y_ij) sqrt(1 - sum_{k<j} L_ik^2), L_ii what makes the row's length 1.
/// Throws ValueError where the last extent is no n(n-1)/2. Source: Lewandowski, Kurowicka, Joe (2009).
Array correlation_cholesky(const Array& y);
Array correlation_cholesky_inverse(const Array& l);
/// L L^T of that: symmetric, positive definite, with ones on its diagonal. y = 0 gives the identity.
Array correlation(const Array& y);
Array correlation_inverse(const Array& x);

/// L L^T, [.., n(n+1)/2] -> [.., n, n]: y holds the rows of L's lower triangle, with the logarithms of its diagonal.
/// y = 0 gives the identity. Throws ValueError where the last extent is no n(n+1)/2.
Array positive_definite(const Array& y);
Array positive_definite_inverse(const Array& x);

}  // namespace fluxion::testing::bijection
