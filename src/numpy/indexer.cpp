// Subscripts with arrays of integers or bools in them: NumPy's advanced indexing, as a gather or scatter.
#include <algorithm>
#include <limits>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "lax/dynamic_slicing.hpp"
#include "lax/promote.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

using Kind = Index::Kind;
using lax::GatherScatterMode;

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

Array array_of(const Index& i) {
  detail::retain(i.elements.get());
  return Array(i.elements.get());
}

/// One entry of a subscript with the axes that it is for.
struct Entry {
  Kind kind;
  std::int64_t at;
  Range slice;
  Array array;
  std::size_t axis, takes;

  bool is_mask() const { return kind == Kind::array && array.dtype() == DType::bool_; }
  /// Counts as an array by NumPy's rules where there are arrays at all.
  bool is_advanced() const { return kind == Kind::array || kind == Kind::integer; }
};

void check_array(const char* op, const Array& x, std::size_t position) {
  require_value(op, x);
  if (x.dtype() != DType::bool_ && !is_integer(x.dtype()))
    throw TypeError(
        text(op, ": an indexer must have integer or boolean type, got ", x.aval(), " at position ", position,
             is_floating(x.dtype()) ? "; convert it with astype(fx::int64)" : "; index with integers or a mask"));
}

void check_mask(const char* op, const Array& mask, std::size_t axis, const Shape& shape) {
  for (std::size_t d = 0; d < mask.shape().size(); ++d)
    if (mask.shape()[d] != shape[axis + d])
      throw IndexError(text(op, ": a mask must have the sizes of the axes that it selects from, got ", mask.aval(),
                            " at axis ", axis, " of shape ", shape, "; compare the array itself, as in x > 0"));
}

/// Which axes each entry is for.
std::vector<Entry> assigned(const char* op, std::span<const Index> indices, const Shape& shape) {
  std::vector<Entry> entries;
  std::size_t named = 0, ellipses = 0;
  for (const auto& i : indices) {
    Entry e{i.kind, i.at, i.slice, {}, 0, i.kind == Kind::newaxis || i.kind == Kind::ellipsis ? std::size_t{0} : 1};
    if (i.kind == Kind::array) {
      e.array = array_of(i);
      check_array(op, e.array, entries.size());
      if (e.is_mask()) e.takes = e.array.shape().size();
    }
    named += e.takes;
    ellipses += i.kind == Kind::ellipsis;
    entries.push_back(std::move(e));
  }
  if (named > shape.size())
    throw IndexError(text(op, ": at most one index per axis is required, got ", named, " for shape ", shape,
                          "; add axes with newaxis"));
  if (ellipses > 1)
    throw IndexError(text(op, ": at most one ellipsis is required, got ", ellipses, "; write range() for single axes"));
  std::size_t axis = 0;
  for (auto& e : entries) {
    if (e.kind == Kind::ellipsis) e.takes = shape.size() - named;
    e.axis = axis;
    axis += e.takes;
    if (e.is_mask()) check_mask(op, e.array, e.axis, shape);
  }
  return entries;
}

/// The value of a known integer scalar; the greatest int64 for what does not fit.
std::optional<std::int64_t> known_integer(const Array& x) {
  if (!x.shape().empty() || !is_integer(x.dtype())) return {};
  const auto* c = concrete_primal(x);
  if (c == nullptr) return {};
  if (c->aval.dtype == DType::uint64) {
    std::uint64_t v;
    __builtin_memcpy(&v, c->data, sizeof v);
    return static_cast<std::int64_t>(std::min<std::uint64_t>(v, std::numeric_limits<std::int64_t>::max()));
  }
  return x.item<std::int64_t>();
}

[[noreturn]] void throw_out_of_range(const char* op, const Entry& e, const Shape& shape) {
  const auto n = shape[e.axis];
  throw IndexError(text(op, ": axis ", e.axis, " has size ", n, ", got index ", e.at, " for shape ", shape,
                        "; indices are in [", -n, ", ", n, ")"));
}

/// Known integer scalars that are inside become static integers; static integers that are outside become arrays, on
/// which the mode works, unless the mode promises that there are none.
void settle_integers(const char* op, std::vector<Entry>& entries, const Shape& shape, const IndexOptions& o) {
  for (auto& e : entries) {
    const bool is_static = e.kind == Kind::integer;
    if (!is_static && e.kind != Kind::array) continue;
    const auto v = is_static ? std::optional(e.at) : known_integer(e.array);
    if (!v) continue;
    const auto n = shape[e.axis];
    e.at = *v;
    if (*v < n && *v >= (o.wrap_negative_indices ? -n : 0)) {
      e.kind = Kind::integer;
      if (*v < 0) e.at += n;
    } else if (o.mode == IndexMode::raise || (is_static && o.mode == IndexMode::promise_in_bounds)) {
      throw_out_of_range(op, e, shape);
    } else {
      e.kind = Kind::array;
      e.array = number(*v);
    }
  }
}

GatherScatterMode mode_of(const char* op, IndexMode m, bool arrays) {
  switch (m) {
    case IndexMode::clip: return GatherScatterMode::clip;
    case IndexMode::fill_or_drop: return GatherScatterMode::fill_or_drop;
    case IndexMode::raise:
      if (arrays)
        throw ValueError(
            text(op, ": mode raise needs indices that are known, got arrays; use clip, wrap or fill_or_drop"));
      [[fallthrough]];
    case IndexMode::wrap:
    case IndexMode::promise_in_bounds: break;
  }
  return GatherScatterMode::promise_in_bounds;
}

/// Builds the indexer entry by entry.
class Resolver {
 public:
  Resolver(const char* op, const Array& x, const IndexOptions& o, bool writing)
      : op_(op), shape_(x.shape()), o_(o), writing_(writing) {
    ix_.mode = mode_of(op, o.mode, true);
  }

  Indexer resolve(const std::vector<Entry>& entries) {
    std::size_t axis = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& e = entries[i];
      if (e.is_advanced()) note_position(i);
      switch (e.kind) {
        case Kind::newaxis: axes_.push_back({true, 1}); break;
        case Kind::ellipsis: take_whole(axis, e.takes); break;
        case Kind::range: take(range_part(op_, e.slice, shape_[axis]), shape_[axis]); break;
        case Kind::integer: index(number(e.at), shape_[axis]); break;
        case Kind::array: e.is_mask() ? mask(e) : index(in_range(e.array, shape_[axis]), shape_[axis]); break;
      }
      axis += e.takes;
    }
    take_whole(axis, shape_.size() - axis);
    return finish();
  }

 private:
  struct ResultAxis {
    bool is_new;
    std::int64_t size;
  };

  void note_position(std::size_t i) {
    if (ix_.axes.empty() && !group_seen_)
      group_axis_ = axes_.size();
    else if (i != last_advanced_ + 1)
      separated_ = true;
    group_seen_ = true;
    last_advanced_ = i;
  }
  void take(const AxisPart& p, std::int64_t extent) {
    append(p, extent);
    axes_.push_back({false, p.count});
  }
  void take_whole(std::size_t axis, std::size_t n) {
    for (; n-- > 0; ++axis) take({0, 1, shape_[axis], false}, shape_[axis]);
  }
  void append(const AxisPart& p, std::int64_t extent) {
    ix_.ranges.origin.push_back(static_cast<std::int64_t>(ix_.merged.size()));
    ix_.merged.push_back(extent);
    ix_.ranges.parts.push_back(p);
    ix_.ranges.kept.push_back(p.count);
  }
  void index(Array positions, std::int64_t extent) {
    ix_.axes.push_back(static_cast<std::int64_t>(ix_.merged.size()));
    append({0, 1, extent, false}, extent);
    ix_.indices.push_back(std::move(positions));
  }
  Array in_range(const Array& indices, std::int64_t extent) const {
    const auto at = as_positions(indices);
    if (o_.mode == IndexMode::wrap && extent > 0) {
      const auto n = number(extent);
      return lax::rem(lax::add(lax::rem(at, n), n), n);
    }
    return o_.wrap_negative_indices && is_signed_integer(indices.dtype()) ? wrapped_once(at, extent) : at;
  }
  // The axes under a mask become one, of size 1 if there are none.
  void mask(const Entry& e) {
    std::int64_t extent = 1;
    for (std::size_t d = 0; d < e.takes; ++d) extent *= shape_[e.axis + d];
    if (writing_ && e.takes == 0 && concrete_primal(e.array) == nullptr) {  // to one place, or to none
      index(lax::reshape(lax::select_n(e.array, number(1), number(0)), {1}), extent);
      ix_.mode = GatherScatterMode::fill_or_drop;
      return;
    }
    const auto positions = true_elements(op_, e.array);
    mask_count_ = static_cast<std::int64_t>(positions.size());
    index(array(positions), extent);
  }

  Indexer finish() {
    std::vector<Shape> shapes;
    for (const auto& i : ix_.indices) shapes.push_back(i.shape());
    ix_.group = broadcast_shapes(op_, shapes);
    ix_.unique = ix_.group.empty() || mask_count_ == element_count(ix_.group);
    if (separated_) group_axis_ = 0;
    ix_.group_at = 0;
    for (std::size_t i = 0; i <= axes_.size(); ++i) {
      if (i == group_axis_) {
        ix_.group_at = ix_.raw.size();
        for (auto n : ix_.group) {
          ix_.raw.push_back(n);
          ix_.shape.push_back(n);
        }
      }
      if (i == axes_.size()) break;
      ix_.shape.push_back(axes_[i].size);
      if (!axes_[i].is_new) ix_.raw.push_back(axes_[i].size);
    }
    ix_.ranges.shape = ix_.ranges.kept;
    return std::move(ix_);
  }

  const char* op_;
  const Shape& shape_;
  const IndexOptions& o_;
  bool writing_, group_seen_ = false, separated_ = false;
  std::size_t last_advanced_ = 0, group_axis_ = 0;
  std::int64_t mask_count_ = -1;
  std::vector<ResultAxis> axes_;  // without those of the group, which belong before number group_axis_
  Indexer ix_{};
};

/// Index vectors along a new last axis.
Array index_vectors(const Indexer& ix) {
  auto column = ix.group;
  column.push_back(1);
  Arrays columns;
  for (const auto& i : ix.indices) columns.push_back(lax::reshape(broadcast_to_shape("index", i, ix.group), column));
  return columns.size() == 1 ? columns[0] : lax::concatenate(columns, static_cast<std::int64_t>(ix.group.size()));
}

lax::GatherDimensionNumbers dimension_numbers(const Indexer& ix) {
  Dims offset;
  for (std::size_t d = 0; d < ix.raw.size(); ++d)
    if (d < ix.group_at || d >= ix.group_at + ix.group.size()) offset.push_back(static_cast<std::int64_t>(d));
  return {offset, ix.axes, ix.axes};
}

bool indexes_empty_axis(const Indexer& ix) {
  return std::any_of(ix.axes.begin(), ix.axes.end(), [&](auto a) { return ix.merged[unsign(a)] == 0; });
}
[[noreturn]] void throw_empty_axis(const char* op, const Shape& shape) {
  throw IndexError(text(op, ": an axis of size 0 has nothing to index, got shape ", shape,
                        " and indices that are not empty; check its size first"));
}

Array reshaped(const Array& x, const Shape& shape) { return x.shape() == shape ? x : lax::reshape(x, shape); }

Array zero_like_elements(const Array& x) {
  return is_key(x.dtype()) ? lax::random_wrap(lax::full({2}, scalar<std::uint32_t>(0))) : literal(x, 0);
}

Array gathered(const char* op, const Array& x, const Indexer& ix, const IndexOptions& o) {
  if (element_count(ix.shape) == 0) return lax::full(ix.shape, zero_like_elements(x));
  const bool fills = ix.mode == GatherScatterMode::fill_or_drop;
  if (indexes_empty_axis(ix)) {
    if (!fills) throw_empty_axis(op, x.shape());
    const auto one = lax::full({1}, zero_like_elements(x));  // its fill value is read beyond it
    return lax::full(ix.shape,
                     lax::gather(one, lax::full({1}, number(1)), {{}, {0}, {0}}, {1}, {.fill_value = o.fill_value}));
  }
  const auto y = taken(reshaped(x, ix.merged), ix.ranges);
  auto sizes = y.shape();
  for (auto a : ix.axes) sizes[unsign(a)] = 1;
  if (ix.group.empty() && !fills) {
    Arrays starts(sizes.size(), number(0));
    for (std::size_t k = 0; k < ix.indices.size(); ++k) starts[unsign(ix.axes[k])] = ix.indices[k];
    return reshaped(lax::dynamic_slice_at(y, std::move(starts), sizes), ix.shape);
  }
  const auto raw = lax::gather(y, index_vectors(ix), dimension_numbers(ix), sizes,
                               {o.unique_indices || ix.unique, o.indices_are_sorted, ix.mode, o.fill_value});
  return reshaped(raw, ix.shape);
}

}  // namespace

std::vector<std::int64_t> true_elements(const char* op, const Array& mask) {
  const auto* c = concrete_primal(mask);
  if (c == nullptr)
    throw NonConcreteBooleanIndexError(
        text(op, ": a concrete mask is required, for it decides the shape, got ", describe(mask),
             "; select with fx::where(mask, x, y), or fix the number of elements with fx::where(mask, {.size = n})"));
  std::vector<std::int64_t> positions;
  std::int64_t at = 0;
  for_each_element(*c, [&](const std::byte* p) {
    if (*p != std::byte{0}) positions.push_back(at);
    ++at;
  });
  return positions;
}

Array as_positions(const Array& indices) {
  if (indices.dtype() == DType::int64) return indices;
  if (indices.dtype() == DType::uint64) {
    const auto most = scalar<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return lax::convert_element_type(lax::min(indices, most), DType::int64);
  }
  return convert_strong(indices, DType::int64);
}

Array wrapped_once(const Array& at, std::int64_t extent) {
  if (const auto* c = concrete(at)) {
    bool negative = false;
    for_each_element(*c, [&](const std::byte* p) { negative |= (p[7] & std::byte{0x80}) != std::byte{0}; });
    if (!negative) return at;
  }
  return lax::select_n(lax::lt(at, number(0)), at, lax::add(at, number(extent)));
}

Place resolve_place(const char* op, const Array& x, std::span<const Index> indices, const IndexOptions& o,
                    bool writing) {
  require_value(op, x);
  auto entries = assigned(op, indices, x.shape());
  settle_integers(op, entries, x.shape(), o);
  const bool arrays = std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return e.kind == Kind::array; });
  if (arrays) return {{}, Resolver(op, x, o, writing).resolve(entries)};
  std::vector<Index> plain;
  for (const auto& e : entries) {
    plain.push_back(e.at);
    plain.back().kind = e.kind;
    plain.back().slice = e.slice;
  }
  return {resolve(plain, x.shape(), op), {}};
}

Array taken(const char* op, const Array& x, const Place& place, const IndexOptions& o) {
  return place.arrays ? gathered(op, x, *place.arrays, o) : taken(x, place.ranges);
}

// What ranges select is read, changed by the arrays, and put back.
Array scattered(const char* op, Scatter scatter, const Array& x, const Indexer& ix, const Array& v,
                const IndexOptions& o) {
  if (element_count(ix.shape) == 0) return x;
  if (indexes_empty_axis(ix)) {
    if (ix.mode == GatherScatterMode::clip) throw_empty_axis(op, x.shape());
    return x;
  }
  const auto y = reshaped(x, ix.merged);
  const bool everything = ix.ranges.is_everything(ix.merged);
  const auto d = dimension_numbers(ix);
  const auto changed = scatter(everything ? y : taken(y, ix.ranges), index_vectors(ix), reshaped(v, ix.raw),
                               {d.offset_dims, d.collapsed_slice_dims, d.start_index_map},
                               {o.indices_are_sorted, o.unique_indices || ix.unique, ix.mode});
  return reshaped(everything ? changed : replaced(y, ix.ranges, changed), x.shape());
}

}  // namespace fluxion
