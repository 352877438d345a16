// Arrays cut along an axis.
#include <algorithm>

#include <fluxion/joining.hpp>

#include "base/text.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

Arrays cut(const Array& x, std::int64_t axis, const Dims& starts, const Dims& stops) {
  Arrays out;
  for (std::size_t i = 0; i < starts.size(); ++i)
    out.push_back(slice_axis(x, axis, starts[i], std::max(starts[i], stops[i])));
  return out;
}

// Between positions as Python slices: counted from the end when negative, then clamped.
Arrays cut_at(const Array& x, std::int64_t axis, const Dims& indices) {
  const auto n = x.shape(axis);
  Dims starts{0}, stops;
  for (auto i : indices) {
    const auto at = std::clamp<std::int64_t>(i < 0 ? i + n : i, 0, n);
    starts.push_back(at);
    stops.push_back(at);
  }
  stops.push_back(n);
  return cut(x, axis, starts, stops);
}

std::int64_t checked_parts(const char* op, std::int64_t parts) {
  if (parts <= 0)
    throw ValueError(
        text(op, ": the number of parts must be positive, got ", parts, "; use 1 for the whole"));
  return parts;
}

Arrays split_named(const char* op, const Array& x, const Sections& sections, std::int64_t axis) {
  const auto along = normalize_axis(op, axis, x);
  if (!sections.parts()) return cut_at(x, along, sections.indices());
  const auto parts = checked_parts(op, *sections.parts()), n = x.shape(along);
  if (n % parts != 0)
    throw ValueError(text(op, ": parts must be equal, got ", parts, " of axis ", along, " of shape ",
                          x.shape(), "; array_split makes unequal ones"));
  Dims starts, stops;
  for (std::int64_t i = 0; i < parts; ++i) {
    starts.push_back(i * (n / parts));
    stops.push_back((i + 1) * (n / parts));
  }
  return cut(x, along, starts, stops);
}

void require_rank(const char* op, const Array& x, std::int64_t rank) {
  if (x.ndim() < rank)
    throw ValueError(
        text(op, ": rank ", rank, " or more is required, got shape ", x.shape(), "; split takes any axis"));
}

}  // namespace

Arrays split(const Array& x, const Sections& sections, std::int64_t axis) {
  return split_named("split", x, sections, axis);
}

Arrays array_split(const Array& x, const Sections& sections, std::int64_t axis) {
  const auto along = normalize_axis("array_split", axis, x);
  if (!sections.parts()) return cut_at(x, along, sections.indices());
  const auto parts = checked_parts("array_split", *sections.parts()), n = x.shape(along);
  Dims starts, stops;
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < parts; ++i) {
    starts.push_back(at);
    at += n / parts + (i < n % parts);
    stops.push_back(at);
  }
  return cut(x, along, starts, stops);
}

Arrays hsplit(const Array& x, const Sections& sections) {
  require_rank("hsplit", x, 1);
  return split_named("hsplit", x, sections, x.ndim() == 1 ? 0 : 1);
}
Arrays vsplit(const Array& x, const Sections& sections) {
  require_rank("vsplit", x, 2);
  return split_named("vsplit", x, sections, 0);
}
Arrays dsplit(const Array& x, const Sections& sections) {
  require_rank("dsplit", x, 3);
  return split_named("dsplit", x, sections, 2);
}

Arrays unstack(const Array& x, std::int64_t axis) {
  require_rank("unstack", x, 1);
  const auto along = normalize_axis("unstack", axis, x);
  Arrays out;
  for (std::int64_t i = 0; i < x.shape(along); ++i)
    out.push_back(remove_axes(slice_axis(x, along, i, i + 1), {along}));
  return out;
}

}  // namespace fluxion
