// Set operations, by sorting and searching.
#include <fluxion/sets.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/sorting.hpp>

#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/selecting.hpp"

namespace fluxion {

namespace {

struct Both {
  Array x, y;
};
/// Flattened and of one dtype.
Both both(const char* op, const Array& x, const Array& y, const SetOptions& o) {
  require_concrete(op, x, o.size);
  require_concrete(op, y, o.size);
  const auto same = promote(op, {x, y});
  return {ravel(same[0]), ravel(same[1])};
}

/// As many unique elements as there are elements, of which the first `count` are ones.
struct Padded {
  Array values, indices, valid;
};
Padded padded_unique(const Array& x) {
  const auto u = unique_all(x, {.size = x.size()});
  return {u.values, u.indices, u.counts > Array(0)};
}

// x of rank 1; `test` of the same dtype.
Array member(const Array& x, const Array& test) {
  if (test.size() == 0 || x.size() == 0) return lax::full(x.shape(), scalar(false));
  if (is_complex(x.dtype())) {
    const Shape pairs{x.size(), test.size()};
    return any(lax::eq(lax::broadcast_in_dim(x, pairs, {0}), lax::broadcast_in_dim(test, pairs, {1})), 1);
  }
  const auto sorted = lax::sort(test);
  return lax::eq(pick(sorted, lax::searchsorted(sorted, x)), x);  // what is behind the last is compared with the last
}

Array chosen(const char* op, const Array& x, const Array& mask, const SetOptions& o, const Array& fill) {
  return compressed(op, x, mask, counted(op, mask, o.size), fill);
}

}  // namespace

Array union1d(const Array& x, const Array& y, const SetOptions& options) {
  const auto b = both("union1d", x, y, options);
  return unique(lax::concatenate(Arrays{b.x, b.y}, 0), {.size = options.size, .fill_value = options.fill_value});
}

Array intersect1d(const Array& x, const Array& y, const SetOptions& options) {
  const auto b = both("intersect1d", x, y, options);
  const auto u = padded_unique(b.x);
  return chosen("intersect1d", u.values, u.valid & member(u.values, b.y), options, options.fill_value);
}

Intersection intersect1d_indices(const Array& x, const Array& y, const SetOptions& options) {
  const auto b = both("intersect1d", x, y, options);
  const auto u = padded_unique(b.x);
  const auto mask = u.valid & member(u.values, b.y);
  const auto size = counted("intersect1d", mask, options.size);
  const auto [sorted, from] = lax::sort_key_val(b.y, positions(b.y.size()));
  const auto in_y = pick(from, lax::searchsorted(sorted, u.values));
  return {compressed("intersect1d", u.values, mask, size, options.fill_value),
          compressed("intersect1d", u.indices, mask, size, Array(b.x.size())),
          compressed("intersect1d", in_y, mask, size, Array(b.y.size()))};
}

Array setdiff1d(const Array& x, const Array& y, const SetOptions& options) {
  const auto b = both("setdiff1d", x, y, options);
  const auto u = padded_unique(b.x);
  const auto fill = options.fill_value.is_empty_handle() ? make_scalar(b.x.dtype(), 0.0) : options.fill_value;
  return chosen("setdiff1d", u.values, u.valid & !member(u.values, b.y), options, fill);
}

// What only one has, sorted: those that count first.
Array setxor1d(const Array& x, const Array& y, const SetOptions& options) {
  const auto b = both("setxor1d", x, y, options);
  const auto u = padded_unique(b.x), v = padded_unique(b.y);
  const auto values = lax::concatenate(Arrays{u.values, v.values}, 0);
  const auto mask = lax::concatenate(Arrays{u.valid & !member(u.values, b.y), v.valid & !member(v.values, b.x)}, 0);
  const Array keys[] = {!mask, values};
  const auto sorted = lax::sort(keys, 0, true, 2);
  return chosen("setxor1d", sorted[1], !sorted[0], options, options.fill_value);
}

Array isin(const Array& x, const Array& y, bool invert) {
  const auto same = promote("isin", {x, y});
  const auto found = member(ravel(same[0]), ravel(same[1]));
  return lax::reshape(invert ? !found : found, x.shape());
}

}  // namespace fluxion
