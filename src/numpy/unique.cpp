// Unique elements, by sorting.
#include <fluxion/sorting.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/reductions.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"
#include "numpy/selecting.hpp"

namespace fluxion {

namespace {

/// Rows in sorted order, where they came from, and whether each differs from the one before.
struct Sorted {
  Array rows, from, fresh;
};

Array differs(const Array& a, const Array& b, bool equal_nan) {
  const auto different = a != b;
  return equal_nan && is_inexact(a.dtype()) ? different & !(isnan(a) & isnan(b)) : different;
}

Array column(const Array& rows, std::int64_t c) {
  return lax::reshape(lax::slice(rows, {0, c}, {rows.shape(0), c + 1}), {rows.shape(0)});
}

/// The whole array as one row each: [n] for elements, [n, m] for slices.
Sorted sorted_rows(const Array& rows, bool equal_nan) {
  const auto n = rows.shape(0);
  Sorted out;
  if (rows.ndim() == 1) {
    std::tie(out.rows, out.from) = lax::sort_key_val(rows, positions(n), 0);
  } else {
    Arrays keys;
    for (std::int64_t c = 0; c < rows.shape(1); ++c) keys.push_back(column(rows, c));
    keys.push_back(positions(n));
    out.from = keys.size() == 1 ? keys[0] : lax::sort(keys, 0, true, rows.shape(1)).back();
    out.rows = rows.shape(1) == 0 ? rows : pick(rows, out.from);
  }
  if (n == 0) {
    out.fresh = lax::full({0}, scalar(true));
    return out;
  }
  const auto rest = [&](std::int64_t first, std::int64_t limit) {
    Dims start(rows.shape().size(), 0), end = rows.shape();
    start[0] = first;
    end[0] = limit;
    return lax::slice(out.rows, start, end);
  };
  auto changes = differs(rest(1, n), rest(0, n - 1), equal_nan);
  if (rows.ndim() == 2) changes = any(changes, 1);
  out.fresh = lax::concatenate(Arrays{lax::full({1}, scalar(true)), changes}, 0);
  return out;
}

// What is missing is the first element, or `fill`.
Array unique_rows(const Sorted& s, const Array& at, const Array& fill) {
  const auto n = s.fresh.size();
  const auto found = at < Array(n);
  const auto rows = pick(s.rows, where(found, at, literal(at, 0)));
  if (fill.is_empty_handle() || at.size() == 0) return rows;
  const auto keep = lax::broadcast_in_dim(found, rows.shape(), {0});
  return lax::select_n(keep, broadcast_to_shape("unique", convert_strong(fill, rows.dtype()), rows.shape()), rows);
}

Array inverse_of(const Sorted& s) {
  const auto n = s.fresh.size();
  if (n == 0) return positions(0);
  const auto number = lax::cumsum(lax::convert_element_type(s.fresh, int64), 0) - Array(1);
  return lax::put_rows(lax::full({n}, scalar<std::int64_t>(0)), s.from, number, 0, true);
}

// Starts of runs, one more than asked for: the differences are the runs' lengths, 0 for those that are missing.
Array counts_of(const Sorted& s, std::int64_t size) {
  const auto starts = lax::true_positions(s.fresh, size + 1);
  return starts[range(1, none)] - starts[range(0, -1)];
}

struct Prepared {
  Array rows;
  Shape slice;  // of one row, where there is an axis
  std::int64_t axis = 0;
  bool flat = true;
};

Prepared prepared(const Array& x, const Axis& axis) {
  if (!axis.axes()) return {lax::reshape(x, {x.size()}), {}};
  if (axis.axes()->size() != 1)
    throw ValueError(text("unique: one axis or none is required, got ", *axis.axes(), "; ravel or reshape first"));
  const auto d = normalize_axis("unique", axis.axes()->front(), x);
  const auto front = moveaxis(x, d, 0);
  const Shape slice(front.shape().data() + 1, front.shape().size() - 1);
  return {lax::reshape(front, {front.shape(0), element_count(slice)}), slice, d, false};
}

Array restored(const Array& rows, const Prepared& p) {
  if (p.flat) return rows;
  auto shape = p.slice;
  shape.insert(0, rows.shape(0));
  return moveaxis(lax::reshape(rows, shape), 0, p.axis);
}

}  // namespace

Array unique(const Array& x, const UniqueOptions& options) {
  require_concrete("unique", x, options.size);
  const auto p = prepared(x, options.axis);
  const auto s = sorted_rows(p.rows, options.equal_nan);
  const auto at = lax::true_positions(s.fresh, counted("unique", s.fresh, options.size));
  return restored(unique_rows(s, at, options.fill_value), p);
}

Unique unique_all(const Array& x, const UniqueOptions& options) {
  require_concrete("unique", x, options.size);
  const auto p = prepared(x, options.axis);
  const auto s = sorted_rows(p.rows, options.equal_nan);
  const auto size = counted("unique", s.fresh, options.size);
  const auto at = lax::true_positions(s.fresh, size);
  const auto inverse = inverse_of(s);
  return {restored(unique_rows(s, at, options.fill_value), p),
          pick(s.from, where(at < Array(s.fresh.size()), at, literal(at, 0))),
          p.flat ? lax::reshape(inverse, x.shape()) : inverse, counts_of(s, size)};
}

std::pair<Array, Array> unique_counts(const Array& x, const UniqueOptions& options) {
  auto u = unique_all(x, options);
  return {u.values, u.counts};
}
std::pair<Array, Array> unique_inverse(const Array& x, const UniqueOptions& options) {
  auto u = unique_all(x, options);
  return {u.values, u.inverse_indices};
}

}  // namespace fluxion
