// insert, delete_ and fill_diagonal.
#include <fluxion/indexing.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/along.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

/// y at places along the axis.
IndexUpdate at_places(const Array& y, std::int64_t axis, const Index& i) {
  std::vector<Index> all(unsign(axis), range());
  all.push_back(i);
  return {y, std::move(all)};
}

/// The places that an entry of a subscript names, as an array; of rank 0 for an integer.
Array places(const char* op, const Index& i, std::int64_t extent) {
  switch (i.kind) {
    case Index::Kind::integer: return number(i.at);
    case Index::Kind::range: {
      const auto p = range_part(op, i.slice, extent);
      return arange(number(p.start), number(p.start + p.count * p.step), number(p.step));
    }
    case Index::Kind::array: {
      detail::retain(i.elements.get());
      const Array a(i.elements.get());
      require_value(op, a);
      return a;
    }
    default: break;
  }
  throw TypeError(text(
      op, ": places must be an integer, a range or an array, got an ellipsis or a new axis; range() is all of them"));
}

/// How many of the others come before each: in ascending order, and in their own among equals.
Array ranks(const Array& places) {
  const auto n = places.size();
  const auto mine = lax::reshape(places, {n, 1}), other = lax::reshape(places, {1, n});
  const auto i = arange(n);
  const auto earlier = (other < mine) | ((other == mine) & (lax::reshape(i, {1, n}) < lax::reshape(i, {n, 1})));
  return sum(earlier.astype(int64), 1);
}

}  // namespace

Array insert(const Array& given, const Index& where_to, const Array& value, const Axis& which) {
  const AlongAxis along("insert", given, which);
  require_value("insert", value);
  auto at = places("insert", where_to, along.extent());
  if (!is_integer(at.dtype()) || at.ndim() > 1)
    throw TypeError(text("insert: places must be an integer, a range or integers of one axis, got ", at.aval(),
                         "; use fx::where for a mask"));
  at = as_positions(at);
  auto v = convert_strong(value, given.dtype());
  Shape shape = v.shape();
  while (shape.size() < along.x.shape().size()) shape.insert(0, 1);
  v = reshape(v, shape);
  if (at.ndim() == 0) v = moveaxis(v, 0, along.axis);
  if (at.size() == 1) at = lax::full({v.shape()[unsign(along.axis)]}, lax::reshape(at, {}));
  const auto n = along.extent(),
             added = broadcast_shapes("insert", {at.shape(), {v.shape()[unsign(along.axis)]}}).front();
  at = broadcast_to_shape("insert", lax::min(lax::max(wrapped_once(at, n), number(0)), number(n)), {added});
  shape = along.x.shape();
  shape[unsign(along.axis)] = n + added;
  const auto new_places = at + ranks(at);
  const auto is_old = full({n + added}, true).at(new_places).set(false, {.unique_indices = true});
  const auto with_values =
      at_places(full(shape, lax::convert_element_type(scalar(false), given.dtype())), along.axis, new_places)
          .set(v, {.unique_indices = true});
  return at_places(with_values, along.axis, lax::true_positions(is_old, n)).set(along.x, {.unique_indices = true});
}

Array delete_(const Array& given, const Index& which_ones, const Axis& which, bool assume_unique_indices) {
  const AlongAxis along("delete_", given, which);
  const auto n = along.extent();
  auto at = places("delete_", which_ones, n);
  if (at.dtype() == bool_) {
    if (at.shape() != Shape{n})
      throw ValueError(text("delete_: a mask must have the size of the axis, got ", at.aval(), " for axis ", along.axis,
                            " of ", along.x.aval(), "; shorten or pad it"));
    return at_places(along.x, along.axis, !at).get();
  }
  if (!is_integer(at.dtype()))
    throw TypeError(text("delete_: an integer, a range, integers or a mask are required, got ", at.aval(),
                         "; convert with astype(fx::int64)"));
  const bool one = at.ndim() == 0;
  at = wrapped_once(as_positions(at), n);
  if (one) {
    if (n == 0)
      throw IndexError(
          text("delete_: an axis of size 0 has nothing to delete, got ", along.x.aval(), "; check its size first"));
    const auto i = lax::min(lax::max(at, number(0)), number(n - 1)), kept = arange(n - 1);
    return at_places(along.x, along.axis, kept + (kept >= i).astype(int64))
        .get({.indices_are_sorted = true, .unique_indices = true});
  }
  at = ravel(at);
  auto kept = full({n}, true).at(at).set(false, {.mode = IndexMode::drop, .wrap_negative_indices = false});
  if (!assume_unique_indices) {
    if (concrete_primal(kept) == nullptr)
      throw ConcretizationError(
          text("delete_: which elements go decides the shape and must be concrete, got ", describe(at),
               "; say assume_unique_indices if they are all different, or select with fx::where"));
    return at_places(along.x, along.axis, kept).get();
  }
  return at_places(along.x, along.axis, lax::true_positions(kept, std::max<std::int64_t>(n - at.size(), 0)))
      .get({.indices_are_sorted = true, .unique_indices = true});
}

Array fill_diagonal(const Array& x, const Array& value) {
  require_value("fill_diagonal", x);
  require_value("fill_diagonal", value);
  const auto& s = x.shape();
  if (s.size() < 2)
    throw ValueError(text("fill_diagonal: two axes or more are required, got ", x.aval(), "; use at(...).set"));
  const auto n = *std::min_element(s.begin(), s.end());
  if (s.size() > 2 && *std::max_element(s.begin(), s.end()) != n)
    throw ValueError(text("fill_diagonal: more than two axes must have equal sizes, got ", x.aval(),
                          "; use at(...).set with diag_indices"));
  if (n == 0) return x;
  auto v = value;
  if (v.ndim() != 0) {
    v = ravel(v);
    if (v.size() == 0)
      throw ValueError(text("fill_diagonal: at least one value is required, got ", value.aval(), "; pass a scalar"));
    if (v.size() < n) v = tile(v, {(n + v.size() - 1) / v.size()});
    v = v(range(0, n));
  }
  return x.at(diag_indices(n, x.ndim())).set(v, {.indices_are_sorted = true, .unique_indices = true});
}

}  // namespace fluxion
