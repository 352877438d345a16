// x.at(...): reading and updating indexed elements.
#include <fluxion/array.hpp>

#include <algorithm>

#include <fluxion/control.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

const Shape& shape_of(const Place& p) { return p.arrays ? p.arrays->shape : p.ranges.shape; }

/// What an update needs: where, and the value in x's dtype and the indexed shape.
struct Update {
  Place place;
  Array value;

  Update(const char* op, const Array& x, std::span<const Index> indices, const Array& v, const IndexOptions& o)
      : place(resolve_place(op, x, indices, o, true)) {
    require_value(op, v);
    if (is_key(x.dtype()) != is_key(v.dtype()))
      throw TypeError(text(op, ": keys and numbers do not mix, got ", v.dtype(), " for an array of ", x.dtype(),
                           "; use fx::random::key_data and fx::random::wrap_key_data"));
    const auto converted = x.weak_type() ? convert(v, x.dtype(), true) : convert_strong(v, x.dtype());
    value = broadcast_to_shape(op, converted, shape_of(place));
  }
  bool is_static() const { return !place.arrays; }
  bool is_empty() const { return element_count(shape_of(place)) == 0; }
};

void check_arithmetic(const char* op, const Array& x, const Array& v) {
  if (is_key(x.dtype()) || is_key(v.dtype()))
    throw TypeError(
        text(op, ": keys have no arithmetic, got ", v.aval(), " for ", x.aval(), "; replace keys with at(...).set"));
}

/// The value laid out like x, `fill` elsewhere: for operations that leave x as it is where they meet `fill`.
Array everywhere(const Array& x, const Update& u, double fill) {
  return spread(u.value, literal(u.value, fill), u.place.ranges, x.shape());
}

using Combine = Array (*)(const Array&, const Array&);

}  // namespace

Array IndexUpdate::get(const IndexOptions& options) const {
  auto o = options;
  if (!o.fill_value.is_empty_handle() && o.mode == IndexMode::promise_in_bounds) o.mode = IndexMode::fill_or_drop;
  return taken("at.get", x_, resolve_place("at.get", x_, indices_, o), o);
}

Array IndexUpdate::set(const Array& value, const IndexOptions& o) const {
  const Update u("at.set", x_, indices_, value, o);
  if (u.is_static()) return replaced(x_, u.place.ranges, u.value);
  return scattered("at.set", &lax::scatter, x_, *u.place.arrays, u.value, o);
}

// Elsewhere -0 is added, which unlike 0 leaves every float as it is.
Array IndexUpdate::add(const Array& value, const IndexOptions& o) const {
  check_arithmetic("at.add", x_, value);
  const Update u("at.add", x_, indices_, value, o);
  if (!u.is_static()) return scattered("at.add", &lax::scatter_add, x_, *u.place.arrays, u.value, o);
  return u.is_empty() ? x_ : x_ + everywhere(x_, u, -0.0);
}

Array IndexUpdate::subtract(const Array& value, const IndexOptions& o) const {
  check_arithmetic("at.subtract", x_, value);
  const Update u("at.subtract", x_, indices_, value, o);
  if (!u.is_static()) return scattered("at.subtract", &lax::scatter_sub, x_, *u.place.arrays, u.value, o);
  return u.is_empty() ? x_ : x_ - everywhere(x_, u, 0);
}

Array IndexUpdate::multiply(const Array& value, const IndexOptions& o) const {
  check_arithmetic("at.multiply", x_, value);
  const Update u("at.multiply", x_, indices_, value, o);
  if (!u.is_static()) return scattered("at.multiply", &lax::scatter_mul, x_, *u.place.arrays, u.value, o);
  return u.is_empty() ? x_ : x_ * everywhere(x_, u, 1);
}

Array IndexUpdate::divide(const Array& value, const IndexOptions& o) const {
  check_arithmetic("at.divide", x_, value);
  return fluxion::divide(x_, IndexUpdate(ones_like(x_), indices_).multiply(value, o));
}

Array IndexUpdate::power(const Array& value, const IndexOptions& o) const {
  check_arithmetic("at.power", x_, value);
  return fluxion::power(x_, IndexUpdate(ones_like(x_), indices_).multiply(value, o));
}

static Array extremum(const char* op, const Array& x, std::span<const Index> indices, const Array& value,
                      const IndexOptions& o, Scatter scatter, Combine combine) {
  check_arithmetic(op, x, value);
  const Update u(op, x, indices, value, o);
  if (!u.is_static()) return scattered(op, scatter, x, *u.place.arrays, u.value, o);
  return replaced(x, u.place.ranges, combine(taken(x, u.place.ranges), u.value));
}

Array IndexUpdate::min(const Array& value, const IndexOptions& o) const {
  return extremum("at.min", x_, indices_, value, o, &lax::scatter_min, &lax::min);
}
Array IndexUpdate::max(const Array& value, const IndexOptions& o) const {
  return extremum("at.max", x_, indices_, value, o, &lax::scatter_max, &lax::max);
}

// An element that is indexed n times has f applied n times: as many rounds as the most often indexed one needs.
Array IndexUpdate::apply(const std::function<Array(const Array&)>& f, const IndexOptions& o) const {
  const auto place = resolve_place("at.apply", x_, indices_, o, true);
  const auto applied = [&](const Array& part) {
    const auto y = f(part);
    require_value("at.apply", y);
    if (y.shape() != part.shape())
      throw ValueError(text("at.apply: the function must be elementwise, got ", y.aval(), " from ", part.aval(),
                            "; use at(...).set for what depends on other elements"));
    return convert_strong(y, x_.dtype());
  };
  if (!place.arrays) return replaced(x_, place.ranges, applied(taken(x_, place.ranges)));
  if (place.arrays->unique || o.unique_indices) return set(applied(get(o)), o);
  const auto times = IndexUpdate(zeros(x_.shape(), int64), indices_).add(1, o);
  const auto rounds = x_.size() == 0 ? Array(0) : fluxion::max(times);
  return fori_loop(
      0, rounds, [&](const Array& i, const Array& x) { return where(times > i, applied(x), x); }, x_);
}

}  // namespace fluxion
