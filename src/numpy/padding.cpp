#include <fluxion/padding.hpp>

#include <algorithm>
#include <optional>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/ufuncs.hpp>
#include <fluxion/vectorize.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

using Pairs = std::vector<PadPair>;

std::int64_t signed_size(const Pairs& p) { return static_cast<std::int64_t>(p.size()); }

// One pair for each axis of x.
Pairs per_axis(const char* what, const Pairs& given, const Array& x, std::int64_t least) {
  if (signed_size(given) != 1 && signed_size(given) != x.ndim())
    throw ValueError(text("pad: ", what, " must be one pair for all axes or one for each, got ", given.size(),
                          " for shape ", x.shape(), "; write {before, after} or {{before, after}, ...}"));
  for (const auto& p : given)
    if (p.before < least || p.after < least)
      throw ValueError(text("pad: ", what, " must be at least ", least, ", got (", p.before, ", ", p.after,
                            "); crop by indexing with ranges"));
  return given.size() == 1 ? Pairs(x.shape().size(), given[0]) : given;
}

// One value for each end of each axis, of x's dtype: (rank, 2).
Array ends(const char* what, const Array& given, const Array& x) {
  const auto value = given.is_empty_handle() ? literal(x, 0) : convert_strong(given, x.dtype());
  const Shape shape{x.ndim(), 2};
  const auto& from = value.shape();
  const auto fits = [&](std::size_t back, std::int64_t n) {
    return from.size() <= back || from[from.size() - 1 - back] == 1 || from[from.size() - 1 - back] == n;
  };
  if (from.size() > 2 || !fits(0, 2) || !fits(1, x.ndim()))
    throw ValueError(text("pad: ", what,
                          " must be a scalar, (before, after), or one such pair per axis, got shape ", from,
                          " for shape ", x.shape(), "; their shape must broadcast to (rank, 2)"));
  return broadcast_to(value, shape);
}
Array end(const Array& ends, std::int64_t axis, std::int64_t side) {
  return reshape(lax::slice(ends, {axis, side}, {axis + 1, side + 1}), {});
}

Array joined(const Array& before, const Array& x, const Array& after, std::int64_t axis) {
  Arrays parts;
  for (const auto* part : {&before, &x, &after})
    if (part->shape(axis) != 0) parts.push_back(convert(*part, x.dtype()));
  return parts.empty() ? x : parts.size() == 1 ? parts[0] : lax::concatenate(parts, axis);
}

Array pad_ends(const Array& x, const Pairs& widths, std::int64_t axis, const Array& before,
               const Array& after) {
  auto y = x;
  const auto width = widths[static_cast<std::size_t>(axis)];
  std::vector<lax::Padding> config(x.shape().size());
  auto& here = config[static_cast<std::size_t>(axis)];
  here = {width.before, 0, 0};
  if (width.before > 0) y = lax::pad(y, before, config);
  here = {0, width.after, 0};
  return width.after > 0 ? lax::pad(y, after, config) : y;
}

Array pad_constant(const Array& x, const Pairs& widths, const Array& given) {
  if (given.is_empty_handle() || given.size() == 1) {
    const auto value =
        given.is_empty_handle() ? literal(x, 0) : reshape(convert_strong(given, x.dtype()), {});
    std::vector<lax::Padding> config;
    for (const auto& w : widths) config.push_back({w.before, w.after, 0});
    return lax::pad(x, value, config);
  }
  const auto values = ends("constant_values", given, x);
  auto y = x;
  for (std::int64_t axis = 0; axis < x.ndim(); ++axis)
    y = pad_ends(y, widths, axis, end(values, axis, 0), end(values, axis, 1));
  return y;
}

void require_elements(std::string_view mode, const Array& x, std::int64_t axis) {
  if (x.shape(axis) == 0)
    throw ValueError(text("pad: mode \"", mode,
                          "\" needs an element along each axis that it pads, got shape ", x.shape(),
                          "; use mode \"constant\" or \"empty\""));
}

Array first(const Array& x, std::int64_t axis) { return slice_axis(x, axis, 0, 1); }
Array last(const Array& x, std::int64_t axis) {
  return slice_axis(x, axis, x.shape(axis) - 1, x.shape(axis));
}

Array pad_edge(const Array& x, PadPair w, std::int64_t axis) {
  return joined(repeat(first(x, axis), w.before, axis), x, repeat(last(x, axis), w.after, axis), axis);
}

// Mirrored pieces of at most the axis' own length, until the width is reached; later ones mirror earlier
// ones.
Array mirror_side(Array x, std::int64_t width, std::int64_t axis, std::int64_t n, bool reflect, bool odd,
                  bool before) {
  const std::int64_t offset = reflect && n > 1 ? 1 : 0;
  auto edge = before ? first(x, axis) : last(x, axis);
  while (width > 0) {
    const auto piece = std::min(width, n - offset), size = x.shape(axis);
    width -= piece;
    const auto start = before ? offset : size - offset - piece;
    auto mirrored = flip(slice_axis(x, axis, start, start + piece), axis);
    if (odd) {
      mirrored = 2 * edge - mirrored;
      if (n > offset) edge = before ? first(mirrored, axis) : last(mirrored, axis);
    }
    x = before ? lax::concatenate(Arrays{mirrored, x}, axis) : lax::concatenate(Arrays{x, mirrored}, axis);
  }
  return x;
}

Array pad_wrap(const Array& x, PadPair w, std::int64_t axis) {
  const auto n = x.shape(axis);
  Arrays parts;
  if (const auto rest = w.before % n; rest > 0) parts.push_back(slice_axis(x, axis, n - rest, n));
  for (auto i = w.before / n + w.after / n + 1; i > 0; --i) parts.push_back(x);
  if (const auto rest = w.after % n; rest > 0) parts.push_back(slice_axis(x, axis, 0, rest));
  return parts.size() == 1 ? x : lax::concatenate(parts, axis);
}

// From the end values, exclusive of the edge, which is where the ramps lead to.
Array pad_ramp(const Array& x, PadPair w, std::int64_t axis, const Array& values, std::int64_t of_axis) {
  const auto ramp = [&](std::int64_t side, const Array& edge, std::int64_t num) {
    return linspace(end(values, of_axis, side), remove_axes(edge, {axis}), num,
                    LinspaceOptions{.endpoint = false, .dtype = x.dtype(), .axis = axis});
  };
  return joined(ramp(0, first(x, axis), w.before), x, flip(ramp(1, last(x, axis), w.after), axis), axis);
}

using Statistic = Array (*)(const Array&, std::int64_t);

Array statistic_of(const Array& x, Statistic f, std::int64_t axis) {
  const auto s = f(x, axis);
  return is_integer(x.dtype()) && is_floating(s.dtype()) ? convert_strong(rint(s), x.dtype())
                                                         : convert_strong(s, x.dtype());
}

Array pad_statistic(const Array& x, PadPair w, std::int64_t axis, Statistic f,
                    std::optional<PadPair> length) {
  const auto n = x.shape(axis);
  const auto l = length.value_or(PadPair{n, n});
  const auto before = statistic_of(slice_axis(x, axis, 0, std::min(l.before, n)), f, axis);
  const auto after = statistic_of(slice_axis(x, axis, n - std::min(l.after, n), n), f, axis);
  return joined(repeat(before, w.before, axis), x, repeat(after, w.after, axis), axis);
}

Array maximum_of(const Array& x, std::int64_t axis) { return max(x, axis, true); }
Array minimum_of(const Array& x, std::int64_t axis) { return min(x, axis, true); }
Array median_of(const Array& x, std::int64_t axis) { return median(x, axis, true); }
Array mean_of(const Array& x, std::int64_t axis) { return mean(x, axis, true); }

struct StatisticMode {
  std::string_view mode;
  Statistic f;
};
constexpr StatisticMode kStatistics[] = {{"maximum", maximum_of}, {"minimum", minimum_of}, {"mean", mean_of}, {"median", median_of}};

Statistic statistic_named(std::string_view mode) {
  for (const auto& s : kStatistics)
    if (s.mode == mode) return s.f;
  return nullptr;
}

void check_options(std::string_view mode, const PadOptions& o) {
  const auto refuse = [&](bool given, const char* option, bool allowed) {
    if (given && !allowed)
      throw ValueError(text("pad: mode \"", mode, "\" takes no ", option,
                            ", got one; leave it out, or pick the mode that has it"));
  };
  refuse(!o.constant_values.is_empty_handle(), "constant_values", mode == "constant");
  refuse(!o.end_values.is_empty_handle(), "end_values", mode == "linear_ramp");
  refuse(!o.stat_length.empty(), "stat_length", statistic_named(mode) != nullptr);
  refuse(!o.reflect_type.empty(), "reflect_type", mode == "reflect" || mode == "symmetric");
  if (!o.reflect_type.empty() && o.reflect_type != "even" && o.reflect_type != "odd")
    throw ValueError(text("pad: reflect_type must be \"even\" or \"odd\", got \"", o.reflect_type,
                          "\"; \"even\" is the default"));
}

constexpr std::string_view kOtherModes[] = {"constant", "empty",     "edge", "linear_ramp",
                                            "reflect",  "symmetric", "wrap"};

Array pad_axis(const Array& x, PadPair w, std::int64_t axis, std::string_view mode, const PadOptions& o,
               const Pairs& lengths, const Array& end_values) {
  if (mode == "edge") return pad_edge(x, w, axis);
  if (mode == "wrap") return pad_wrap(x, w, axis);
  if (mode == "linear_ramp") return pad_ramp(x, w, axis, end_values, axis);
  if (const auto f = statistic_named(mode)) {
    const auto length = lengths.empty() ? std::optional<PadPair>() : lengths[static_cast<std::size_t>(axis)];
    return pad_statistic(x, w, axis, f, length);
  }
  const bool reflect = mode == "reflect", odd = o.reflect_type == "odd";
  const auto n = x.shape(axis);
  return mirror_side(mirror_side(x, w.before, axis, n, reflect, odd, true), w.after, axis, n, reflect, odd,
                     false);
}

void check_size(const Array& x, const Pairs& widths) {
  Shape shape = x.shape();
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (__builtin_add_overflow(shape[i], widths[i].before, &shape[i]) ||
        __builtin_add_overflow(shape[i], widths[i].after, &shape[i]))
      shape[i] = INT64_MAX;
  checked_element_count("pad", shape);
}

}  // namespace

Array pad(const Array& x, const PadWidth& pad_width, std::string_view mode, const PadOptions& options) {
  const bool known = statistic_named(mode) != nullptr ||
                     std::find(std::begin(kOtherModes), std::end(kOtherModes), mode) != std::end(kOtherModes);
  if (!known)
    throw ValueError(
        text("pad: the mode must be constant, edge, linear_ramp, maximum, mean, median, minimum, reflect, "
             "symmetric, wrap or empty, got \"",
             mode, "\"; other fillings are functions"));
  check_options(mode, options);
  const auto widths = per_axis("the widths", pad_width.pairs(), x, 0);
  check_size(x, widths);
  if (mode == "constant" || mode == "empty") return pad_constant(x, widths, options.constant_values);
  const auto lengths =
      options.stat_length.empty() ? Pairs() : per_axis("stat_length", options.stat_length, x, 1);
  const auto end_values = mode == "linear_ramp" ? ends("end_values", options.end_values, x) : Array();
  auto y = x;
  for (std::int64_t axis = 0; axis < x.ndim(); ++axis) {
    const auto w = widths[static_cast<std::size_t>(axis)];
    if (w.before == 0 && w.after == 0) continue;
    require_elements(mode, y, axis);
    y = pad_axis(y, w, axis, mode, options, lengths, end_values);
  }
  return y;
}

Array pad(const Array& x, const PadWidth& pad_width, const PadFunction& fill) {
  const auto widths = per_axis("the widths", pad_width.pairs(), x, 0);
  check_size(x, widths);
  auto y = pad_constant(x, widths, {});
  for (std::int64_t axis = 0; axis < x.ndim(); ++axis)
    y = apply_along_axis(
        [&](const Array& v) { return fill(v, widths[static_cast<std::size_t>(axis)], axis); }, axis, y);
  return y;
}

}  // namespace fluxion
