// Sums, products and extrema over segments: scatters into the identity of the operation.
#include <fluxion/indexing.hpp>

#include <limits>

#include <fluxion/lax.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "base/visit_dtype.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

using lax::GatherScatterMode;

/// The greatest or least value of a dtype.
Array extreme(DType t, bool greatest) {
  if (is_inexact(t)) {
    const auto inf = std::numeric_limits<double>::infinity();
    return make_scalar(t, greatest ? inf : -inf);
  }
  return visit_dtype(t, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const T v = greatest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
      return make_scalar(t, false, &v);
    } else {
      return Array();
    }
  });
}

std::int64_t count_segments(const char* op, const Array& ids, std::optional<std::int64_t> given) {
  if (given && *given < 0)
    throw ValueError(text(op, ": num_segments must not be negative, got ", *given, "; 0 is none"));
  if (given) return *given;
  if (concrete_primal(ids) == nullptr)
    throw ConcretizationError(text(op, ": num_segments decides the shape and is required where ids are traced, got ",
                                   describe(ids), "; pass it, or pass ids as a constant"));
  return ids.size() == 0 ? 0 : max(as_positions(ids)).item<std::int64_t>() + 1;
}

GatherScatterMode mode_of(const char* op, IndexMode m) {
  if (m == IndexMode::clip) return GatherScatterMode::clip;
  if (m == IndexMode::fill_or_drop) return GatherScatterMode::fill_or_drop;
  if (m == IndexMode::promise_in_bounds) return GatherScatterMode::promise_in_bounds;
  throw ValueError(
      text(op, ": mode must be drop, clip or promise_in_bounds, got another; reduce ids with % to wrap them"));
}

Array segments(const char* op, Scatter scatter, const Array& data, const Array& ids,
               std::optional<std::int64_t> num_segments, const SegmentOptions& o, Array (*identity)(DType)) {
  require_value(op, data);
  require_value(op, ids);
  if (!is_integer(ids.dtype()) || ids.ndim() != 1 || data.ndim() == 0 || data.shape()[0] != ids.size())
    throw TypeError(text(op, ": segment_ids must be one integer per element of data's first axis, got ", ids.aval(),
                         " for ", data.aval(), "; broadcast or convert them"));
  if (is_key(data.dtype()))
    throw TypeError(text(op, ": data must be numbers, got ", data.aval(), "; keys have no arithmetic"));
  auto shape = data.shape();
  shape[0] = count_segments(op, ids, num_segments);
  const auto out = lax::full(shape, identity(data.dtype()));
  if (shape[0] == 0) return out;
  const auto d = lax::ScatterDimensionNumbers{[&] {
                                                Dims window;
                                                for (std::int64_t a = 1; a < data.ndim(); ++a) window.push_back(a);
                                                return window;
                                              }(),
                                              {0},
                                              {0}};
  return scatter(out, lax::reshape(as_positions(ids), {ids.size(), 1}), data, d,
                 {o.indices_are_sorted, o.unique_indices, mode_of(op, o.mode)});
}

}  // namespace

Array segment_sum(const Array& data, const Array& ids, std::optional<std::int64_t> n, const SegmentOptions& o) {
  return segments("segment_sum", &lax::scatter_add, data, ids, n, o, [](DType t) { return make_scalar(t, 0.0); });
}
Array segment_prod(const Array& data, const Array& ids, std::optional<std::int64_t> n, const SegmentOptions& o) {
  return segments("segment_prod", &lax::scatter_mul, data, ids, n, o, [](DType t) { return make_scalar(t, 1.0); });
}
Array segment_min(const Array& data, const Array& ids, std::optional<std::int64_t> n, const SegmentOptions& o) {
  return segments("segment_min", &lax::scatter_min, data, ids, n, o, [](DType t) { return extreme(t, true); });
}
Array segment_max(const Array& data, const Array& ids, std::optional<std::int64_t> n, const SegmentOptions& o) {
  return segments("segment_max", &lax::scatter_max, data, ids, n, o, [](DType t) { return extreme(t, false); });
}

}  // namespace fluxion
