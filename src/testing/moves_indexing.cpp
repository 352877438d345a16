// Gathers, scatters, dynamic slices.
#include <algorithm>
#include <cmath>

#include "testing/moves.hpp"

namespace fluxion::testing {

namespace {

Value like(const Value& v, Array x) { return {std::move(x), v.lo, v.hi}; }

/// Places along an axis of n, some twice.
Array places(const Scene& s, std::int64_t n, std::int64_t count) {
  std::vector<std::int64_t> at;
  for (std::int64_t i = 0; i < count; ++i) at.push_back((3 * i + s.choice(5)) % n);
  return array(at);
}
/// A traced index into an axis of n, which no small step of x changes.
Array index_into(const Scene& s, const Value& x, std::int64_t n) {
  const auto v = apart(like(x, ravel(x.x)), 0);
  return (argmax(v.x) + s.choice(2)) % n;
}

Value taken(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto axis = some_axis(s, x), n = x.x.shape(axis);
  return like(x, take(x.x, places(s, n, n + 1), axis));
}
Value indexed(const Scene& s) {
  const auto x = with_axis(s.first());
  return like(x, x.x[places(s, x.x.shape(0), 2)]);
}
Value indexed_by_value(const Scene& s) {
  const auto x = with_axis(s.first());
  return like(x, x.x[index_into(s, s.second(), x.x.shape(0))]);
}
Value taken_in_order(const Scene& s) {
  const auto [a, b] = s.both();
  const auto x = with_axis(a), y = with_axis(b);
  const auto axis = some_axis(s, x);
  return like(y, take_along_axis(y.x, argsort(apart(x, axis).x, axis), axis));
}
Value masked(const Scene& s) {
  const auto x = with_axis(s.first());
  auto shape = x.x.shape();
  return like(x, ravel(x.x)[alternating({element_count(shape)})]);
}
Value gathered(const Scene& s) {
  const auto x = like(s.first(), matrix_of(s.first(), 4, 3));
  const auto starts = array({{0L, 1L}, {2L, 0L}, {3L, 2L}});  // the last window is not inside
  const auto mode = s.choice(2) == 0 ? lax::GatherScatterMode::clip : lax::GatherScatterMode::fill_or_drop;
  return bounded(
      lax::gather(x.x, starts, {.offset_dims = {1, 2}, .collapsed_slice_dims = {}, .start_index_map = {0, 1}},
                  {2, 1}, {.mode = mode, .fill_value = number(x.x, 0.25)}),
      1);
}

Array updates_of(const Value& y, const Shape& shape) { return resize(y.x, shape); }

template <class Update>
Value updated(const Scene& s, double lo, double hi, bool once, Update update) {
  const auto [a, b] = s.both();
  const auto x = with_axis(into(a, lo, hi)), y = into(b, lo, hi);
  const auto n = x.x.shape(0);
  auto shape = x.x.shape();
  shape[0] = once ? 1 : 2;
  const auto at = once ? array({s.choice(n)}) : places(s, n, 2);
  const auto out = update(x.x.at(at), updates_of(y, shape));
  return bounded(out, 3 * std::max(std::fabs(lo), std::fabs(hi)));
}
Value set_to(const Scene& s) {
  return updated(s, -2, 2, false, [](const IndexUpdate& at, const Array& y) { return at.set(y); });
}
Value added_to(const Scene& s) {
  return updated(s, -2, 2, false, [](const IndexUpdate& at, const Array& y) { return at.add(y); });
}
Value subtracted_from(const Scene& s) {
  return updated(s, -2, 2, false, [](const IndexUpdate& at, const Array& y) { return at.subtract(y); });
}
Value multiplied_into(const Scene& s) {
  return updated(s, -1.5, 1.5, true, [](const IndexUpdate& at, const Array& y) {
    return at.multiply(y, {.unique_indices = true});
  });
}
Value extremum_with(const Scene& s) {  // always, or never, the update
  const auto up = s.choice(2) == 0 ? 1.0 : -1.0;
  return updated(s, -0.4, 0.4, true, [&](const IndexUpdate& at, const Array& y) {
    return s.choice(4) > 1 ? at.max(y + up) : at.min(y + up);
  });
}
Value by_segment(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto n = x.x.shape(0);
  const auto m = static_cast<double>(n);
  return {segment_sum(x.x, places(s, 2, n), 2), std::min(x.lo, 0.0) * m, std::max(x.hi, 0.0) * m};
}
Value window_at(const Scene& s) {
  const auto x = with_axis(s.first());
  const auto axis = some_axis(s, x), n = x.x.shape(axis);
  return like(x, lax::dynamic_slice_in_dim(x.x, index_into(s, s.second(), n), (n + 1) / 2, axis));
}
Value window_replaced(const Scene& s) {
  const auto [a, b] = s.both();
  const auto x = with_axis(a), y = with_axis(b);
  const auto axis = some_axis(s, x), n = x.x.shape(axis);
  const auto update = lax::slice_in_dim(into(y, x.lo, x.hi).x, 0, (n + 1) / 2, 1, axis);
  return like(x, lax::dynamic_update_slice_in_dim(x.x, update, index_into(s, a, n), axis));
}
/// The number of elements below each, beside it.
Value searched(const Scene& s) {
  const auto x = s.first();
  const auto v = into(x, 0.1, 0.4);
  const auto rank = searchsorted(constant([&] { return array({0.0, 0.05, 0.5}).astype(v.x.dtype()); }), v.x);
  return between(v.x * rank.astype(v.x.dtype()), 0.2, 0.8);
}

}  // namespace

Moves indexing_moves() {
  Moves out;
  for (const auto f :
       {taken, indexed, indexed_by_value, taken_in_order, masked, gathered, set_to, added_to, subtracted_from,
        multiplied_into, extremum_with, by_segment, window_at, window_replaced, searched})
    out.push_back({Move::plain, f});
  return out;
}

}  // namespace fluxion::testing
