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

/// Windows of one element along several neighbouring axes are those along one axis: the axes seen as one.
struct OneAxis {
  ValueId x, indices;
  Windows windows;
};

/// Positions along the axes that the index vectors are of, as one number; -1 if it is none and they are not clamped.
ValueId joined_index(ir::Builder& b, ValueId indices, const Windows& w, bool clamp) {
  const auto& map = w.dims.start_index_map;
  auto shape = w.indices;
  shape[shape.size() - 1] = 1;
  std::optional<ValueId> sum, inside;
  for (std::size_t k = 0; k < map.size(); ++k) {
    Dims start(shape.size(), 0);
    start[start.size() - 1] = static_cast<std::int64_t>(k);
    const auto n = w.operand[unsign(map[k])];
    auto i = b.slice(indices, std::move(start), Dims(shape.size(), 1), shape);
    if (clamp) {
      i = clamped(b, i, n - 1);
    } else {
      const auto fits = b.map(Op::and_, {b.map(Op::ge, {i, number(b, 0)}), b.map(Op::lt, {i, number(b, n)})});
      inside = inside ? b.map(Op::and_, {*inside, fits}) : fits;
    }
    sum = sum ? b.map(Op::add, {b.map(Op::mul, {*sum, number(b, n)}), i}) : i;
  }
  return inside ? b.map(Op::select, {*inside, number(b, -1), *sum}) : *sum;
}

std::optional<OneAxis> along_one_axis(ir::Builder& b, ValueId x, ValueId indices, const Windows& w, bool clamp) {
  const auto& map = w.dims.start_index_map;
  const auto count = rank(map);
  if (count < 2 || w.dims.collapsed_slice_dims != map || map != iota_dims(map[0], map[0] + count)) return {};
  const auto first = unsign(map[0]), last = unsign(map[0] + count);  // the axes are [first, last)
  const auto merged = [&](const Shape& s) {
    const auto whole = element_count(part(s, first, last));
    return joined(joined(part(s, 0, first), {whole}), part(s, last, s.size()));
  };
  Windows one{merged(w.operand), w.indices, w.other, merged(w.slice_sizes), w.dims};
  one.indices[one.indices.size() - 1] = 1;
  one.dims.collapsed_slice_dims = one.dims.start_index_map = {map[0]};
  for (auto& axis : one.dims.operand_batching_dims)
    if (axis > map[0]) axis -= count - 1;
  if (!row_move(one)) return {};
  const auto at = joined_index(b, as_int64(b, indices), w, clamp);
  return OneAxis{b.reshape(x, one.operand), at, std::move(one)};
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
  const auto rows = fill == nullptr ? b.take_rows(x, at, r.axis)
                                    : b.take_rows(x, at, b.constant(fill->dtype, fill->bits.data()), r.axis);
  return b.reshape(rows, w.other);
}

/// Whether the instruction that adds rows knows the dtype.
bool adds_rows(DType t) {
  return t == DType::float64 || t == DType::float32 || t == DType::int64 || t == DType::int32 || t == DType::uint64 ||
         t == DType::uint32 || is_complex(t);
}

ValueId scatter_rows(ir::Builder& b, ValueId x, ValueId indices, ValueId updates, const Windows& w, const RowMove& r,
                     bool clamp, bool add) {
  const auto at = row_indices(b, as_int64(b, indices), w, r);
  auto rows = part(w.operand, 0, r.axis);
  rows.push_back(b.type(at).shape.back());
  return b.put_rows(x, at, b.reshape(updates, joined(rows, part(w.operand, r.axis + 1, w.operand.size()))),
                    {r.axis, add, false, clamp});
}

}  // namespace

ValueId lower_gather(ir::Builder& b, ValueId x, ValueId indices, const Windows& w, GatherScatterMode mode,
                     const FillValue& given) {
  const auto t = b.type(x).dtype;
  if (element_count(w.other) == 0) return zeros(b, t, w.other);
  const bool fills = mode == GatherScatterMode::fill_or_drop;
  const auto fill = given.given ? given : default_fill(t);
  if (const auto rows = row_move(w)) return gather_rows(b, x, indices, w, *rows, fills ? &fill : nullptr);
  if (const auto one = along_one_axis(b, x, indices, w, !fills))
    return gather_rows(b, one->x, one->indices, one->windows, *row_move(one->windows), fills ? &fill : nullptr);
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
  if (combine == Combine::set || (combine == Combine::add && adds_rows(t))) {
    const bool add = combine == Combine::add;
    if (const auto rows = row_move(w)) return scatter_rows(b, x, indices, updates, w, *rows, clamp, add);
    if (const auto one = along_one_axis(b, x, indices, w, clamp)) {
      const auto rows = *row_move(one->windows);
      return b.reshape(scatter_rows(b, one->x, one->indices, updates, one->windows, rows, clamp, add), w.operand);
    }
  }
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

ir::Values as_int64s(ir::Builder& b, std::span<const ValueId> starts) {
  ir::Values all;
  for (const auto s : starts) all.push_back(as_int64(b, s));
  return all;
}

}  // namespace

ValueId lower_dynamic_slice(ir::Builder& b, ValueId x, std::span<const ValueId> starts, const Dims& sizes) {
  const auto [t, shape] = b.type(x);
  if (shape == sizes) return x;
  if (element_count(sizes) == 0) return zeros(b, t, sizes);
  if (const auto row = one_row(b, shape, starts, sizes))
    return b.reshape(b.take_rows(b.reshape(x, row->table), row->index, row->first), sizes);
  return b.take_window(x, as_int64s(b, starts), sizes);
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
  return b.put_window(x, update, as_int64s(b, starts));
}

}  // namespace fluxion::lax
