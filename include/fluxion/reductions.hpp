// Reductions over axes: sum(x), sum(x, 0), sum(x, {0, 1}, true), sum(x, none, {.where = mask}). Names and semantics are
// jax.numpy's; results do not depend on layout, blocking or threads.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

/// What a reduction may be told besides its axes. `where`, a mask broadcast to x, leaves elements out; `initial` is one
/// more element, and the result over none; `dtype` is that of computation and result.
struct ReduceOptions {
  bool keepdims = false;
  Array where = {};
  Array initial = {};
  std::optional<DType> dtype = {};
};

/// bool and integers are summed as 64-bit ones.
Array sum(const Array& x, const Axis& axis = none, bool keepdims = false);
Array sum(const Array& x, const Axis& axis, const ReduceOptions& options);
/// The product, of the dtype that a sum has. Its derivative is right where elements are zero.
Array prod(const Array& x, const Axis& axis = none, bool keepdims = false);
Array prod(const Array& x, const Axis& axis, const ReduceOptions& options);
/// sum(x) / n; float32 for small integers, float64 for 64-bit ones. NaN over no elements. No `initial`.
Array mean(const Array& x, const Axis& axis = none, bool keepdims = false);
Array mean(const Array& x, const Axis& axis, const ReduceOptions& options);
/// sum(w x) / sum(w); the mean without weights. Weights are of x's shape, or of one axis' extent. Throws TypeError,
/// ValueError if they do not fit.
Array average(const Array& x, const Axis& axis = none, const Array& weights = {}, bool keepdims = false);
/// {average, sum of the weights, repeated to its shape}. Source: jax.numpy.average(returned=True).
std::pair<Array, Array> average_and_weights(const Array& x, const Axis& axis = none, const Array& weights = {},
                                            bool keepdims = false);
/// mean(|x - mean(x)|^2) with n - ddof in the place of n; NaN unless that is positive.
Array var(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
Array std(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
/// NaN if any element is; ties share the derivative equally. Throws ValueError over no elements without `initial`, and
/// for `where` without `initial`.
Array max(const Array& x, const Axis& axis = none, bool keepdims = false);
Array min(const Array& x, const Axis& axis = none, bool keepdims = false);
Array max(const Array& x, const Axis& axis, const ReduceOptions& options);
Array min(const Array& x, const Axis& axis, const ReduceOptions& options);
inline Array amax(const Array& x, const Axis& axis = none, bool keepdims = false) { return max(x, axis, keepdims); }
inline Array amin(const Array& x, const Axis& axis = none, bool keepdims = false) { return min(x, axis, keepdims); }
/// max(x) - min(x).
Array ptp(const Array& x, const Axis& axis = none, bool keepdims = false);
/// Index (int64) of the first maximum, or of the first NaN; in the flattened array without an axis.
Array argmax(const Array& x, const Axis& axis = none, bool keepdims = false);
Array argmin(const Array& x, const Axis& axis = none, bool keepdims = false);
/// Whether any or all elements are nonzero. bool. Of the options `where` and `keepdims`.
Array any(const Array& x, const Axis& axis = none, bool keepdims = false);
Array all(const Array& x, const Axis& axis = none, bool keepdims = false);
Array any(const Array& x, const Axis& axis, const ReduceOptions& options);
Array all(const Array& x, const Axis& axis, const ReduceOptions& options);
/// How many elements are not zero. int64.
Array count_nonzero(const Array& x, const Axis& axis = none, bool keepdims = false);
/// log(sum(exp(x))) without overflow; -inf over nothing but -inf. Source: jax.scipy.special.logsumexp.
Array logsumexp(const Array& x, const Axis& axis = none, bool keepdims = false);

// --- along an axis; of x flattened without one. bool and integers are 64-bit ones unless a dtype is given ---

/// x[0], x[0] + x[1], ...; one element after the other, in order.
Array cumsum(const Array& x, const Axis& axis = none, std::optional<DType> dtype = {});
Array cumprod(const Array& x, const Axis& axis = none, std::optional<DType> dtype = {});
/// The same as the array API has them: with a leading 0 or 1 if `include_initial`. Throws ValueError without an axis
/// unless x has one.
struct CumulativeOptions {
  std::optional<DType> dtype = {};
  bool include_initial = false;
};
Array cumulative_sum(const Array& x, const Axis& axis = none, const CumulativeOptions& options = {});
Array cumulative_prod(const Array& x, const Axis& axis = none, const CumulativeOptions& options = {});
/// log(cumsum(exp(x))) without overflow. Source: jax.lax.cumlogsumexp.
Array logcumsumexp(const Array& x, const Axis& axis = none);

// --- without the NaNs -----------------------------------------------------------------------------

/// NaN counts as 0, or as 1. Source: jax.numpy.
Array nansum(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nanprod(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nancumsum(const Array& x, const Axis& axis = none, std::optional<DType> dtype = {});
Array nancumprod(const Array& x, const Axis& axis = none, std::optional<DType> dtype = {});
/// Of the elements that are numbers; NaN where there are none.
Array nanmax(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nanmin(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nanmean(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nanvar(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
Array nanstd(const Array& x, const Axis& axis = none, double ddof = 0, bool keepdims = false);
/// Index of the first extremum among the numbers; -1 where there are none.
Array nanargmax(const Array& x, const Axis& axis = none, bool keepdims = false);
Array nanargmin(const Array& x, const Axis& axis = none, bool keepdims = false);

// --- order statistics -----------------------------------------------------------------------------

/// Between the two elements of the sorted x that q lies between: "linear", "lower", "higher", "midpoint" or "nearest".
struct QuantileOptions {
  std::string_view method = "linear";
  bool keepdims = false;
};
/// The q-quantiles, 0 <= q <= 1, of rank 0 or 1, whose axis comes first in the result; NaN if any element is. Throws
/// ValueError for another method or rank. The tangent is that of the elements taken. Source: jax.numpy.quantile.
Array quantile(const Array& x, const Array& q, const Axis& axis = none, const QuantileOptions& options = {});
/// The same for q in per cent.
Array percentile(const Array& x, const Array& q, const Axis& axis = none, const QuantileOptions& options = {});
/// The middle element, or the mean of the two.
Array median(const Array& x, const Axis& axis = none, bool keepdims = false);
/// Of the elements that are numbers.
Array nanquantile(const Array& x, const Array& q, const Axis& axis = none, const QuantileOptions& options = {});
Array nanpercentile(const Array& x, const Array& q, const Axis& axis = none, const QuantileOptions& options = {});
Array nanmedian(const Array& x, const Axis& axis = none, bool keepdims = false);

// --- counting -------------------------------------------------------------------------------------

/// How often each of 0, 1, ... occurs in x (integers of rank 1), or the sum of its weights; negative values count as 0.
/// `length` results: values above are left out; without it as many as the greatest value asks for, at least
/// `minlength`, which needs concrete values. Throws TypeError, ValueError; ConcretizationError under jit without
/// length.
struct BincountOptions {
  Array weights = {};
  std::int64_t minlength = 0;
  std::optional<std::int64_t> length = {};
};
Array bincount(const Array& x, const BincountOptions& options = {});

/// `bins` as a number of equal ones between `range` (the least and the greatest element if not given), or as edges.
struct HistogramOptions {
  Array bins = 10;
  std::optional<std::pair<Array, Array>> range = {};
  Array weights = {};
  bool density = false;
};
/// The edges of the bins, one more than bins. Throws TypeError unless bins are a concrete number or of rank 1.
Array histogram_bin_edges(const Array& x, const HistogramOptions& options = {});
/// {how many elements are in each bin, or the sum of their weights; edges}. Each bin holds its left edge, the last one
/// both. With `density` the integral is 1. Counts are floating. Source: jax.numpy.histogram.
std::pair<Array, Array> histogram(const Array& x, const HistogramOptions& options = {});

/// Options for several axes: `bins` and `range` for each, or one number of bins for all.
struct HistogramddOptions {
  std::vector<Array> bins = {10};
  std::vector<std::pair<Array, Array>> range = {};
  Array weights = {};
  bool density = false;
};
struct Histogramdd {
  Array histogram;
  Arrays edges;
};
/// Of points, the rows of `sample` [n, d]: counts [bins_0, ..., bins_{d-1}], and edges by axis.
Histogramdd histogramdd(const Array& sample, const HistogramddOptions& options = {});
/// Of pairs (x[i], y[i]).
Histogramdd histogram2d(const Array& x, const Array& y, const HistogramddOptions& options = {});

}  // namespace fluxion
