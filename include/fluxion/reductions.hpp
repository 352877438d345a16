// Reductions over axes: sum(x), sum(x, 0), sum(x, {0, 1}, true). Names and semantics are jax.numpy's; results
// do not depend on layout, blocking or threads.
#pragma once

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

/// bool and 32-bit integers are summed as 64-bit ones.
Array sum(const Array& x, const Axis& axis = none, bool keepdims = false);
/// sum(x) / n; float32 for small integers, float64 for 64-bit ones. NaN over no elements.
Array mean(const Array& x, const Axis& axis = none, bool keepdims = false);
/// mean(|x - mean(x)|^2) with n - ddof in the place of n; NaN unless that is positive.
Array var(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
Array std(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
/// NaN if any element is; ties share the derivative equally. Throws ValueError over no elements.
Array max(const Array& x, const Axis& axis = none, bool keepdims = false);
Array min(const Array& x, const Axis& axis = none, bool keepdims = false);
/// Index (int64) of the first maximum, or of the first NaN; in the flattened array without an axis.
Array argmax(const Array& x, const Axis& axis = none, bool keepdims = false);
Array argmin(const Array& x, const Axis& axis = none, bool keepdims = false);
/// Whether any or all elements are nonzero. bool.
Array any(const Array& x, const Axis& axis = none, bool keepdims = false);
Array all(const Array& x, const Axis& axis = none, bool keepdims = false);
/// log(sum(exp(x))) without overflow; -inf over nothing but -inf. Source: jax.scipy.special.logsumexp.
Array logsumexp(const Array& x, const Axis& axis = none, bool keepdims = false);

}  // namespace fluxion
