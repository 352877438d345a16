// How windows are moved. Most gathers and scatters move whole rows: elements along one axis, each with all that lies
// behind it. Those are instructions; the rest is a call.
#include <algorithm>
#include <limits>
#include <optional>

#include "lax/window_moves.hpp"

namespace fluxion::lax {

namespace {

using ir::Op;
using ir::ValueId;

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
std::int64_t rank(const Shape& s) { return static_cast<std::int64_t>(s.size()); }

Shape part(const Shape& s, std::size_t first, std::size_t last) { return Shape(s.data() + first, last - first); }
Shape joined(Shape a, const Shape& b) {
  for (auto n : b) a.push_back(n);
  return a;
}

ValueId number(ir::Builder& b, std::int64_t v) { return b.constant(DType::int64, &v); }

/// Any integer as int64. What only uint64 holds is beyond every axis, and stays so.
ValueId as_int64(ir::Builder& b, ValueId i) {
  const auto t = b.type(i).dtype;
  if (t == DType::int64) return i;
  if (t == DType::uint64) {
    const std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    i = b.map(Op::min, {i, b.constant(t, &most)});
  }
  return b.convert(i, DType::int64);
}
ValueId clamped(ir::Builder& b, ValueId i, std::int64_t last) {
  return b.map(Op::max, {b.map(Op::min, {i, number(b, last)}), number(b, 0)});
}

ValueId zeros(ir::Builder& b, DType t, const Shape& shape) {
  alignas(16) const std::byte bits[16] = {};
  const auto zero = b.constant(t, bits);
  return shape.empty() ? zero : b.broadcast(zero, shape, {});
}

/// Windows that are rows along `axis`. In front of it are `lanes` axes that operand and indices share, then axes that
/// are taken whole.
struct RowMove {
  std::size_t axis, lanes;
};

std::optional<RowMove> row_move(const Windows& w) {
  const auto& d = w.dims;
  if (d.start_index_map.size() != 1 || d.collapsed_slice_dims != d.start_index_map) return {};
  const auto axis = d.start_index_map[0];
  const auto lanes = rank(d.operand_batching_dims);
  if (lanes > axis || d.operand_batching_dims != iota_dims(0, lanes) ||
      d.start_indices_batching_dims != iota_dims(0, lanes))
    return {};
  const auto moved = rank(w.indices) - 1 - lanes;  // axes of the result in the place of `axis`
  Dims offset = iota_dims(lanes, axis);
  for (auto a = axis + 1; a < rank(w.operand); ++a) offset.push_back(a - 1 + moved);
  if (d.offset_dims != offset) return {};
  for (std::int64_t a = lanes; a < rank(w.operand); ++a)
    if (a != axis && w.slice_sizes[unsign(a)] != w.operand[unsign(a)]) return {};
  return RowMove{unsign(axis), unsign(lanes)};
}

/// The indices of a row move as the instructions want them: (all axes before the row's, positions).
ValueId row_indices(ir::Builder& b, ValueId indices, const Windows& w, const RowMove& r) {
  const auto lanes = part(w.indices, 0, r.lanes), before = part(w.operand, 0, r.axis);
  const auto n = element_count(part(w.indices, r.lanes, w.indices.size() - 1));
  const auto flat = b.reshape(indices, joined(lanes, {n}));
  if (r.axis == r.lanes) return flat;
  auto dims = iota_dims(0, static_cast<std::int64_t>(r.lanes));
  dims.push_back(static_cast<std::int64_t>(r.axis));
  return b.broadcast(flat, joined(before, {n}), dims);
}

ValueId gather_rows(ir::Builder& b, ValueId x, ValueId indices, const Windows& w, const RowMove& r,
                    const FillValue* fill) {
  const auto at = row_indices(b, as_int64(b, indices), w, r);
  auto rows = b.take_rows(x, at, r.axis);
  if (fill != nullptr) {
    const auto inside =
        b.map(Op::and_, {b.map(Op::ge, {at, number(b, 0)}), b.map(Op::lt, {at, number(b, w.operand[r.axis])})});
    const auto shape = b.type(rows).shape;
    const auto mask = b.broadcast(inside, shape, iota_dims(0, rank(b.type(inside).shape)));
    rows = b.map(Op::select, {mask, b.constant(fill->dtype, fill->bits.data()), rows});
  }
  return b.reshape(rows, w.other);
}

/// Whether the instruction that adds rows knows the dtype.
bool adds_rows(DType t) {
  return t == DType::float64 || t == DType::float32 || t == DType::int64 || t == DType::int32 || t == DType::uint64 ||
         t == DType::uint32;
}

ValueId scatter_rows(ir::Builder& b, ValueId x, ValueId indices, ValueId updates, const Windows& w, const RowMove& r,
                     bool clamp, bool add) {
  auto at = row_indices(b, as_int64(b, indices), w, r);
  if (clamp) at = clamped(b, at, w.operand[r.axis] - 1);
  auto rows = part(w.operand, 0, r.axis);
  rows.push_back(b.type(at).shape.back());
  return b.put_rows(x, at, b.reshape(updates, joined(rows, part(w.operand, r.axis + 1, w.operand.size()))),
                    {r.axis, add});
}

}  // namespace

ValueId lower_gather(ir::Builder& b, ValueId x, ValueId indices, const Windows& w, GatherScatterMode mode,
                     const FillValue& given) {
  const auto t = b.type(x).dtype;
  if (element_count(w.other) == 0) return zeros(b, t, w.other);
  const bool fills = mode == GatherScatterMode::fill_or_drop;
  const auto fill = given.given ? given : default_fill(t);
  if (const auto rows = row_move(w)) return gather_rows(b, x, indices, w, *rows, fills ? &fill : nullptr);
  const ValueId in[] = {x, as_int64(b, indices)};
  return b.host_call(in, {{t, w.other}}, gather_function(w, !fills, fill), Effect::none)[0];
}

ValueId lower_scatter(ir::Builder& b, ValueId x, ValueId indices, ValueId updates, const Windows& w,
                      GatherScatterMode mode, Combine combine) {
  const auto t = b.type(x).dtype;
  if (element_count(w.operand) == 0 || element_count(w.other) == 0) return x;
  if (is_half(t) && combine != Combine::set) {  // rounded once, at the end
    const auto wide =
        lower_scatter(b, b.convert(x, DType::float32), indices, b.convert(updates, DType::float32), w, mode, combine);
    return b.convert(wide, t);
  }
  const bool clamp = mode == GatherScatterMode::clip;
  if (combine == Combine::set || (combine == Combine::add && adds_rows(t)))
    if (const auto rows = row_move(w))
      return scatter_rows(b, x, indices, updates, w, *rows, clamp, combine == Combine::add);
  const ValueId in[] = {x, updates, as_int64(b, indices)};
  return b.host_call(in, {{t, w.operand}}, scatter_function(w, clamp, combine), Effect::none)[0];
}

namespace {

/// The axes along which a window is smaller than the operand: only there a start can be other than 0.
Dims sliced_axes(const Shape& x, const Dims& sizes) {
  Dims axes;
  for (std::size_t a = 0; a < x.size(); ++a)
    if (sizes[a] < x[a]) axes.push_back(static_cast<std::int64_t>(a));
  return axes;
}

/// A window that is one row once the axes `first` to `last` are seen as one.
struct OneRow {
  std::size_t first, last;
  ValueId index;  // (axes before `first`, 1)
  Shape table, row;
};

std::optional<OneRow> one_row(ir::Builder& b, const Shape& x, std::span<const ValueId> starts, const Dims& sizes) {
  const auto axes = sliced_axes(x, sizes);
  const auto first = unsign(axes.front()), last = unsign(axes.back());
  for (auto a = first; a <= last; ++a)
    if (sizes[a] != 1) return {};
  ValueId index = number(b, 0);
  std::int64_t n = 1;
  for (auto a = first; a <= last; ++a) {
    n *= x[a];
    if (x[a] == 1) continue;
    const auto i = clamped(b, as_int64(b, starts[a]), x[a] - 1);
    index = a == first ? i : b.map(Op::add, {b.map(Op::mul, {index, number(b, x[a])}), i});
  }
  const auto before = part(x, 0, first), behind = part(x, last + 1, x.size());
  return OneRow{first, last, b.broadcast(index, joined(before, {1}), {}), joined(joined(before, {n}), behind),
                joined(joined(before, {1}), behind)};
}

/// The window as that of a gather with an index vector of the sliced axes' starts.
Windows one_window(const Shape& x, const Dims& sizes) {
  const auto axes = sliced_axes(x, sizes);
  return {x, {rank(axes)}, sizes, sizes, {iota_dims(0, rank(x)), {}, axes, {}, {}}};
}
void append_starts(ir::Builder& b, ir::Values& in, std::span<const ValueId> starts, const Windows& w) {
  for (auto a : w.dims.start_index_map) in.push_back(as_int64(b, starts[unsign(a)]));
}

}  // namespace

ValueId lower_dynamic_slice(ir::Builder& b, ValueId x, std::span<const ValueId> starts, const Dims& sizes) {
  const auto [t, shape] = b.type(x);
  if (shape == sizes) return x;
  if (element_count(sizes) == 0) return zeros(b, t, sizes);
  if (const auto row = one_row(b, shape, starts, sizes))
    return b.reshape(b.take_rows(b.reshape(x, row->table), row->index, row->first), sizes);
  const auto w = one_window(shape, sizes);
  ir::Values in{x};
  append_starts(b, in, starts, w);
  return b.host_call(in, {{t, sizes}}, gather_function(w, true, {}), Effect::none)[0];
}

ValueId lower_dynamic_update_slice(ir::Builder& b, ValueId x, ValueId update, std::span<const ValueId> starts) {
  const auto [t, shape] = b.type(x);
  const auto sizes = b.type(update).shape;
  if (shape == sizes) return update;
  if (element_count(sizes) == 0) return x;
  if (const auto row = one_row(b, shape, starts, sizes)) {
    const auto put = b.put_rows(b.reshape(x, row->table), row->index, b.reshape(update, row->row), {row->first, false});
    return b.reshape(put, shape);
  }
  const auto w = one_window(shape, sizes);
  ir::Values in{x, update};
  append_starts(b, in, starts, w);
  return b.host_call(in, {{t, shape}}, scatter_function(w, true, Combine::set), Effect::none)[0];
}

}  // namespace fluxion::lax
