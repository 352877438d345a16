// take and put, along axes and flattened; compress and extract.
#include <fluxion/indexing.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

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

using lax::GatherScatterMode;

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

void check_integers(const char* op, const Array& indices) {
  require_value(op, indices);
  if (!is_integer(indices.dtype()))
    throw TypeError(text(op, ": indices must be integers, got ", indices.aval(),
                         "; convert them with astype(fx::int64), or use compress for a mask"));
}

struct Positions {
  Array at;
  GatherScatterMode mode;
};
/// Indices along an axis as int64, and how what is outside of it is treated. NumPy's mode clip of take and put clips
/// negative ones, too; elsewhere they count from the end before.
Positions positions(const char* op, const Array& indices, std::int64_t extent, IndexMode mode, bool clips_negative) {
  check_integers(op, indices);
  const auto at = as_positions(indices);
  const auto wrapped = [&] { return is_signed_integer(indices.dtype()) ? wrapped_once(at, extent) : at; };
  switch (mode) {
    case IndexMode::clip: return {clips_negative ? at : wrapped(), GatherScatterMode::clip};
    case IndexMode::fill_or_drop: return {wrapped(), GatherScatterMode::fill_or_drop};
    case IndexMode::promise_in_bounds: return {wrapped(), GatherScatterMode::promise_in_bounds};
    case IndexMode::wrap:
      return {extent == 0 ? at : remainder(at, number(extent)), GatherScatterMode::promise_in_bounds};
    case IndexMode::raise: break;
  }
  throw ValueError(text(op,
                        ": mode must be fill_or_drop, clip, wrap or promise_in_bounds, got raise; an array cannot "
                        "raise where it is traced"));
}

Array nothing(const char* op, const Array& x, const Shape& shape) {
  if (element_count(shape) != 0)
    throw IndexError(text(op, ": an axis of size 0 has nothing to take, got shape ", x.shape(),
                          " and indices that are not empty; check its size first"));
  return lax::full(shape,
                   is_key(x.dtype()) ? lax::random_wrap(lax::full({2}, scalar<std::uint32_t>(0))) : literal(x, 0));
}

Array with_index_axis(const Array& at) {
  auto s = at.shape();
  s.push_back(1);
  return lax::reshape(at, s);
}

/// Two arrays that share all axes but one, broadcast along those.
struct Shared {
  Array x, at;
  lax::GatherDimensionNumbers dims;
  Dims sizes;
  Shared(const char* op, const Array& given, const Array& indices, std::int64_t axis) {
    if (given.ndim() != indices.ndim())
      throw ValueError(text(op, ": indices must have as many axes as the array, got ", indices.aval(), " for ",
                            given.aval(), "; add axes with newaxis"));
    auto a = given.shape(), b = indices.shape();
    const auto d = unsign(axis);
    a[d] = b[d] = 1;
    auto x_shape = broadcast_shapes(op, {a, b}), at_shape = x_shape;
    x_shape[d] = given.shape()[d];
    at_shape[d] = indices.shape()[d];
    x = broadcast_to_shape(op, given, x_shape);
    at = broadcast_to_shape(op, indices, at_shape);
    const auto others = lax::remaining(x.ndim(), {axis});
    dims = {{}, {axis}, {axis}, others, others};
    for (auto n : x_shape) sizes.push_back(std::min<std::int64_t>(n, 1));
  }
};

}  // namespace

Array take(const Array& given, const Array& indices, const Axis& which, const TakeOptions& o) {
  const AlongAxis along("take", given, which);
  const auto& x = along.x;
  const auto p = positions("take", indices, along.extent(), o.mode, true);
  auto shape = x.shape(), sizes = shape;
  shape.erase(unsign(along.axis));
  Dims offset = iota_dims(0, along.axis);
  for (auto d = along.axis + 1; d < x.ndim(); ++d) offset.push_back(d - 1 + p.at.ndim());
  for (std::size_t i = 0; i < p.at.shape().size(); ++i) shape.insert(unsign(along.axis) + i, p.at.shape()[i]);
  if (along.extent() == 0) return nothing("take", x, shape);
  sizes[unsign(along.axis)] = 1;
  return lax::gather(x, with_index_axis(p.at), {offset, {along.axis}, {along.axis}}, sizes,
                     {o.unique_indices, o.indices_are_sorted, p.mode, o.fill_value});
}

Array take_along_axis(const Array& given, const Array& indices, const Axis& which, const TakeOptions& o) {
  const AlongAxis along("take_along_axis", given, which);
  const auto p = positions("take_along_axis", indices, along.extent(), o.mode, false);
  const Shared s("take_along_axis", along.x, p.at, along.axis);
  if (along.extent() == 0) return nothing("take_along_axis", along.x, s.at.shape());
  return lax::gather(s.x, with_index_axis(s.at), s.dims, s.sizes,
                     {o.unique_indices, o.indices_are_sorted, p.mode, o.fill_value});
}

Array put_along_axis(const Array& given, const Array& indices, const Array& values, const Axis& which, IndexMode mode) {
  const AlongAxis along("put_along_axis", given, which);
  const auto p = positions("put_along_axis", indices, along.extent(), mode, false);
  const Shared s("put_along_axis", along.x, p.at, along.axis);
  const auto v = broadcast_to_shape("put_along_axis", convert_strong(values, given.dtype()), s.at.shape());
  if (s.x.shape() != along.x.shape())
    throw ValueError(text("put_along_axis: indices must fit into the array, got ", indices.aval(), " for ",
                          along.x.aval(), "; axes other than ", along.axis, " must have its sizes or 1"));
  if (along.extent() == 0 || s.at.size() == 0) return given;
  const auto& d = s.dims;
  const auto out = lax::scatter(s.x, with_index_axis(s.at), v,
                                {d.offset_dims, d.collapsed_slice_dims, d.start_index_map, d.operand_batching_dims,
                                 d.start_indices_batching_dims},
                                {.mode = p.mode});
  return lax::reshape(out, given.shape());
}

Array put(const Array& x, const Array& indices, const Array& values, IndexMode mode) {
  const AlongAxis flat("put", x, none);
  check_integers("put", indices);
  require_value("put", values);
  if (x.size() == 0 || indices.size() == 0 || values.size() == 0) return x;
  const auto p = positions("put", ravel(indices), flat.extent(), mode, true);
  const auto n = indices.size();
  auto v = ravel(values);
  if (v.size() < n) v = tile(v, {(n + v.size() - 1) / v.size()});
  v = convert_strong(v(range(0, n)), x.dtype());
  return reshape(lax::scatter(flat.x, with_index_axis(p.at), v, {{}, {0}, {0}}, {.mode = p.mode}), x.shape());
}

Array compress(const Array& condition, const Array& given, const Axis& which, const SizeOptions& o) {
  const AlongAxis along("compress", given, which);
  require_value("compress", condition);
  if (condition.ndim() != 1)
    throw ValueError(text("compress: the condition must have one axis, got ", condition.aval(),
                          "; use x[mask] or extract for others"));
  auto mask = condition.dtype() == bool_ ? condition : condition != 0;
  if (condition.size() > along.extent()) {
    const auto extra = mask(range(along.extent(), none));
    if (concrete_primal(extra) != nullptr && !true_elements("compress", extra).empty())
      throw ValueError(text("compress: the condition must be false beyond the axis, got ", condition.aval(),
                            " for axis ", along.axis, " of ", along.x.aval(), "; shorten it"));
    mask = mask(range(0, along.extent()));
  }
  if (!o.size) return take(along.x, array(true_elements("compress", mask)), along.axis);
  if (along.extent() == 0) {
    auto shape = along.x.shape();
    shape[unsign(along.axis)] = *o.size;
    return full(shape, convert_strong(o.fill_value, given.dtype()));
  }
  const auto at = lax::true_positions(mask, *o.size);
  // Beyond the mask there is nothing either, even if the axis goes on.
  const auto missing = number(mask.size());
  const auto outside = where(at == missing, number(along.extent()), at);
  return take(along.x, outside, along.axis, {.fill_value = o.fill_value});
}

Array extract(const Array& condition, const Array& x, const SizeOptions& o) {
  return compress(ravel(condition), ravel(x), 0, o);
}

Arrays where(const Array& condition, const SizeOptions& o) {
  require_value("where", condition);
  if (condition.ndim() == 0)
    throw ValueError(text("where: positions are of arrays with axes, got ", condition.aval(), "; reshape it to {1}"));
  const auto mask = ravel(condition.dtype() == bool_ ? condition : condition != 0);
  const auto n = mask.size();
  const auto at = o.size ? lax::true_positions(mask, *o.size) : array(true_elements("where", mask));
  Arrays out;
  auto stride = n;
  for (auto extent : condition.shape()) {
    if (n == 0) {
      out.push_back(full(at.shape(), convert_strong(o.fill_value, int64)));
      continue;
    }
    stride /= extent;
    const auto coordinate = lax::rem(stride == 1 ? at : lax::div(at, number(stride)), number(extent));
    out.push_back(o.size ? where(at < n, coordinate, convert_strong(o.fill_value, int64)) : coordinate);
  }
  return out;
}

}  // namespace fluxion
