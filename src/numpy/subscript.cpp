#include "numpy/subscript.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fluxion {

namespace {

using Kind = Index::Kind;

AxisPart element(const char* op, std::int64_t at, std::int64_t axis, std::int64_t extent,
                 const Shape& shape) {
  if (at < -extent || at >= extent)
    throw IndexError(text(op, ": axis ", axis, " has size ", extent, ", got index ", at, " for shape ", shape,
                          "; indices are in [", -extent, ", ", extent, ")"));
  return {at < 0 ? at + extent : at, 1, 1, true};
}

}  // namespace

// Negative bounds count from the end, then all are clamped.
AxisPart range_part(const char* op, const Range& r, std::int64_t extent) {
  if (r.step == 0)
    throw ValueError(text(op, ": the step of a range must not be zero, got 0; leave it out for 1"));
  const std::int64_t lowest = r.step > 0 ? 0 : -1, highest = r.step > 0 ? extent : extent - 1;
  const auto clamp = [&](std::int64_t v) {
    return std::clamp<std::int64_t>(v < 0 ? v + extent : v, lowest, std::max<std::int64_t>(highest, lowest));
  };
  const auto start = r.start ? clamp(*r.start) : r.step > 0 ? 0 : extent - 1;
  const auto stop = r.stop ? clamp(*r.stop) : r.step > 0 ? extent : -1;
  const auto distance = r.step > 0 ? stop - start : start - stop;
  const auto magnitude = r.step > 0 ? r.step : -r.step;
  return {start, r.step, distance > 0 ? (distance - 1) / magnitude + 1 : 0, false};
}

bool Subscript::is_everything(const Shape& of) const {
  return kept == of && std::all_of(parts.begin(), parts.end(),
                                   [](const AxisPart& p) { return p.step > 0 || p.count <= 1; });
}

Subscript resolve(std::span<const Index> indices, const Shape& shape, const char* op) {
  std::size_t named = 0, ellipses = 0;
  for (const auto& i : indices) {
    named += i.kind == Kind::integer || i.kind == Kind::range;
    ellipses += i.kind == Kind::ellipsis;
  }
  if (named > shape.size())
    throw IndexError(text(op, ": at most one index per axis is required, got ", named, " for shape ", shape,
                          "; add axes with newaxis"));
  if (ellipses > 1)
    throw IndexError(
        text(op, ": at most one ellipsis is required, got ", ellipses, "; write range() for single axes"));
  Subscript s;
  std::size_t axis = 0;
  const auto take = [&](const AxisPart& p) {
    s.parts.push_back(p);
    s.kept.push_back(p.count);
    if (!p.dropped) {
      s.shape.push_back(p.count);
      s.origin.push_back(static_cast<std::int64_t>(axis));
    }
    ++axis;
  };
  const auto take_whole = [&](std::size_t n) {
    while (n-- > 0) take({0, 1, shape[axis], false});
  };
  for (const auto& i : indices) {
    switch (i.kind) {
      case Kind::integer: take(element(op, i.at, static_cast<std::int64_t>(axis), shape[axis], shape)); break;
      case Kind::range: take(range_part(op, i.slice, shape[axis])); break;
      case Kind::newaxis:
        s.shape.push_back(1);
        s.origin.push_back(-1);
        break;
      case Kind::ellipsis: take_whole(shape.size() - named); break;
      case Kind::array: throw InternalError("subscript: arrays are not resolved here");
    }
  }
  take_whole(shape.size() - axis);
  return s;
}

}  // namespace fluxion
