// Sorts, and searches in what is sorted.
#include <fluxion/sorting.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"
#include "numpy/selecting.hpp"

namespace fluxion {

namespace {

struct Along {
  Array x;
  std::int64_t axis;
};

Along along(const char* op, const Array& x, const Axis& axis) {
  require_value(op, x);
  if (!axis.axes()) return {ravel(x), 0};
  if (axis.axes()->size() != 1)
    throw ValueError(text(op, ": one axis or none is required, got ", *axis.axes(), "; ravel or reshape first"));
  return {x, normalize_axis(op, axis.axes()->front(), x)};
}

void check_kth(const char* op, std::int64_t kth, const Along& a) {
  const auto n = a.x.shape(a.axis);
  if (kth < -n || kth >= n)
    throw ValueError(text(op, ": kth must be in [", -n, ", ", n, "), got ", kth, " for axis ", a.axis, " of ",
                          a.x.aval(), "; negative ones count from the end"));
}

Array require_vector(const char* op, const char* what, const Array& x) {
  require_value(op, x);
  if (x.ndim() != 1)
    throw ValueError(text(op, ": ", what, " must have rank 1, got ", x.aval(), "; ravel, or use fx::vmap over rows"));
  return x;
}

// Where v goes in `sorted`, both of one dtype.
Array search(const Array& sorted, const Array& v, Side side) {
  const auto flat = v.ndim() == 1 ? v : lax::reshape(v, {v.size()});
  const auto found = lax::searchsorted(sorted, flat, side);
  return v.ndim() == 1 ? found : lax::reshape(found, v.shape());
}

}  // namespace

Array sort(const Array& x, const Axis& axis, const SortOptions& options) {
  const auto a = along("sort", x, axis);
  const auto sorted = lax::sort(a.x, a.axis, options.stable);
  return options.descending ? lax::rev(sorted, {a.axis}) : sorted;
}

// Descending is ascending read backwards; equal elements keep their order because they went in backwards.
Array argsort(const Array& x, const Axis& axis, const SortOptions& options) {
  const auto a = along("argsort", x, axis);
  const auto turned = [&](const Array& y) { return options.descending ? lax::rev(y, {a.axis}) : y; };
  const auto index = lax::iota(int64, a.x.shape(), a.axis);
  return turned(lax::sort_key_val(turned(a.x), turned(index), a.axis, options.stable).second);
}

Array lexsort(ArraySpan keys, std::int64_t axis) {
  if (keys.empty()) throw TypeError("lexsort: at least one key is required, got none; the last one counts most");
  for (const auto& k : keys) require_value("lexsort", k);
  Arrays operands(keys.rbegin(), keys.rend());
  const auto d = normalize_axis("lexsort", axis, keys[0]);
  operands.push_back(lax::iota(int64, keys[0].shape(), d));
  return lax::sort(operands, d, true, static_cast<std::int64_t>(keys.size())).back();
}

Array partition(const Array& x, std::int64_t kth, std::int64_t axis) {
  const auto a = along("partition", x, axis);
  check_kth("partition", kth, a);
  return lax::sort(a.x, a.axis);
}
Array argpartition(const Array& x, std::int64_t kth, std::int64_t axis) {
  const auto a = along("argpartition", x, axis);
  check_kth("argpartition", kth, a);
  return argsort(x, axis);
}

std::pair<Array, Array> top_k(const Array& x, std::int64_t k, std::int64_t axis) {
  return lax::top_k(x, k, along("top_k", x, axis).axis);
}

Array sort_complex(const Array& x) {
  const auto a = along("sort_complex", x, -1);
  const auto sorted = lax::sort(a.x, a.axis);
  const auto t = to_inexact({x.dtype(), x.weak_type()});
  return is_complex(t) ? sorted : convert_strong(sorted, t == float64 ? complex128 : complex64);
}

Array searchsorted(const Array& sorted, const Array& v, const SearchOptions& options) {
  require_vector("searchsorted", "sorted", sorted);
  const auto same = promote("searchsorted", {sorted, v});
  if (options.sorter.is_empty_handle()) return search(same[0], same[1], options.side);
  return search(pick(same[0], require_vector("searchsorted", "sorter", options.sorter)), same[1], options.side);
}

Array digitize(const Array& x, const Array& bins, bool right) {
  require_value("digitize", x);
  require_vector("digitize", "bins", bins);
  const auto same = promote("digitize", {bins, x});
  const auto &b = same[0], &v = same[1];
  if (b.size() == 0) return lax::full(v.shape(), scalar<std::int32_t>(0));
  const auto side = right ? Side::left : Side::right;
  const auto up = search(b, v, side), down = search(lax::rev(b, {0}), v, side);
  return where(b[-1] >= b[0], up, literal(down, static_cast<double>(b.size())) - down);
}

}  // namespace fluxion
