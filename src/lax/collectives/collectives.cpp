// The collectives as users call them: names looked up, options checked, and what is known at once done at once.
#include <fluxion/collectives.hpp>

#include <set>

#include "core/trace.hpp"
#include "lax/collectives/rules.hpp"

namespace fluxion {

namespace {

using lax::OneAxis;

/// The product of the sizes. Throws unless the names are in scope and distinct.
std::int64_t checked_size(const char* op, const AxisNames& names) {
  std::int64_t n = 1;
  std::set<std::string_view> seen;
  for (const auto& name : names.list()) {
    n *= axis_in_scope(op, name).size;
    if (!seen.insert(name).second)
      throw ValueError(text(op, ": axis names must be distinct, got ", show(names), "; name each axis once"));
  }
  return n;
}

OneAxis one_axis(const char* op, const AxisNames& names) {
  if (names.list().size() != 1)
    throw UnsupportedError(text(op, ": one axis name is required, got ", show(names), "; call it once per axis"));
  return {names, checked_size(op, names)};
}

Arrays each(const Arrays& xs, const auto& f) {
  Arrays out;
  for (const auto& x : xs) out.push_back(f(x));
  return out;
}

void require_values(const char* op, const Arrays& xs) {
  for (const auto& x : xs) require_value(op, x);
}

/// An axis given from the front or the end. Throws ValueError unless it is one of `rank`.
std::int64_t checked_axis(const char* op, const char* what, std::int64_t axis, std::int64_t rank, const Array& x) {
  if (axis < -rank || axis >= rank)
    throw ValueError(text(op, ": ", what, " must be in [", -rank, ", ", rank, "), got ", axis, " for ", x.aval(),
                          "; negative ones count from the end"));
  return axis < 0 ? axis + rank : axis;
}

Array as_number(const Array& x) {
  return x.dtype() == DType::bool_ ? lax::convert_element_type(x, DType::int32) : x;
}

bool any_tracer(const Arrays& xs) {
  for (const auto& x : xs)
    if (tracer(x) != nullptr) return true;
  return false;
}

}  // namespace

namespace detail {

Arrays psum_flat(const Arrays& xs, const AxisNames& names) {
  const auto n = checked_size("psum", names);
  require_values("psum", xs);
  const auto numbers = each(xs, as_number);
  for (const auto& x : numbers) lax::check_number("psum", x.aval(), false);
  if (names.list().empty() || xs.empty()) return numbers;
  // What is known counts as often as the axis has elements: psum(1, "i") is a number even under jit.
  if (!any_tracer(numbers))
    return each(numbers, [&](const Array& x) {
      const SetTrace set(x.ndim() == 0 ? nullptr : current_trace());
      return lax::times(x, n);
    });
  return lax::bind_psum(numbers, names);
}

Arrays pmean_flat(const Arrays& xs, const AxisNames& names) {
  const auto n = checked_size("pmean", names);
  return each(psum_flat(xs, names), [&](const Array& sum) { return sum / Array(n); });
}

Arrays pmax_flat(const Arrays& xs, const AxisNames& names) {
  checked_size("pmax", names);
  return names.list().empty() ? xs : each(xs, [&](const Array& x) { return lax::bind_pmax(x, names); });
}

Arrays pmin_flat(const Arrays& xs, const AxisNames& names) {
  checked_size("pmin", names);
  return names.list().empty() ? xs : each(xs, [&](const Array& x) { return lax::bind_pmin(x, names); });
}

// Over several axes: over one after the other, the last innermost, and the gathered axes made one.
Arrays all_gather_flat(const Arrays& xs, const AxisNames& names, const AllGatherOptions& options) {
  checked_size("all_gather", names);
  require_values("all_gather", xs);
  return each(xs, [&](const Array& x) {
    const auto at = checked_axis("all_gather", "axis", options.axis, x.ndim() + (options.tiled ? 0 : 1), x);
    Array out = x;
    bool tiled = options.tiled;
    for (auto name = names.list().rbegin(); name != names.list().rend(); ++name) {
      out = lax::bind_all_gather(out, one_axis("all_gather", *name), at, tiled);
      tiled = true;
    }
    return out;
  });
}

Arrays ppermute_flat(const Arrays& xs, const AxisNames& names, const Permutation& perm) {
  const auto axis = one_axis("ppermute", names);
  require_values("ppermute", xs);
  std::set<std::int64_t> sources, destinations;
  for (const auto& [from, to] : perm) {
    const bool inside = from >= 0 && from < axis.size && to >= 0 && to < axis.size;
    if (!inside || !sources.insert(from).second || !destinations.insert(to).second)
      throw ValueError(text("ppermute: sources and destinations must be distinct and in [0, ", axis.size, "), got (", from, ", ",
                            to, ") ", inside ? "besides another pair with one of them" : "out of range",
                            "; each position sends to and receives from at most one"));
  }
  return each(xs, [&](const Array& x) {
    if (static_cast<std::int64_t>(perm.size()) != axis.size && (is_key(x.dtype()) || x.dtype() == DType::float0))
      throw TypeError(text("ppermute: a dtype with a zero is required where some positions receive nothing, got ", x.aval(),
                           "; let every position receive"));
    return lax::bind_ppermute(x, names, perm);
  });
}

Arrays psum_scatter_flat(const Arrays& xs, const AxisNames& names, const PsumScatterOptions& options) {
  const auto axis = one_axis("psum_scatter", names);
  require_values("psum_scatter", xs);
  return each(xs, [&](const Array& given) {
    const auto x = as_number(given);
    const auto at = checked_axis("psum_scatter", "scatter_dimension", options.scatter_dimension, x.ndim(), x);
    const auto extent = x.shape(at);
    if (options.tiled ? axis.size == 0 || extent % axis.size != 0 : extent != axis.size)
      throw ValueError(text("psum_scatter: scatter_dimension must have ", options.tiled ? "a multiple of " : "",
                            "the size of the axis, ", axis.size, options.tiled ? "" : " (or a multiple of it with {.tiled = true})",
                            ", got ", extent, " for ", x.aval(), "; reshape or pad it"));
    return lax::bind_reduce_scatter(x, axis, at, options.tiled);
  });
}

// The primitive exchanges blocks. Elements are blocks of one: an axis of extent 1 is put where they are joined, and
// what is left of the split axis is taken away.
Arrays all_to_all_flat(const Arrays& xs, const AxisNames& names, std::int64_t split_axis, std::int64_t concat_axis,
                       const AllToAllOptions& options) {
  const auto axis = one_axis("all_to_all", names);
  require_values("all_to_all", xs);
  return each(xs, [&](const Array& x) {
    auto split = checked_axis("all_to_all", "split_axis", split_axis, x.ndim(), x);
    auto concat = checked_axis("all_to_all", "concat_axis", concat_axis, x.ndim(), x);
    const auto extent = x.shape(split);
    if (options.tiled ? axis.size == 0 || extent % axis.size != 0 : extent != axis.size)
      throw ValueError(text("all_to_all: split_axis must have ", options.tiled ? "a multiple of " : "", "the size of the axis, ",
                            axis.size, options.tiled ? "" : " (or a multiple of it with {.tiled = true})", ", got ", extent,
                            " for ", x.aval(), "; reshape or pad it"));
    if (options.tiled || split == concat) return lax::bind_all_to_all(x, axis, split, concat);
    if (split < concat) ++concat;  // counted without the split axis
    else ++split;
    auto shape = x.shape();
    shape.insert(static_cast<std::size_t>(concat), 1);
    const auto joined = lax::bind_all_to_all(lax::reshape(x, shape), axis, split, concat);
    auto squeezed = joined.shape();
    squeezed.erase(static_cast<std::size_t>(split));
    return lax::reshape(joined, squeezed);
  });
}

}  // namespace detail

Array axis_index(const AxisNames& names) {
  checked_size("axis_index", names);
  Array index;
  for (const auto& name : names.list()) {
    const auto position = lax::bind_axis_index(name);
    index = index.is_empty_handle() ? position : lax::add(lax::times(index, axis_in_scope("axis_index", name).size), position);
  }
  if (index.is_empty_handle()) throw ValueError("axis_index: at least one axis name is required, got (); name an axis");
  return index;
}

std::int64_t axis_size(const AxisNames& names) { return checked_size("axis_size", names); }

}  // namespace fluxion
