// Counting: bincount and histograms.
#include <fluxion/reductions.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/sorting.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"
#include "numpy/selecting.hpp"

namespace fluxion {

namespace {

/// The sum of the weights (rank 1) at each index from 0 to n - 1; others are left out.
Array tallied(const Array& index, const Array& weights, std::int64_t n) {
  const auto none_yet = lax::full({n}, make_scalar(weights.dtype(), 0.0));
  return n == 0 ? none_yet : lax::add_rows(none_yet, convert_strong(index, int64), weights);
}

Array edges_of(const char* op, const Array& x, const Array& bins, const std::optional<std::pair<Array, Array>>& range) {
  require_value(op, bins);
  const auto type = to_inexact({x.dtype(), x.weak_type()});
  if (bins.ndim() == 1) return convert_strong(bins, type);
  if (bins.ndim() != 0 || !is_integer(bins.dtype()) || concrete_primal(bins) == nullptr)
    throw TypeError(text(op, ": bins must be a concrete integer, or edges of rank 1, got ", describe(bins),
                         "; pass the number as a static argument"));
  const auto n = bins.item<std::int64_t>();
  if (n < 1)
    throw ValueError(text(op, ": at least one bin is required, got ", n, "; give edges for bins of other widths"));
  const bool empty = x.size() == 0;
  auto low = convert_strong(range ? range->first : empty ? Array(0.0) : min(x), type);
  auto high = convert_strong(range ? range->second : empty ? Array(1.0) : max(x), type);
  const auto flat = low == high;
  const auto half = literal(low, 0.5);
  return linspace(where(flat, low - half, low), where(flat, high + half, high), n + 1, true, type);
}

/// The number of the bin, counted from 1; 0 before the first edge, one more than bins behind the last one.
Array bin_of(const Array& x, const Array& edges) {
  const auto i = searchsorted(edges, x, {.side = Side::right});
  return where(x == edges[-1], literal(i, static_cast<double>(edges.size() - 1)), i);
}

Array weights_for(const char* op, const Array& weights, const Array& x, std::int64_t n) {
  if (weights.is_empty_handle()) return lax::full({n}, make_scalar(x.dtype(), 1.0));
  if (weights.size() != n)
    throw ValueError(
        text(op, ": one weight per element is required, got ", weights.aval(), " for ", x.aval(), "; broadcast them"));
  return ravel(weights);
}

Array widths(const Array& edges) { return edges[range(1, none)] - edges[range(0, -1)]; }

Array checked_counts(const Array& x) {
  require_value("bincount", x);
  if (!is_integer(x.dtype()))
    throw TypeError(text("bincount: x must be integers, got ", x.aval(), "; convert with astype"));
  if (x.ndim() != 1) throw ValueError(text("bincount: x must have rank 1, got ", x.aval(), "; ravel it first"));
  return x;
}

std::int64_t bincount_length(const Array& x, const BincountOptions& o) {
  if (o.length) {
    if (*o.length < 0)
      throw ValueError(text("bincount: length must not be negative, got ", *o.length, "; 0 asks for none"));
    return *o.length;
  }
  if (concrete_primal(x) == nullptr)
    throw ConcretizationError(
        text("bincount: how many counts there are depends on values, which must be concrete, got ", describe(x),
             "; say how many with {.length = n}"));
  const auto greatest = x.size() == 0 ? 0 : max(x).item<std::int64_t>();
  return std::max(o.minlength, greatest + 1);
}

}  // namespace

Array bincount(const Array& x, const BincountOptions& options) {
  checked_counts(x);
  const auto length = bincount_length(x, options);
  auto weights = options.weights;
  if (weights.is_empty_handle()) weights = lax::full(x.shape(), scalar<std::int64_t>(1));
  if (weights.shape() != x.shape())
    throw ValueError(text("bincount: one weight per element is required, got ", weights.aval(), " for ", x.aval(),
                          "; broadcast them"));
  const auto wide = x.dtype() == uint64 ? minimum(x, literal(x, static_cast<double>(length))) : x;
  return tallied(maximum(convert_strong(wide, int64), scalar<std::int64_t>(0)), weights, length);
}

Array histogram_bin_edges(const Array& x, const HistogramOptions& options) {
  require_value("histogram_bin_edges", x);
  return edges_of("histogram_bin_edges", x, options.bins, options.range);
}

std::pair<Array, Array> histogram(const Array& x, const HistogramOptions& o) {
  require_value("histogram", x);
  const auto same =
      o.weights.is_empty_handle() ? Arrays{promote_inexact(x)} : promote_inexact("histogram", {x, o.weights});
  const auto a = ravel(same[0]);
  const auto weights = weights_for("histogram", o.weights.is_empty_handle() ? o.weights : same[1], a, a.size());
  const auto edges = edges_of("histogram", a, o.bins, o.range);
  const auto n = edges.size();
  auto counts = tallied(bin_of(a, convert_strong(edges, a.dtype())), weights, n)[range(1, none)];
  if (o.density) counts = counts / widths(edges) / sum(counts);
  return {counts, edges};
}

Histogramdd histogramdd(const Array& sample, const HistogramddOptions& o) {
  const char* op = "histogramdd";
  require_value(op, sample);
  if (sample.ndim() != 2)
    throw ValueError(text(op, ": the sample must be points as rows, got ", sample.aval(), "; reshape it to {n, d}"));
  const auto points = promote_inexact(sample);
  const auto n = points.shape(0), axes = points.shape(1);
  const auto d = static_cast<std::size_t>(axes);
  if (o.bins.size() != 1 && o.bins.size() != d)
    throw ValueError(text(op, ": bins must be given once, or for each of ", d, " axes, got ", o.bins.size(),
                          "; add the missing ones"));
  if (!o.range.empty() && o.range.size() != d)
    throw ValueError(
        text(op, ": a range must be given for each of ", d, " axes, got ", o.range.size(), "; or for none"));
  Histogramdd out;
  Shape extents;
  Array cell = lax::full({n}, scalar<std::int64_t>(0)), inside = lax::full({n}, scalar(true));
  for (std::size_t k = 0; k < d; ++k) {
    const auto axis = static_cast<std::int64_t>(k);
    const auto x = lax::reshape(lax::slice(points, {0, axis}, {n, axis + 1}), {n});
    const auto edges = edges_of(op, x, o.bins.size() == 1 ? o.bins[0] : o.bins[k],
                                o.range.empty() ? std::nullopt : std::optional(o.range[k]));
    const auto bins = edges.size() - 1;
    const auto bin = convert_strong(bin_of(x, edges), int64) - Array(1);
    inside = inside & (bin >= Array(0)) & (bin < Array(bins));
    cell = cell * Array(bins) + bin;
    extents.push_back(bins);
    out.edges.push_back(edges);
  }
  const auto weights = convert_strong(weights_for(op, o.weights, points, n), points.dtype());
  out.histogram = lax::reshape(tallied(where(inside, cell, Array(-1)), weights, element_count(extents)), extents);
  if (!o.density) return out;
  auto volume = sum(out.histogram);
  for (std::size_t k = 0; k < d; ++k)
    volume = volume * lax::broadcast_in_dim(widths(out.edges[k]), extents, {static_cast<std::int64_t>(k)});
  out.histogram = out.histogram / volume;
  return out;
}

Histogramdd histogram2d(const Array& x, const Array& y, const HistogramddOptions& options) {
  require_value("histogram2d", x);
  require_value("histogram2d", y);
  if (x.ndim() != 1 || y.shape() != x.shape())
    throw ValueError(
        text("histogram2d: x and y must be of one length, got ", x.aval(), " and ", y.aval(), "; ravel them"));
  return histogramdd(stack({x, y}, 1), options);
}

}  // namespace fluxion
